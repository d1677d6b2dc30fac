"""A request for authorization under way in a browser, and what its endpoint works with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import abort
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance
from iam.domain.authorization_grants import AuthorizationRequest, consented_to
from iam.domain.sessions import Session
from iam.ports import Clock, Library, ProviderBook
from iam.services.authorization_grants import AuthorizationGrants
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.contexts import Contexts
from iam.services.fingerprints import fingerprint
from iam.services.subjects import Subjects
from iam.web.browser_hall import BrowserHall
from oidc.provider.authorization_answering import Answering, Registered, answering
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused, NobodyToTell
from oidc.provider.authorization_parameters import AuthorizationParameters, read_parameters
from oidc.provider.authorization_response import Responses
from oidc.provider.registrations import Registrations

AUTHORIZE_PATH: Final = "/connect/authorize"
DECISION_PATH: Final = "/connect/decision"
REQUEST_URI: Final = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationParts:
    """What the endpoint works with."""

    hall: BrowserHall
    registrations: Registrations
    requests: AuthorizationRequests
    grants: AuthorizationGrants
    contexts: Contexts
    subjects: Subjects
    responses: Responses
    providers: ProviderBook
    library: Library
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A request under way in this browser."""

    secret: str
    request: AuthorizationRequest
    registered: Registered
    answering: Answering
    parameters: AuthorizationParameters

    def address(self, level: Assurance = Assurance.LOW) -> str:
        """Where the person decides on it, when they must be known at a level."""
        return decision_address(self.registered.client.id, self.secret, level)

    def fits(self, session: Session) -> bool:
        """Whether the person acts for the mandator that the client names, if it names one."""
        asked = self.parameters.mandator
        return asked is None or (session.mandator, session.capacity) == asked

    @property
    def assured(self) -> bool:
        """Whether the answer reaches nobody but the client: it proves who it is, or its address is on the web.

        At an address of the person's own machine any program may listen under a public client's name (RFC 8252 §8.6).
        """
        return not self.registered.metadata.public or self.answering.redirect_uri.startswith("https://")

    @property
    def asked_for(self) -> tuple[str, ...]:
        """What the person is asked to say yes to, as `consented_to` writes it."""
        return consented_to(self.parameters.asked.scopes, self.parameters.asked.claims)

    def shown_to(self, session: Session) -> str:
        """A fingerprint of what the page shows: an answer to anything else is no answer (OAuth consent, RFC 9700)."""
        acting = session.acting
        told = (acting.enterprise or "", acting.capacity or "", acting.mandator or "", session.person)
        return fingerprint(self.request.id, self.registered.client.label, *self.asked_for, *told)


def decision_address(client_id: str, secret: str, level: Assurance = Assurance.LOW) -> str:
    """The address of the decision on a request; one for each level, so that the choice of keys knows what is asked."""
    path = DECISION_PATH if level is Assurance.LOW else f"{DECISION_PATH}/{level.label}"
    return f"{path}?{urlencode({'client_id': client_id, 'request': secret})}"


def registered_client(parts: AuthorizationParts, client_id: str) -> Registered:
    """The client that asks. NobodyToTell (`unknown_client`) for one to which people do not log in."""
    found = parts.registrations.find(client_id)
    if found is None or found.metadata is None or not found.metadata.signs_in:
        detail = "There is no such client, or people do not log in to it."
        raise NobodyToTell(AuthorizationFault.INVALID_REQUEST, "unknown_client", detail)
    return Registered(client=found.client, metadata=found.metadata)


def standing_of(parts: AuthorizationParts, client_id: str, secret: str) -> Standing:
    """The request behind the secret of a browser, judged again by the client's registration and the law as they are.

    NobodyToTell (`request_ended`); what is no longer good is answered at once.
    """
    registered = registered_client(parts, client_id)
    found = parts.requests.present(client_id, secret)
    if found is None:
        raise ended()
    kept = json.loads(found.parameters)
    where = answering(kept, registered)
    try:
        read = read_parameters(
            kept,
            registered,
            issuer=parts.responses.issuer,
            law=parts.library.current(),
            pushed=True,
            key_thumbprint=found.key_thumbprint,
        )
    except AuthorizationRefused as refusal:
        abort(_answered(parts, found, where, refusal))
    return Standing(secret=secret, request=found, registered=registered, answering=where, parameters=read)


def refuse(parts: AuthorizationParts, standing: Standing, refusal: AuthorizationRefused) -> Response:
    """Answer a request under way with a refusal; it is answered once. NobodyToTell (`request_ended`)."""
    return _answered(parts, standing.request, standing.answering, refusal)


def ended() -> NobodyToTell:
    """What is told of a request that is not there, whatever became of it."""
    detail = "The request has ended, was answered before, or is another client's: begin again at the service."
    return NobodyToTell(AuthorizationFault.INVALID_REQUEST_URI, "request_ended", detail)


def _answered(
    parts: AuthorizationParts, request: AuthorizationRequest, where: Answering, refusal: AuthorizationRefused
) -> Response:
    if not parts.requests.drop(request):
        raise ended()
    return parts.responses.refused(where, refusal)
