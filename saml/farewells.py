"""Farewells: who logs out here is led to the identity provider, to log out there, too, and back again."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.ports import Seal
from saml.checks import SKEW
from saml.correspondence import Correspondence, Leaving
from saml.filter import documents
from saml.logout_messages import Envelope, logout_request
from saml.logout_reading import Sent, check_addressed, verified
from saml.name_ids import SessionThere
from saml.names import samlp
from saml.provider_settings import BINDINGS, registration
from saml.refusals import SamlRefused
from saml.status import SUCCESS

PURPOSE: Final = "saml_farewell"
LIFE: Final = timedelta(minutes=5)
"""How long after a log-out here the browser may be led to the provider."""
_LONGEST: Final = 4_096
"""Characters of an address; a name there that is longer is not shown there."""
_ORDER: Final = (BINDINGS["post"], BINDINGS["redirect"])
"""A form keeps the person's name there out of addresses."""


class SamlFarewells:
    """The way out by SAML identity providers that end sessions (SAML Profiles §4.4.3.1)."""

    def __init__(self, correspondence: Correspondence, seal: Seal) -> None:
        self._post = correspondence
        self._seal = seal

    def way(self, provider: LoginProvider, hint: str) -> str | None:
        """Our page that leads to the provider, to log out there, too; None where it does not end sessions.

        `hint` is what the login kept to be shown there; it stands in the address sealed.
        """
        try:
            SessionThere.parse(hint)
            offered = provider.kind is ProviderKind.SAML and self._post.peer(registration(provider)).log_out
        except (SamlRefused, ValueError):
            return None
        if not offered:
            return None
        kept = self._seal.seal(PURPOSE, f"{provider.id}\n{self._post.now().isoformat()}\n{hint}".encode())
        told = urlsafe_b64encode(kept).decode().rstrip("=")
        return f"{self._post.address(provider, 'farewell')}?told={told}" if len(told) <= _LONGEST else None

    def leave(self, provider: LoginProvider, told: str) -> Leaving:
        """The request that the browser carries to the provider; `told` is what `way` put into its address.

        Raises:
            SamlRefused: `farewell_unreadable`, `farewell_too_old`, `metadata_incomplete`, or about the metadata.
        """
        session = self._kept(provider, told)
        settings, now = registration(provider), self._post.now()
        peer = self._post.peer(settings).in_force(now)
        binding = next((each for each in _ORDER if each in peer.log_out), None)
        if binding is None:
            raise SamlRefused("metadata_incomplete", "it ends no sessions")
        destination, identifier = peer.log_out[binding].requests, self._post.new_id()
        issuer = self._post.ourselves(provider, settings).entity
        request = logout_request(Envelope(id=identifier, at=now, issuer=issuer, destination=destination), session)
        leaving = (destination, self._post.new_state())
        sent = self._post.sent(request, settings, field="SAMLRequest", binding=binding, leaving=leaving)
        return replace(sent, details={"logout": identifier, "at": now.isoformat()})

    def answered(self, provider: LoginProvider, sent: Sent) -> tuple[etree._Element, str]:
        """The answer to a request of ours, when a key of the provider signed it, with its relay state.

        Raises:
            SamlRefused: as `verified`, or about the metadata.
        """
        peer = self._post.peer(registration(provider)).in_force(self._post.now())
        return verified(sent, "SAMLResponse", documents.logout_response, peer)

    def conclude(self, provider: LoginProvider, answer: etree._Element, details: Mapping[str, str]) -> None:
        """Judge an answer that `answered` verified, to the request that this browser carried there.

        Raises:
            SamlRefused: as `check_addressed`, `in_response_to`, `not_ended_there`.
        """
        settings, now = registration(provider), self._post.now()
        here = self._post.ourselves(provider, settings).logged_out
        asked_at = datetime.fromisoformat(details["at"])
        check_addressed(answer, self._post.peer(settings), here, asked_at - SKEW, now)
        if answer.get("InResponseTo") != details["logout"]:
            raise SamlRefused("in_response_to")
        code = answer.find(f"{samlp('Status')}/{samlp('StatusCode')}")
        if code is None or code.get("Value") != SUCCESS or len(code):
            raise SamlRefused("not_ended_there")

    def _kept(self, provider: LoginProvider, told: str) -> SessionThere:
        try:
            sealed = urlsafe_b64decode(told + "=" * (-len(told) % 4))
            whose, at, hint = self._seal.unseal(PURPOSE, sealed).decode().split("\n", 2)
            session = SessionThere.parse(hint)
        except Exception:  # whatever a seal raises for what it did not make
            raise SamlRefused("farewell_unreadable") from None
        if whose != provider.id:
            raise SamlRefused("farewell_unreadable")
        if self._post.now() >= datetime.fromisoformat(at) + LIFE:
            raise SamlRefused("farewell_too_old")
        return session
