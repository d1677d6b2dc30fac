"""Technical clients at the door: registering software of an enterprise, its keys and its end."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import PREFIX, At, Cbe, Email, EndInput, PhaseAsked, Shown, Validity, told
from iam.domain.client_metadata import ApplicationType, GrantType
from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from iam.services.client_metadata_wire import written_metadata
from iam.services.client_orders import LONGEST_LABEL, NewClient
from iam.services.client_views import ClientView, ClientViews
from iam.services.expiring_keys import expiries
from iam.web.markers import requires
from iam.web.models import Identifier, Input, Instant, Line
from iam.web.paging import Page
from iam.web.routes import Answer, Api

_CLIENTS = "/enterprises/<enterprise>/clients"
_Text = Annotated[str, Field(max_length=8192, pattern=r"^[ -~]*$")]
_Address = Annotated[str, Field(max_length=512, pattern=r"^[!-~]+$")]
_Member = _Text | Annotated[tuple[_Text, ...], Field(max_length=8)]
Jwk = Annotated[dict[Annotated[str, Field(max_length=40)], _Member], Field(max_length=20)]
"""A public key (RFC 7517)."""


class JwksInput(Input):
    """The set of a client's public keys (RFC 7517 §5)."""

    keys: Annotated[tuple[Jwk, ...], Field(min_length=1, max_length=20)]

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        values: dict[str, Any] = self.model_dump(mode="json")
        return values


