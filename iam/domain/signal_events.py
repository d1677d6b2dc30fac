"""The kinds of events that signals tell, and what one receiver is told of one change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"
OWN_EVENTS: Final = "/signals/events/"
"""Under which path of our issuer the events of our own have their names."""


class EventKind(StrEnum):
    """What a signal tells."""

    SESSION_REVOKED = "session-revoked"
    TOKEN_CLAIMS_CHANGE = "token-claims-change"  # noqa: S105 - the name of an event
    MANDATE_REVOKED = "mandate-revoked"
    MANDATE_NARROWED = "mandate-narrowed"
    APPOINTMENT_ENDED = "appointment-ended"
    VERIFICATION = "verification"
    STREAM_UPDATED = "stream-updated"


ASKED_FOR: Final = (
    EventKind.SESSION_REVOKED,
    EventKind.TOKEN_CLAIMS_CHANGE,
    EventKind.MANDATE_REVOKED,
    EventKind.MANDATE_NARROWED,
    EventKind.APPOINTMENT_ENDED,
)
"""The events that a receiver asks for; those about the stream itself come unasked."""
_OF_CAEP: Final = frozenset({EventKind.SESSION_REVOKED, EventKind.TOKEN_CLAIMS_CHANGE})
_OF_STREAMS: Final = frozenset({EventKind.VERIFICATION, EventKind.STREAM_UPDATED})


class Initiator(StrEnum):
    """Who brought a change about (CAEP 1.0 §2, `initiating_entity`)."""

    ADMIN = "admin"
    USER = "user"
    POLICY = "policy"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What one receiver is told of one change."""

    kind: EventKind
    subject: Mapping[str, object]
    """The subject identifier (RFC 9493)."""
    event: Mapping[str, object]
    services: tuple[str, ...] = ()
    """The services on whose account the receiver is told."""
    implied_by: EventKind | None = None
    """An event that says it as well: who is told that needs no second word."""


def event_uri(kind: EventKind, issuer: str) -> str:
    """The name of a kind of event; `issuer` has no slash at its end."""
    if kind in _OF_CAEP:
        return _CAEP + kind
    return _SSF + kind if kind in _OF_STREAMS else issuer + OWN_EVENTS + kind


def kinds_by_uri(issuer: str) -> dict[str, EventKind]:
    """The events that a receiver may ask for, by their names."""
    return {event_uri(kind, issuer): kind for kind in ASKED_FOR}


def written_claims(signal: Signal, issuer: str, txn: str) -> str:
    """The claims of a signal that do not depend on when and by which key it is signed, as canonical JSON."""
    claims = {"txn": txn, "sub_id": signal.subject, "events": {event_uri(signal.kind, issuer): signal.event}}
    return json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
