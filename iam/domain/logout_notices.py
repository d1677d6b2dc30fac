"""Notices of log-outs: which clients are still to be told that a login ended, and which logins are watched for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.domain.instants import to_micros

NOTICE_LIFE: Final = timedelta(days=1)
"""After which a client that took no notice is told no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """One client that is still to be told of the end of one login."""

    id: str
    """`due_key` of when it is next told and `sid`: by their ids, notices stand in the order in which they are told."""
    client: str
    person: str
    """Our own id of the person; the client is told the name that its sector knows."""
    sid: str
    """How the client knows the login (`session_name`)."""
    tries: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLogin:
    """A login by which something was granted, to be looked at when its session ends by time."""

    id: str
    """`due_key` of that instant and the login."""
    login: str


def due_key(due: datetime, name: str = "") -> str:
    """An id that sorts by an instant (to the microsecond), then by name."""
    return f"{to_micros(due):017d}-{name}"
