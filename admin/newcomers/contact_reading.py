"""Contact reading: lines, e-mail addresses and telephone numbers, as people type them into forms."""

from __future__ import annotations

import re
from typing import Final

from iam.domain.errors import InvalidInput

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,189}")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ./()-]{4,38}")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")


def read_line(written: str, field: str) -> str:
    """A line that was filled in. InvalidInput (`invalid_line`) for an empty one, or one that cannot be shown."""
    if not written or not written.isprintable():
        raise InvalidInput("invalid_line", "Fill in every field, each on one line.", field=field)
    return written


def read_email(written: str) -> str:
    """An e-mail address. InvalidInput (`invalid_email`)."""
    if not _EMAIL.fullmatch(written):
        raise InvalidInput("invalid_email", "Write an e-mail address such as name@example.org.", field="email")
    return written


def read_phone(written: str) -> str:
    """A telephone number. InvalidInput (`invalid_phone`)."""
    if not _PHONE.fullmatch(written):
        raise InvalidInput(
            "invalid_phone", "Write a telephone number with its country, such as +351 21….", field="phone"
        )
    return written


def read_country(written: str) -> str:
    """The two letters of a country (ISO 3166-1). InvalidInput (`invalid_country`)."""
    if not _COUNTRY.fullmatch(written):
        raise InvalidInput("invalid_country", "Write the two letters of the country, such as DE.", field="country")
    return written.upper()
