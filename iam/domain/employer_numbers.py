"""Numbers under which the NSSO knows an employer: definitive, provisional, and of the old local office."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text

_CODE = "invalid_employer_number"
_LONGEST = 40
_WRITTEN = re.compile(r"[0-9]{1,10}")


class EmployerNumberKind(StrEnum):
    """Which register gave the number; some integers fit two kinds, so the kind is stored, never guessed."""

    NSSO = "nsso"
    PROVISIONAL = "provisional"
    PPL = "ppl"


_BOUNDS = {
    EmployerNumberKind.NSSO: (100_006, 999_999_999),
    EmployerNumberKind.PROVISIONAL: (5_000_000_000, 5_999_999_999),
    EmployerNumberKind.PPL: (197, 99_999_926),
}
_WIDTHS = {EmployerNumberKind.NSSO: 9, EmployerNumberKind.PROVISIONAL: 10, EmployerNumberKind.PPL: 8}


@dataclass(frozen=True, slots=True, order=True)
class EmployerNumber:
    """An employer's number at the NSSO with its kind, valid by construction.

    Bounds: definitive 100006 to 999999999, provisional ten digits that start with 5, provincial and local
    (PPL) 197 to 99999926. The last two digits are check digits. Raises InvalidInput
    (``invalid_employer_number``). Source: FedVoc; Belgif openapi-organization-identifier.
    """

    kind: EmployerNumberKind
    value: int

    def __post_init__(self) -> None:
        lowest, highest = _BOUNDS[self.kind]
        if not lowest <= self.value <= highest:
            raise InvalidInput(_CODE, f"A number of kind {self.kind} lies between {lowest} and {highest}.")
        radix, check = divmod(self.value, 100)
        if check != _check_digits(self.kind, radix):
            detail = f"The last two digits do not match the others in a number of kind {self.kind}: check both."
            raise InvalidInput(_CODE, detail)

    @classmethod
    def parse(cls, kind: EmployerNumberKind, text: str) -> EmployerNumber:
        """Read a number of the stated kind from its digits, leading zeros and blanks around it allowed.

        Raises InvalidInput (``invalid_employer_number``).
        """
        written = trimmed_text(text, _LONGEST, code=_CODE, what="An employer number")
        if not _WRITTEN.fullmatch(written) or len(written) > _WIDTHS[kind]:
            detail = f"Write a number of kind {kind} with at most {_WIDTHS[kind]} digits 0-9 and nothing between them."
            raise InvalidInput(_CODE, detail)
        return cls(kind, int(written))

    @property
    def formatted(self) -> str:
        """The digits, filled with leading zeros to the width of the kind (9, 10 or 8)."""
        return f"{self.value:0{_WIDTHS[self.kind]}d}"

    def __str__(self) -> str:
        return str(self.value)


def _check_digits(kind: EmployerNumberKind, radix: int) -> int:
    if kind == EmployerNumberKind.PPL:
        return radix % 97 or 97
    return 96 - radix * 100 % 97 or 97
