"""Authorization of a device without a browser (RFC 8628): two codes, between which a person carries one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.errors import InvalidInput
from iam.domain.written import bounded_text

USER_CODE_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty consonants (RFC 8628 §6.1): no word comes of them, and no digit is like one of them."""
USER_CODE_LENGTH: Final = 8
"""20 to the power 8: 34 bits, which are enough because guesses are slowed and the code lives for minutes."""
_BETWEEN: Final = re.compile(r"[\s.\-‐-―_]+")
_CODE: Final = re.compile(f"[{USER_CODE_LETTERS}]{{{USER_CODE_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorization:
    """What software on a device asks, until a person who carried its code to a browser has decided."""

    id: str
    """SHA-256 (hexadecimal) of the device code."""
    user_code: str
    """As the person types it, without the dash; nothing can be had by it but the question itself."""
    client: str
    scopes: tuple[str, ...]
    key_thumbprint: str
    """JWK thumbprint of the key that the device proved when it asked (RFC 9449); empty for none."""
    interval: int
    """Seconds that the device waits between two questions."""
    good_until: datetime
    expires_at: datetime
    """Until when it is remembered: as long as its grant, so that a second use is recognised."""
    ticket: str = ""
    """SHA-256 (hexadecimal) of the secret by which the browser holds it in which the code was typed; else empty."""
    polled_at: datetime | None = None
    grant: str | None = None
    """What the person granted."""
    denied_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def answered(self) -> bool:
        """Whether the person has decided."""
        return self.grant is not None or self.denied_at is not None


def read_user_code(text: str) -> str:
    """A user code as somebody typed it: letters in any case, with dashes or blanks between (RFC 8628 §6.1).

    Raises InvalidInput (`invalid_user_code`).
    """
    written = bounded_text(text, 40, code="invalid_user_code", what="The code of a device")
    plain = _BETWEEN.sub("", written).upper()
    if _CODE.fullmatch(plain) is None:
        raise InvalidInput("invalid_user_code", "The code of a device has eight letters, none of them a vowel.")
    return plain


def shown_user_code(code: str) -> str:
    """A user code as it is shown: two groups of four."""
    return f"{code[:4]}-{code[4:]}"
