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


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperEvidence:
    """The document on which a paper proxy or a migrated mandate rests; the document itself is kept elsewhere."""

    mandate: str
    """The mandate's id."""
    channel: Channel
    content_hash: str
    """Of the terms that the document shows."""
    document_hash: str
    """SHA-256 of the document, hexadecimal."""
    document_date: str
    """The date that the document bears, YYYY-MM-DD."""
    signatories: tuple[str, ...]
    """Person ids of those who signed it; numbers and names stand on the document only."""
    submitted_at: datetime
