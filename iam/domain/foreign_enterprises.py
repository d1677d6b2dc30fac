"""Requests of enterprises of other countries for a number here and the digital keys that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

REQUEST_LIFE: Final = timedelta(days=90)
"""How long a request waits for an officer before it has expired."""


class RequestState(StrEnum):
    """What became of a request."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEnterpriseRequest:
    """One request; who asked and how to reach them is kept apart, so that it can be erased."""

    id: str
    name: str
    country: str
    """ISO 3166-1 alpha-2; not BE, whose enterprises are in the register."""
    registered_as: str
    """Its number in the register of its own country."""
    address: str
    purpose: str
    """For what it needs access, in the requester's words."""
    state: RequestState
    asked_at: datetime
    decided_at: datetime | None
    ground: str
    """On what the officer's decision rests: a file or the reason of the refusal."""
    enterprise: str | None
    """The number that was given to it."""
    appointment: str | None
    """The place of its principal access manager, whom the activation makes known."""
    representation: str | None = None
    """What a login said of who asked, from which name, country and number were taken; None for what anybody typed."""

    def expired(self, at: datetime) -> bool:
        """Whether it waited too long to be decided."""
        return self.state is RequestState.WAITING and at >= self.asked_at + REQUEST_LIFE
