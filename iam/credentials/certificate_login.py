"""Certificate login: what a client certificate that nginx passed on proves, carried back to where the login began."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Request

from iam.credentials.card_outcomes import STATUS_UNREACHABLE
from iam.credentials.card_settings import CardSettings, CertificateSettings
from iam.credentials.cards import Cards
from iam.credentials.certificate_handover import LIFE, Handover, Shown
from iam.credentials.flaws import CardRefused, StatusNotKnown
from iam.credentials.proxied_certificate import shown_certificate
from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider
from iam.domain.logins import ProvenLogin
from iam.ports import Randomness
from iam.services.fingerprints import fingerprint

PATH: Final = "/sign-in/certificate"


class CertificateLogin:
    """Leads a browser to the host that asks for its certificate, and back."""

    def __init__(
        self,
        cards: Cards,
        settings: CardSettings[CertificateSettings],
        handover: Handover,
        randomness: Randomness,
        origin: str,
    ) -> None:
        """`origin` is the portal's, to which the browser returns."""
        self._cards = cards
        self.settings = settings
        self._handover = handover
        self._randomness = randomness
        self._origin = origin

    def leave(self, provider: LoginProvider) -> tuple[str, str]:
        """The state of a login that begins, and the address at which the browser shows its certificate."""
        state = self._randomness.secret()
        address = self.settings.of(provider).address
        return state, f"{address}{PATH}/{provider.id}/show?{urlencode({'state': state})}"

    def shown(self, provider: LoginProvider, request: Request) -> str:
        """Judge what nginx passed on; returns the address at which the browser goes on with a ticket for the outcome.

        Raises:
            NotTheProxy: it is not the configured nginx that speaks.
        """
        settings = self.settings.of(provider)
        state = request.args.get("state", "")
        try:
            certificate = shown_certificate(request, settings)
            outcome = Shown(
                provider=provider.id, state=state, card=self._cards.of_certificate(certificate, settings.trust)
            )
        except CardRefused as refused:
            outcome = Shown(provider=provider.id, state=state, failure=refused.flaw, detail=refused.detail)
        except StatusNotKnown as unknown:
            outcome = Shown(provider=provider.id, state=state, failure=STATUS_UNREACHABLE, detail=unknown.detail)
        ticket = self._handover.leave(outcome)
        return f"{self._origin}{PATH}/{provider.id}/finish?{urlencode({'ticket': ticket})}"

    def fetched(self, provider: LoginProvider, ticket: str) -> Shown | None:
        """What was shown, for its ticket; once. None for any other ticket, and for one of another provider."""
        shown = self._handover.fetch(ticket) if ticket else None
        return shown if shown is not None and shown.provider == provider.id else None

    def proven(self, provider: LoginProvider, shown: Shown) -> ProvenLogin | None:
        """The login that was proven, or None where nobody was."""
        card = shown.card
        if card is None:
            return None
        citizen = card.policy in self.settings.of(provider).citizen_policies
        return ProvenLogin(
            provider=provider.id,
            key=LoginKey.EID if citizen else LoginKey.CERTIFICATE,
            assurance=min(card.assurance, provider.highest),
            authenticated_at=card.at,
            reference=fingerprint(shown.state),
            expires_at=card.at + 2 * LIFE,
            niss=card.niss,
        )
