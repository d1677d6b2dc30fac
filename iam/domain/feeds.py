"""Change feeds of the state's registers: a line of one that cannot be taken in, whatever register it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that is refused by itself: its place in the feed, and why; nothing of what it says is kept."""

    sequence: int
    reason: str
    """A stable reason code."""
