"""A request for authorization under way in a browser, and what its endpoint works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from iam.domain.assurance import Assurance
from iam.domain.authorization_grants import AuthorizationRequest
from iam.domain.sessions import Session
from iam.ports import Clock, Library
from iam.services.authorization_grants import AuthorizationGrants
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.contexts import Contexts
from iam.services.fingerprints import fingerprint
from iam.services.subjects import Subjects
from iam.web.browser_hall import BrowserHall
from oidc.provider.authorization_parameters import Answering, AuthorizationParameters, Registered
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

    def shown_to(self, session: Session) -> str:
        """A fingerprint of what the page shows: an answer to anything else is no answer (OAuth consent, RFC 9700)."""
        acting = session.acting
        told = (acting.enterprise or "", acting.capacity or "", acting.mandator or "", session.person)
        return fingerprint(self.request.id, self.registered.client.label, *self.parameters.asked.scopes, *told)


def decision_address(client_id: str, secret: str, level: Assurance = Assurance.LOW) -> str:
    """The address of the decision on a request; one for each level, so that the choice of keys knows what is asked."""
    path = DECISION_PATH if level is Assurance.LOW else f"{DECISION_PATH}/{level.label}"
    return f"{path}?{urlencode({'client_id': client_id, 'request': secret})}"
