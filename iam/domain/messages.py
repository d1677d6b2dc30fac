"""Messages to people that wait to be sent: recorded with the change that causes them, sent after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MESSAGE_LIFE: Final = timedelta(days=3)
"""After which a message that could not be sent is given up."""


class Channel(StrEnum):
    """By which way a message goes."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """One message; address and text are sealed, for they name people and may hold a secret."""

    id: str
    channel: Channel
    sealed: str = field(repr=False)
    tries: int
    next_at: datetime
    """Before which it is not tried again."""
    expires_at: datetime
