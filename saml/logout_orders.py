"""Orders to log somebody out: what an identity provider tells of the end of its sessions is obeyed, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from lxml import etree

from iam.domain.login_providers import LoginProvider
from iam.domain.sessions import Session
from saml.checks import SKEW
from saml.correspondence import Correspondence, Leaving
from saml.filter import documents
from saml.instants import parsed
from saml.logout_messages import REQUEST_LIFE, Envelope, logout_response
from saml.logout_reading import Sent, check_addressed, verified
from saml.name_ids import NameId, SessionThere
from saml.names import saml, samlp
from saml.provider_settings import BINDINGS, registration
from saml.refusals import SamlRefused

_ORDER = (BINDINGS["redirect"], BINDINGS["post"])
"""An answer names nobody, and a redirect needs no button."""


class Obey(Protocol):
    """`iam.services.provider_logout.ProviderLogout.obey`."""

    def __call__(
        self,
        provider: str,
        reference: str,
        expires_at: datetime,
        ended: frozenset[str],
        only: Callable[[Session], bool] | None = None,
    ) -> int:
        """End the sessions that a provider names."""
        ...


class LogoutOrders:
    """Requests of identity providers to end sessions (SAML Profiles §4.4.3.3)."""

    def __init__(self, correspondence: Correspondence, obey: Obey, hint: Callable[[Session], str]) -> None:
        """`hint`: what a login kept to be shown at a log-out, opened."""
        self._post = correspondence
        self._obey = obey
        self._hint = hint

    def obey(self, provider: LoginProvider, sent: Sent) -> tuple[int, Leaving]:
        """End the sessions that a provider's request names; how many there were, and the answer to it. The steps:

        1. A key of the metadata that is in force signed the request; the filter let it pass.
        2. It is for us, by that provider, and of now.
        3. It is used up, and what it names ends, in one transaction.

        Raises:
            SamlRefused: as `verified` and `check_addressed`, `expired`, `metadata_incomplete`, or about the metadata;
                Conflict (`logout_replayed`).
        """
        settings, now = registration(provider), self._post.now()
        peer, ourselves = self._post.peer(settings).in_force(now), self._post.ourselves(provider, settings)
        request, relay_state = verified(sent, "SAMLRequest", documents.logout_request, peer)  # (1)
        check_addressed(request, peer, ourselves.log_out, now - REQUEST_LIFE, now)  # (2)
        until = request.get("NotOnOrAfter")
        if until is not None and now >= parsed(until):
            raise SamlRefused("expired")
        binding = next((each for each in _ORDER if each in peer.log_out), None)
        if binding is None:
            raise SamlRefused("metadata_incomplete", "it ends no sessions")
        ended = self._end(provider, request, now)  # (3)
        destination, asked = peer.log_out[binding].answers, request.get("ID") or ""
        envelope = Envelope(id=self._post.new_id(), at=now, issuer=ourselves.entity, destination=destination)
        answer, leaving = logout_response(envelope, asked), (destination, relay_state)
        return ended, self._post.sent(answer, settings, field="SAMLResponse", binding=binding, leaving=leaving)

    def _end(self, provider: LoginProvider, request: etree._Element, now: datetime) -> int:
        name = request.find(saml("NameID"))
        if name is None:
            raise SamlRefused("element_missing")
        indexes = {each.text or "" for each in request.findall(samlp("SessionIndex"))}

        def meant(session: Session) -> bool:
            """All sessions of that name where none is told apart, and those that have no index."""
            return not indexes or self._index(session) in indexes | {""}

        until, key = now + REQUEST_LIFE + 2 * SKEW, NameId.read(name).key
        return self._obey(provider.id, request.get("ID") or "", until, frozenset({key}), only=meant)

    def _index(self, session: Session) -> str:
        try:
            return SessionThere.parse(self._hint(session)).index
        except ValueError:
            return ""
