"""The page on which a person decides: who asks, what they will be able to do, for whom, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from iam.domain.authorization_grants import scopes_and_claims
from iam.domain.client_metadata import OFFLINE, PERSON_SCOPES
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, InvalidInput, StepUpRequired
from iam.domain.identifiers import CbeNumber
from iam.domain.sessions import Acting, Session
from iam.services.authorization_grants import OFFLINE_LIFE
from iam.services.contexts import Offer
from iam.services.mandator_choice import Mandators
from iam.services.token_issue import TokenRefused, earliest, service_of
from iam.web import pages
from iam.web.texts import chosen_language
from oidc.provider.authorization_standing import DECISION_PATH, AuthorizationParts, Standing

_LONGEST_TYPED = 40
_NOBODY = Mandators(numbers=(), complete=True)


def consent_page(
    parts: AuthorizationParts, standing: Standing, session: Session, status: int = 200, *, notice: str = ""
) -> Response:
    """The page; `notice` is `changed` when what it shows is no longer what was answered, `not_yours` after a choice of
    somebody for whom the person may not act.
    """
    told = consent_told(parts, standing, session, notice)
    where = [standing.answering.redirect_uri]
    return pages.show("consent.html", status, form_to=where, action=DECISION_PATH, **told)


def consent_told(parts: AuthorizationParts, standing: Standing, session: Session, notice: str) -> dict[str, Any]:
    """What every page tells on which a person decides what a client may do."""
    asked, language = standing.parameters.asked, chosen_language(request)
    law, fits = parts.library.current(), standing.fits(session)
    refusal, until = _judged(parts, standing, session) if fits else (None, None)
    service = service_of(asked.scopes, law)
    actions = [law.catalogue.service_of_scope(one) for one in asked.scopes if one not in PERSON_SCOPES]
    offers = parts.contexts.offered(session.person) if service else []
    searchable = fits and service is not None and session.capacity in MANDATARY_CAPACITIES and not _named(standing)
    typed = request.args.get("mandator", "")[:_LONGEST_TYPED].strip()
    found, readable = _mandators(parts, session, typed) if searchable else (_NOBODY, True)
    return dict(
        client=standing.registered.client,
        metadata=standing.registered.metadata,
        service=service.labels.get(language, service.code) if service else "",
        actions=[pair[1].labels.get(language, pair[1].name) for pair in actions if pair is not None],
        about=[one for one in asked.scopes if one in PERSON_SCOPES and one != OFFLINE],
        named=scopes_and_claims(standing.asked_for)[1],
        session=session,
        asked_mandator=standing.parameters.mandator,
        ways=[] if fits else _ways(parts, standing, session, offers),
        others=[one for one in offers if one.acting != session.acting] if fits and not _named(standing) else [],
        searchable=searchable,
        found=found,
        unreadable=not readable,
        typed=typed,
        until=until,
        offline=OFFLINE in asked.scopes,
        fits=fits,
        refusal=refusal.code if refusal else "",
        refusal_text=law.texts(refusal.code)[language] if refusal and refusal.judged else "",
        notice=notice,
        standing=standing,
        shown=standing.shown_to(session),
    )


def read_acting(form: Mapping[str, str]) -> Acting:
    """For whom the person chose to act. InvalidInput as `CbeNumber.parse`; Forbidden for an unknown capacity."""
    capacity = form.get("capacity", "")
    if capacity and capacity not in list(Capacity):
        raise Forbidden("context_not_yours", "You cannot act for this enterprise in this way.")
    numbers = {name: form.get(name, "") for name in ("enterprise", "mandator")}
    parsed = {name: CbeNumber.parse(text).value if text else None for name, text in numbers.items()}
    return Acting(
        enterprise=parsed["enterprise"], capacity=Capacity(capacity) if capacity else None, mandator=parsed["mandator"]
    )


def _judged(
    parts: AuthorizationParts, standing: Standing, session: Session
) -> tuple[TokenRefused | None, datetime | None]:
    """Why the judge would say no now; else until when what is asked can last at most, None for as long as it stands."""
    try:
        preview = parts.grants.preview(session, standing.parameters.asked)
    except TokenRefused as refusal:
        return refusal, None
    longest = parts.clock.now() + OFFLINE_LIFE if OFFLINE in standing.parameters.asked.scopes else session.expires_at
    return None, earliest([longest, *(one.decision.until for one in preview.scopes)])


def _mandators(parts: AuthorizationParts, session: Session, typed: str) -> tuple[Mandators, bool]:
    """The first mandators whose numbers begin as was typed; whether it could be read is told beside."""
    try:
        return parts.contexts.mandators(session, typed), True
    except InvalidInput:
        return _NOBODY, False


def _named(standing: Standing) -> bool:
    return standing.parameters.mandator is not None


def _ways(parts: AuthorizationParts, standing: Standing, session: Session, offers: list[Offer]) -> list[Acting]:
    """How the person may act for the mandator that the client names: through each provider that appointed them."""
    if standing.parameters.mandator is None:
        return []
    mandator, capacity = standing.parameters.mandator
    through = [one.acting.enterprise for one in offers if one.acting.capacity is capacity]
    found = [Acting(enterprise=one, capacity=capacity, mandator=mandator) for one in through if one != mandator]
    return [one for one in found if _may(parts, session, one)]


def _may(parts: AuthorizationParts, session: Session, acting: Acting) -> bool:
    """Whether the person may act so, perhaps after a stronger login."""
    try:
        parts.contexts.check(session, acting)
    except StepUpRequired:
        return True
    except Forbidden:
        return False
    return True