class MetadataInput(Input):
    """What software registers besides its keys, in the words of RFC 7591."""

    grant_types: Annotated[tuple[GrantType, ...], Field(min_length=1, max_length=5)] | None = None
    token_endpoint_auth_method: (
        Literal["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "none"] | None
    ) = None
    tls_client_auth_subject_dn: _Text | None = None
    dpop_bound_access_tokens: bool | None = None
    tls_client_certificate_bound_access_tokens: bool | None = None
    application_type: ApplicationType | None = None
    redirect_uris: Annotated[tuple[_Address, ...], Field(max_length=20)] | None = None
    scope: Annotated[str, Field(max_length=2048, pattern=r"^[!-~]+( [!-~]+)*$")] | None = None
    jwks_uri: _Address | None = None
    contacts: Annotated[tuple[Email, ...], Field(max_length=1)] | None = None
    """The one technical contact."""
    client_uri: _Address | None = None
    policy_uri: _Address | None = None
    software_id: Annotated[str, Field(max_length=100, pattern=r"^[ -~]+$")] | None = None
    software_version: Annotated[str, Field(max_length=100, pattern=r"^[ -~]+$")] | None = None

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        values: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return values


class ClientInput(Input):
    """Software that is to be registered."""

    capacity: Capacity
    jwks: Annotated[JwksInput | None, Field(description="Left out where the metadata name jwks_uri.")] = None
    metadata: MetadataInput | None = None
    algorithm: Annotated[Literal["ES256", "PS256", "RS256"], Field(description="Of its client assertions.")]
    label: Annotated[Line, Field(max_length=LONGEST_LABEL)]
    until: Instant | None = None


class KeysInput(Input):
    """The keys that take the place of a client's present ones."""

    jwks: JwksInput


class ExpiryShown(Shown):
    """Something of a client that comes to its end by itself."""

    what: Annotated[str, Field(description="certificate, profile or registration.")]
    name: Annotated[str, Field(description="The kid of the certificate's key, the profile, or the client_id.")]
    at: At


class ClientShown(Validity):
    """A registered client of the enterprise."""

    client_id: str
    enterprise: str
    capacity: Capacity
    kind: ClientKind
    label: str
    algorithm: str
    jwks: dict[str, Any]
    registered_by: Annotated[str, Field(description="The appointment of the channel manager, or server_operator.")]
    metadata: Annotated[dict[str, Any] | None, Field(description="What else was registered, as RFC 7591 names it.")]
    contacts: list[str]
    expires: Annotated[list[ExpiryShown], Field(description="What ends by itself, the earliest first.")]


class ClientQuery(ListingQuery):
    """Filters of the listing."""

    phase: PhaseAsked = PhaseAsked.RUNNING


def clients_api(parts: Collaborators) -> Api:
    """Software of an enterprise."""
    api = Api("Clients", prefix=PREFIX, about="Technical clients: the software of an enterprise.")
    _declare_reading(api, parts, ClientViews(parts.readings, parts.judge))
    _declare_registration(api, parts)
    _declare_changes(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators, views: ClientViews) -> None:
    @api.get(_CLIENTS, summary="List clients", query=ClientQuery, answers={200: Page[ClientShown]})
    @requires(Person("channels"))
    def list_clients(caller: PersonCall, enterprise: Cbe, query: ClientQuery) -> Page[ClientShown]:
        """For channel managers, in the capacity acted in."""
        actor = parts.acting.insider(caller, enterprise)
        found = views.listing(actor, query.phase.phase, query.part(parts.once.revision))
        return listed(Page[ClientShown], found, _shown)

    @api.get(f"{_CLIENTS}/<client>", summary="Read a client", query=MomentQuery, answers={200: ClientShown})
    @requires(Person("channels"))
    def read_client(caller: PersonCall, enterprise: Cbe, client: Identifier, query: MomentQuery) -> ClientShown:
        """For channel managers, in the capacity acted in."""
        return _shown(views.get(parts.acting.insider(caller, enterprise), client, query.moment()))


def _declare_registration(api: Api, parts: Collaborators) -> None:
    @api.post(_CLIENTS, summary="Register a client", body=ClientInput, answers={201: ClientShown}, idempotent=True)
    @requires(Person("channels"))
    def register_client(caller: PersonCall, enterprise: Cbe, body: ClientInput) -> Answer:
        """It can do nothing until it is given a grant, and a portfolio to act for others."""
        actor = parts.acting.insider(caller, enterprise)
        order = NewClient(
            capacity=body.capacity,
            label=body.label,
            jwks=body.jwks.values() if body.jwks else None,
            told=body.metadata.values() if body.metadata else None,
            algorithm=body.algorithm,
            end=body.until,
        )
        client = parts.clients.register(actor, order)
        where = f"{PREFIX}/enterprises/{client.enterprise}/clients/{client.id}"
        return Answer(_now(parts, client), location=where)


def _declare_changes(api: Api, parts: Collaborators) -> None:
    @api.put(
        f"{_CLIENTS}/<client>/keys",
        summary="Replace a client's keys",
        body=KeysInput,
        answers={200: ClientShown},
        idempotent=True,
    )
    @requires(Person("channels"))
    def replace_client_keys(caller: PersonCall, enterprise: Cbe, client: Identifier, body: KeysInput) -> ClientShown:
        """To rotate without a gap, send the old and the new key first, and the new one alone later."""
        actor = parts.acting.insider(caller, enterprise)
        return _now(parts, parts.clients.replace_keys(actor, client, body.jwks.values()))

    @api.post(f"{_CLIENTS}/<client>/end", summary="End a client", body=EndInput, answers={204: None}, idempotent=True)
    @requires(Person("channels"))
    def end_client(caller: PersonCall, enterprise: Cbe, client: Identifier, body: EndInput) -> None:
        """With all that it was given; now, or at an instant ahead."""
        parts.clients.end(parts.acting.insider(caller, enterprise), client, body.at)


def _now(parts: Collaborators, client: Client) -> ClientShown:
    """As it stands within the act under way, which may not be durable yet."""
    with parts.once.writing() as uow:
        return _shown(ClientView.of(uow, client, parts.clock.now()))


def _shown(view: ClientView) -> ClientShown:
    client = view.client
    return ClientShown(
        client_id=client.id,
        enterprise=client.enterprise,
        capacity=client.capacity,
        kind=client.kind,
        label=client.label,
        algorithm=client.algorithm,
        jwks=json.loads(client.jwks),
        registered_by=client.registered_by,
        metadata=written_metadata(client, view.metadata) if view.metadata else None,
        contacts=list(view.contacts),
        expires=[ExpiryShown(what=one.what, name=one.name, at=format_instant(one.at)) for one in expiries(client)],
        since=format_instant(client.valid.start),
        until=told(client.valid.end),
        phase=view.phase,
    )
