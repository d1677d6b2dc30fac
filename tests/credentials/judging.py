"""Judging cards in tests: one line from what was shown to the flaw that was found."""

from __future__ import annotations

import base64
from typing import Any

from iam.credentials.cards import Cards, ProvenCard
from iam.credentials.certificate_trust import Trust, read_trust
from iam.credentials.flaws import CardRefused, Flaw
from iam.credentials.revocation import Revocation
from iam.outside.randomness import SystemRandomness
from tests.credentials.pki import ORIGIN, Card, StatusServer, StoppedClock, a_provider

CHALLENGE = base64.b64encode(bytes(range(32))).decode()


def cards(server: StatusServer, clock: StoppedClock | None = None) -> Cards:
    """A judge of cards that asks this status server."""
    stopped = clock or StoppedClock()
    return Cards(Revocation(server, stopped, SystemRandomness()), stopped)


def trusted(**settings: Any) -> Trust:
    """What the provider of the tests trusts."""
    return read_trust(a_provider(**settings), production=False)


def judged(token: str, server: StatusServer, trust: Trust | None = None, challenge: str = CHALLENGE) -> ProvenCard:
    """Who a token proves."""
    return cards(server).of_token(token, origin=ORIGIN, challenge=challenge, trust=trust or trusted())


def flaw_of(shown: Card, trust: Trust | None = None, server: StatusServer | None = None) -> Flaw | None:
    """What is wrong with a card whose owner answers the challenge; None when it is accepted."""
    asked = server or StatusServer()
    asked.knows(shown)
    try:
        judged(shown.token(CHALLENGE), asked, trust)
    except CardRefused as refused:
        return refused.flaw
    return None
