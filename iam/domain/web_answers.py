"""Answers of other servers, as they came: read and judged by who asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """What a server answered."""

    status: int
    media_type: str
    """In lower case, without parameters."""
    body: bytes
