"""Streams of shared signals: how a service hears of changes that concern it, and what still waits to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MOST_STREAMS: Final = 4
"""How many streams one client may have."""
MOST_WAITING: Final = 10_000
"""How many signals wait in one stream; with one more it is disabled."""
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""After which a receiver that took nothing finds its stream paused."""
SIGNAL_LIFE: Final = timedelta(days=7)
"""How long a signal waits; a stream whose first signal waited longer is disabled."""
VERIFIED_EVERY: Final = timedelta(seconds=30)
"""`min_verification_interval`: how often a receiver may ask for a verification."""


class DeliveryMethod(StrEnum):
    """How signals reach a receiver (Shared Signals Framework 1.0 §6.1)."""

    PUSH = "urn:ietf:rfc:8935"
    POLL = "urn:ietf:rfc:8936"


class StreamStatus(StrEnum):
    """Whether signals are told (Shared Signals Framework 1.0 §8.1.2.1)."""

    ENABLED = "enabled"
    PAUSED = "paused"
    """Nothing is told; what happens is held."""
    DISABLED = "disabled"
    """Nothing is told or held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalStream:
    """One receiver's stream, as it asked for it."""

    id: str
    client: str
    """The client_id of the receiver, which is the audience of its signals."""
    method: DeliveryMethod
    endpoint_url: str
    """Where signals are pushed; empty for a receiver that polls."""
    sealed_header: str
    """Sealed: the header Authorization that the receiver asks with each push; empty for none."""
    events_requested: tuple[str, ...]
    description: str
    status: StreamStatus
    reason: str
    """Why it stands so, as whoever decided it said; empty for no word."""
    created_at: datetime
    verified_at: datetime | None = None
    """When a verification was last asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCourse:
    """How far a stream is: what was put in it, and when it is next told from."""

    id: str
    """That of the stream."""
    last: int
    """Number of the last signal that was put in it."""
    waiting: int
    due_at: datetime
    """When its receiver is next told, if something waits; while somebody is telling, when another may."""
    tries: int
    """How often in a row its receiver took nothing."""
    failing_since: datetime | None
    holder: str
    """Who tells its receiver at present; empty for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSignal:
    """One signal that a receiver has not taken yet."""

    id: str
    """`signal_key`, the `jti`: by their ids, the signals of a stream stand in the order in which they are told."""
    stream: str
    services: tuple[str, ...]
    """The services on whose account the receiver is told; empty for its own sessions and for the stream itself."""
    claims: str
    """Canonical JSON of `txn`, `sub_id` and `events`."""
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSubject:
    """A subject of which a receiver does not want to hear in a stream."""

    id: str
    """`removal_key` of the two."""
    stream: str
    subject: str
    """Canonical JSON of the subject identifier (RFC 9493)."""


def signal_key(stream: str, number: int, *, at_once: bool = False) -> str:
    """The id of a signal; those about the stream itself, `at_once`, stand before all others."""
    return f"{stream}.{0 if at_once else 1}{number:012d}"


def told_at_once(key: str) -> bool:
    """Whether a signal is told whatever the status of its stream."""
    return key.rpartition(".")[2].startswith("0")
