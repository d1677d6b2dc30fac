"""Web eID: the challenge for a card, and the login that its answer proves."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.credentials.card_settings import CardSettings, WebEidSettings
from iam.credentials.cards import Cards
from iam.credentials.flaws import CardRefused, Flaw
from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider
from iam.domain.logins import ProvenLogin
from iam.ports import Clock, Randomness
from iam.services.fingerprints import fingerprint

CHALLENGE_LIFE: Final = timedelta(minutes=5)
_SEVERAL_MINUTES: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a card is asked to sign, once."""

    text: str
    """Base64 of 32 random octets."""
    details: Mapping[str, str]
    """What the door must find again with it."""


class WebEid:
    """Challenges cards and judges their answers."""

    def __init__(
        self, cards: Cards, settings: CardSettings[WebEidSettings], clock: Clock, randomness: Randomness, origin: str
    ) -> None:
        """`origin` is the portal's, ``https://host[:port]``: only what was signed for it counts."""
        self._cards = cards
        self.settings = settings
        self._clock = clock
        self._randomness = randomness
        self._origin = origin

    def challenge(self) -> Challenge:
        """A new challenge, good for five minutes."""
        drawn = hashlib.sha256(self._randomness.secret().encode()).digest()
        return Challenge(text=base64.b64encode(drawn).decode(), details={"at": self._clock.now().isoformat()})

    def proven(
        self, provider: LoginProvider, challenge: str, details: Mapping[str, str] | None, token: str
    ) -> ProvenLogin:
        """The login that a token proves; `details` are those of the challenge, taken once, or None for no such one.

        Raises:
            CardRefused: the token proves nobody.
            StatusNotKnown: whether the card is revoked cannot be known now.
        """
        at = self._checked(details)
        card = self._cards.of_token(
            token, origin=self._origin, challenge=challenge, trust=self.settings.of(provider).trust
        )
        return ProvenLogin(
            provider=provider.id,
            key=LoginKey.EID,
            assurance=min(card.assurance, provider.highest),
            authenticated_at=card.at,
            reference=fingerprint(challenge),
            expires_at=at + _SEVERAL_MINUTES,
            niss=card.niss,
        )

    def _checked(self, details: Mapping[str, str] | None) -> datetime:
        if details is None:
            raise CardRefused(Flaw.CHALLENGE, "this browser was given no such challenge, or answered it before")
        at = datetime.fromisoformat(details["at"])
        if not timedelta() <= self._clock.now() - at <= CHALLENGE_LIFE:
            raise CardRefused(Flaw.CHALLENGE, "the challenge is too old")
        return at
