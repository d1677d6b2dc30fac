"""Numbers of the Crossroads Bank for Enterprises: of an enterprise and of an establishment unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text

_LONGEST = 40
_CBE_CODE = "invalid_cbe_number"
_CBE_WRITTEN = re.compile(r"(?:BE ?)?([01]?[0-9]{9}|[01]?[0-9]{3}\.[0-9]{3}\.[0-9]{3})")
_CBE_CANONICAL = re.compile(r"[01][0-9]{9}")
_UNIT_CODE = "invalid_establishment_unit_number"
_UNIT_WRITTEN = re.compile(r"[2-8][0-9]{9}|[2-8]\.[0-9]{3}\.[0-9]{3}\.[0-9]{3}")
_UNIT_CANONICAL = re.compile(r"[2-8][0-9]{9}")


@dataclass(frozen=True, slots=True, order=True)
class CbeNumber:
    """The number of an enterprise, valid by construction.

    ``value`` is the canonical form, ten digits that start with 0 or 1. Raises InvalidInput
    (``invalid_cbe_number``). Source: CBE/KBO; Belgif openapi-organization-identifier.
    """

    value: str

    def __post_init__(self) -> None:
        if not _CBE_CANONICAL.fullmatch(self.value):
            raise InvalidInput(_CBE_CODE, "An enterprise number has ten digits, the first of them 0 or 1.")
        _check_digits(self.value, _CBE_CODE, "enterprise number")

    @classmethod
    def parse(cls, text: str) -> CbeNumber:
        """Read ``0206731645``, ``0206.731.645``, ``BE 0206.731.645``, ``BE0206731645`` or the old nine digits.

        Nine digits get the leading zero back. Blanks around are left off. Raises InvalidInput
        (``invalid_cbe_number``).
        """
        written = _CBE_WRITTEN.fullmatch(trimmed_text(text, _LONGEST, code=_CBE_CODE, what="An enterprise number"))
        if written is None:
            detail = "Write the enterprise number with ten digits 0-9, the first of them 0 or 1, as in 0206.731.645."
            raise InvalidInput(_CBE_CODE, detail)
        return cls(written[1].replace(".", "").rjust(10, "0"))

    @classmethod
    def canonical(cls, text: str) -> str:
        """The canonical form of what :meth:`parse` reads, quickly where the text is that already; raises as it does."""
        if _CBE_CANONICAL.fullmatch(text) and _fits(text):
            return text
        return cls.parse(text).value

    @property
    def formatted(self) -> str:
        """The number as people write it, ``0206.731.645``."""
        return f"{self.value[0:4]}.{self.value[4:7]}.{self.value[7:10]}"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class EstablishmentUnitNumber:
    """The number of a place where an enterprise works, valid by construction.

    ``value`` is the canonical form, ten digits that start with 2 to 8. Raises InvalidInput
    (``invalid_establishment_unit_number``). Source: CBE/KBO; Belgif openapi-organization-identifier.
    """

    value: str

    def __post_init__(self) -> None:
        if not _UNIT_CANONICAL.fullmatch(self.value):
            raise InvalidInput(_UNIT_CODE, "An establishment unit number has ten digits, the first of them 2 to 8.")
        _check_digits(self.value, _UNIT_CODE, "establishment unit number")

    @classmethod
    def parse(cls, text: str) -> EstablishmentUnitNumber:
        """Read ``2297964444`` or ``2.297.964.444``, with or without blanks around it.

        Raises InvalidInput (``invalid_establishment_unit_number``).
        """
        written = trimmed_text(text, _LONGEST, code=_UNIT_CODE, what="An establishment unit number")
        if not _UNIT_WRITTEN.fullmatch(written):
            detail = "Write the establishment unit number with ten digits 0-9, as in 2.297.964.444."
            raise InvalidInput(_UNIT_CODE, detail)
        return cls(written.replace(".", ""))

    @property
    def formatted(self) -> str:
        """The number as people write it, ``2.297.964.444``."""
        return f"{self.value[0]}.{self.value[1:4]}.{self.value[4:7]}.{self.value[7:10]}"

    def __str__(self) -> str:
        return self.value


def _check_digits(value: str, code: str, name: str) -> None:
    if not _fits(value):
        raise InvalidInput(code, f"The last two digits of this {name} do not match the others: check it for a slip.")


def _fits(value: str) -> bool:
    return int(value[8:]) == 97 - int(value[:8]) % 97
