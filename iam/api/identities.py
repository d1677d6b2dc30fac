"""Identities of other countries at the door: what officers decide about registrations, and what logins said."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import listed
from iam.api.office import OFFICE, officer
from iam.api.vocabulary import PREFIX, At, Digest, NissText, Shown, told
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, IdentityState, RequestContact
from iam.domain.instants import format_instant
from iam.services.foreign_representations import ForeignRepresentations
from iam.services.identity_decisions import IdentityRefusal, IdentityView, UnlinkGround
from iam.services.readings import Moment, PartAsked
from iam.web.markers import requires
from iam.web.models import Input, Instant
from iam.web.paging import Page, PageQuery
from iam.web.routes import Answer, Api


class PresentQuery(PageQuery):
    """The query of a listing of what is present only; its pages tell of the same instant."""

    as_of: Annotated[Instant | None, Field(description="From `next` of the page before; now.")] = None

    def part(self) -> PartAsked:
        """The part that is asked."""
        return PartAsked(moment=Moment(as_of=self.as_of), after=self.after, limit=self.limit)


class IdentityQuery(PresentQuery):
    """Filters of the listing of registrations."""

    state: IdentityState = IdentityState.PENDING


class WayToReach(Shown):
    """How to reach who waits; erased once it is not needed any more."""

    name: str
    email: str
    phone: str
    language: str


class IdentityShown(Shown):
    """A registration of a foreign identity; numbers of people are never shown."""

    id: str
    provider: str
    issued_in: Annotated[str, Field(description="The country whose key it is (ISO 3166-1 alpha-2).")]
    state: IdentityState
    family_name: str
    given_name: str
    born: Annotated[str, Field(description="YYYY-MM-DD; empty when the source does not say it.")]
    number_stated: Annotated[bool, Field(description="Whether the person stated a Belgian number.")]
    assurance: Annotated[str, Field(description="What a login by it is worth at most; while it waits, was worth.")]
    asked_at: At
    decided_at: At | None
    last_seen_at: At


class RegistrationShown(IdentityShown):
    """A registration with what an officer decides by."""

    contact: WayToReach | None
    alike: Annotated[
        list[str],
        Field(description="Linked registrations of the same country, names and birth date: perhaps the same person."),
    ]


class ConfirmationInput(Input):
    """The number of the person, as the officer has it from documents."""

    niss: NissText
    despite_differences: Annotated[
        bool, Field(description="That it is right though it differs from what was stated, or in the birth date.")
    ] = False


class IdentityRefusalInput(Input):
    """Why a registration is refused."""

    ground: IdentityRefusal


class UnlinkInput(Input):
    """Why the number is removed from a registration."""

    ground: UnlinkGround


class CodeInput(Input):
    """The number that the code will prove."""

    niss: NissText


class CodeShown(Shown):
    """A code, told once; good for one use and two weeks."""

    code: str


class RepresentationShown(Shown):
    """That somebody logged in for a legal person of another country: what was said, and never a right."""

    id: str
    provider: str
    issued_in: str
    identifier: Annotated[str, Field(description="The legal person identifier, country/country/value.")]
    name: str
    assurance: str
    first_said_at: At
    last_said_at: At


class OwnRepresentations(Shown):
    """For whom the person logged in, the latest first."""

    items: list[RepresentationShown]


class RepresentationOfSomebody(RepresentationShown):
    """What somebody said, with who."""

    person: Annotated[str | None, Field(description="The person's subject identifier for the calling client.")]


def identities_api(parts: Collaborators) -> Api:
    """Registrations of foreign identities; one officer is enough, and nobody decides about themselves."""
    api = Api("Identities", prefix=PREFIX, about="Identities of other countries and the numbers they lead to.")
    _declare_listing(api, parts)
    _declare_decisions(api, parts)
    _declare_unlinking(api, parts)
    _declare_representations(api, parts)
    return api


def _declare_listing(api: Api, parts: Collaborators) -> None:
    @api.get(
        "/office/identities",
        summary="List registrations of foreign identities",
        query=IdentityQuery,
        answers={200: Page[RegistrationShown]},
    )
    @requires(Person(OFFICE))
    def list_identities(caller: PersonCall, query: IdentityQuery) -> Page[RegistrationShown]:
        found = parts.identities.listed(officer(parts, caller), query.state, query.part())
        return listed(Page[RegistrationShown], found, _registration)

    @api.post(
        "/office/identity-codes",
        summary="Make a code that proves a number",
        body=CodeInput,
        answers={201: CodeShown},
    )
    @requires(Person(OFFICE))
    def give_identity_code(caller: PersonCall, body: CodeInput) -> Answer:
        """To be handed over to whom the officer identified. It is told once and kept nowhere."""
        return Answer(CodeShown(code=parts.identities.give_code(officer(parts, caller), body.niss)))


def _declare_decisions(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/office/identities/<identity>/confirm",
        summary="Link a registration to a number",
        body=ConfirmationInput,
        answers={200: IdentityShown},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def confirm_identity(caller: PersonCall, identity: Digest, body: ConfirmationInput) -> IdentityShown:
        """The person is recognised by this identity from then on, and told by e-mail."""
        return _identity(
            parts.identities.confirm(
                officer(parts, caller), identity, body.niss, despite_differences=body.despite_differences
            )
        )

    @api.post(
        "/office/identities/<identity>/refuse",
        summary="Refuse a registration",
        body=IdentityRefusalInput,
        answers={200: IdentityShown},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def refuse_identity(caller: PersonCall, identity: Digest, body: IdentityRefusalInput) -> IdentityShown:
        """The person is told by e-mail and may ask again."""
        return _identity(parts.identities.refuse(officer(parts, caller), identity, body.ground))


def _declare_unlinking(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/office/identities/<identity>/unlink",
        summary="Remove the number from a registration",
        body=UnlinkInput,
        answers={200: IdentityShown},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def unlink_identity(caller: PersonCall, identity: Digest, body: UnlinkInput) -> IdentityShown:
        """It leads to nobody any more, and the sessions begun by it end at once."""
        return _identity(parts.identities.unlink(officer(parts, caller), identity, body.ground))


def _declare_representations(api: Api, parts: Collaborators) -> None:
    views = ForeignRepresentations(parts.readings, parts.judge)

    @api.get(
        "/me/foreign-representations",
        summary="Tell for which foreign legal persons one logged in",
        answers={200: OwnRepresentations},
    )
    @requires(Person())
    def read_own_representations(caller: PersonCall) -> OwnRepresentations:
        """What a mandate may be proposed from; by itself it gives no right."""
        return OwnRepresentations(items=[RepresentationShown(**told_as_said(one)) for one in views.own(caller.person)])

    @api.get(
        "/office/foreign-representations",
        summary="List for which foreign legal persons people logged in",
        query=PresentQuery,
        answers={200: Page[RepresentationOfSomebody]},
    )
    @requires(Person(OFFICE))
    def list_representations(caller: PersonCall, query: PresentQuery) -> Page[RepresentationOfSomebody]:
        def show(one: ForeignRepresentation) -> RepresentationOfSomebody:
            return RepresentationOfSomebody(**told_as_said(one), person=parts.sub(caller, one.person))

        return listed(Page[RepresentationOfSomebody], views.all(officer(parts, caller), query.part()), show)


def _registration(view: IdentityView) -> RegistrationShown:
    return RegistrationShown(**_told(view.identity), contact=way_to_reach(view.contact), alike=list(view.alike))


def way_to_reach(contact: RequestContact | None) -> WayToReach | None:
    """How to reach who waits, while that is kept."""
    if contact is None:
        return None
    return WayToReach(name=contact.name, email=contact.email, phone=contact.phone, language=contact.language)


def _identity(identity: ForeignIdentity) -> IdentityShown:
    return IdentityShown(**_told(identity))


def _told(identity: ForeignIdentity) -> dict[str, Any]:
    return {
        "id": identity.id,
        "provider": identity.provider,
        "issued_in": identity.issued_in,
        "state": identity.state,
        "family_name": identity.family_name,
        "given_name": identity.given_name,
        "born": identity.born,
        "number_stated": bool(identity.stated_number),
        "assurance": identity.vouched.label,
        "asked_at": format_instant(identity.asked_at),
        "decided_at": told(identity.decided_at),
        "last_seen_at": format_instant(identity.last_seen_at),
    }


def told_as_said(one: ForeignRepresentation) -> dict[str, str]:
    """The members of an answer that tell what was said."""
    return {
        "id": one.id,
        "provider": one.provider,
        "issued_in": one.issued_in,
        "identifier": one.identifier,
        "name": one.name,
        "assurance": one.assurance.label,
        "first_said_at": format_instant(one.first_said_at),
        "last_said_at": format_instant(one.last_said_at),
    }
