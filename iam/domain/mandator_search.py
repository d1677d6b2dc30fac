"""Searching among a provider's mandators: in which context somebody searches, and what they wrote of a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.enterprise_numbers import CbeNumber
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput

_WRITTEN: Final = re.compile(r"(?:BE ?)?([0-9][0-9. ]{0,14})", re.IGNORECASE)
_WHOLE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatorSearch:
    """Candidates among the mandators of a provider: those that gave it something, as far as portfolios reach."""

    enterprise: str
    """The provider, and the capacity in which it acts."""
    capacity: Capacity
    every: bool
    """Whether a portfolio holds all mandators; then no group narrows the search."""
    groups: tuple[str, ...]
    """Groups whose members a portfolio holds."""
    all_but: tuple[str, ...]
    """Groups, each of which a portfolio holds everybody but the members of."""
    digits: str
    """With which the numbers sought begin."""
    after: str
    """Numbers up to this one were told before; empty at the beginning."""
    limit: int
    at: datetime


def first_digits(written: str) -> str:
    """The digits with which an enterprise number begins that somebody wrote whole or in part; empty for none.

    The zero that old numbers lack is put back. Raises InvalidInput (`invalid_cbe_number`) for what no number begins
    with, and for a whole number whose check digits are wrong.
    """
    if not written.strip():
        return ""
    found = _WRITTEN.fullmatch(written.strip())
    digits = re.sub(r"[. ]", "", found[1]) if found else ""
    if digits and digits[0] not in "01":
        digits = f"0{digits}"
    if not 0 < len(digits) <= _WHOLE:
        raise InvalidInput("invalid_cbe_number", "Write an enterprise number, or the digits with which it begins.")
    return CbeNumber.parse(digits).value if len(digits) == _WHOLE else digits
