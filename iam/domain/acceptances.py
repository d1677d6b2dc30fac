"""How each side of a mandate accepted: who, through which channel, over which content, on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iam.domain.mandate_states import Side


class Channel(StrEnum):
    """How a side accepted: each is recorded with who and on what evidence."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    MAHIS = "mahis"
    PAPER = "paper"
    MIGRATION = "migration"


ADMINISTRATIVE = frozenset({Channel.PAPER, Channel.MIGRATION})
"""Channels in which officers of the administration accept on the strength of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One side's validation of one content, by one person."""

    side: Side
    person: str
    channel: Channel
    content_hash: str
    at: datetime
