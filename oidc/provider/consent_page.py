"""The page on which a person decides: who asks, what they will be able to do, for whom, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import request
from werkzeug.wrappers import Response

from iam.domain.client_metadata import OFFLINE, PERSON_SCOPES
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, InvalidInput
from iam.domain.identifiers import CbeNumber
from iam.domain.sessions import Acting, Session
from iam.services.authorization_grants import OFFLINE_LIFE
from iam.services.mandator_choice import Mandators
from iam.services.token_issue import TokenRefused, earliest, service_of
from iam.web import pages
from iam.web.texts import chosen_language
from oidc.provider.authorization_standing import AuthorizationParts, Standing


def consent_page(parts: AuthorizationParts, standing: Standing, session: Session, *, changed: bool = False) -> Response:
    """The page; `changed` when what it shows is no longer what was said yes to."""
    asked, language = standing.parameters.asked, chosen_language(request)
    refusal, until = _judged(parts, standing, session)
    law = parts.library.current()
    service = service_of(asked.scopes, law)
    actions = [law.catalogue.service_of_scope(one) for one in asked.scopes if one not in PERSON_SCOPES]
    found, unreadable = _mandators(parts, session)
    return pages.show(
        "consent.html",
        409 if changed else 200,
        form_to=[standing.answering.redirect_uri],
        client=standing.registered.client,
        metadata=standing.registered.metadata,
        service=service.labels.get(language, service.code) if service else "",
        actions=[pair[1].labels.get(language, pair[1].name) for pair in actions if pair is not None],
        about=[one for one in asked.scopes if one in PERSON_SCOPES],
        session=session,
        offers=parts.contexts.offered(session.person) if service else [],
        searchable=service is not None and session.capacity in MANDATARY_CAPACITIES,
        found=found,
        unreadable=unreadable,
        written=request.args.get("mandator", ""),
        asked_mandator=_asked_mandator(standing, session),
        until=until,
        offline=OFFLINE in asked.scopes,
        refusal=refusal.code if refusal else "",
        refusal_text=law.texts(refusal.code)[language] if refusal and refusal.judged else "",
        changed=changed,
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


def _mandators(parts: AuthorizationParts, session: Session) -> tuple[Mandators, bool]:
    written = request.args.get("mandator", "")
    if session.capacity not in MANDATARY_CAPACITIES or not written:
        return Mandators(numbers=(), complete=True), False
    try:
        return parts.contexts.mandators(session, written), False
    except InvalidInput:
        return Mandators(numbers=(), complete=True), True


def _asked_mandator(standing: Standing, session: Session) -> Acting | None:
    """For whom the service asks the person to act, where they act for somebody else."""
    asked = standing.parameters.mandator
    if asked is None or (session.mandator, session.capacity) == asked or session.enterprise is None:
        return None
    return Acting(enterprise=session.enterprise, capacity=asked[1], mandator=asked[0])
