"""Numbers of the sandbox country, from ranges that no living person and no firm holds."""

# Persons: numbers whose birth date lies in 1901 to 1903, told by check digits that count no leading 2. Who was born
# then would be older than anybody whose age was ever proved (122 years and 164 days), at any instant from the middle
# of 2026 on. Month and day are always real: the years' first months "00" hold numbers whose dates are not known.
#
# Firms: enterprise numbers 1800.000.000 to 1999.999.999. The Crossroads Bank gives numbers in their order, and began
# with 1000.000.000 in 2023; at its pace of some two hundred thousand radices a year this block lies decades ahead.
#
# Employers: numbers of the kind "nsso" from 200 000 000 on. FedVoc bounds the definitive numbers at 199 999 934.

from __future__ import annotations

from datetime import date

from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss

BIRTH_YEARS = range(1901, 1904)
CBE_RADICES = range(18_000_000, 20_000_000)
"""Enterprise numbers without their two check digits."""
EMPLOYER_RADICES = range(2_000_001, 10_000_000)
"""Employer numbers of the kind "nsso" without their two check digits."""
COUNTRY_CBE_RADICES = range(19_990_000, 20_000_000)
"""Enterprise numbers of the country that is described by hand; those below are for countries that are grown."""
COUNTRY_EMPLOYER_RADICES = range(9_990_000, 10_000_000)

_BIS_SEX_KNOWN = 40


def niss(birth: date, counter: int, *, bis: bool = False) -> Niss:
    """The number of somebody born on a day of `BIRTH_YEARS`; an even counter is a woman's. ValueError outside them."""
    if birth.year not in BIRTH_YEARS:
        raise ValueError("the sandbox's people are born from 1901 to 1903")
    month = birth.month + (_BIS_SEX_KNOWN if bis else 0)
    radix = f"{birth.year % 100:02}{month:02}{birth.day:02}{counter:03}"
    return Niss(f"{radix}{97 - int(radix) % 97:02}")


def enterprise_number(radix: int) -> CbeNumber:
    """The enterprise number with this radix of `CBE_RADICES`. ValueError outside them."""
    if radix not in CBE_RADICES:
        raise ValueError("the sandbox's enterprise numbers lie from 1800.000.000 on")
    return CbeNumber(f"{radix}{97 - radix % 97:02}")


def employer_number(radix: int) -> EmployerNumber:
    """The employer number of kind "nsso" with this radix of `EMPLOYER_RADICES`. ValueError outside them."""
    if radix not in EMPLOYER_RADICES:
        raise ValueError("the sandbox's employer numbers lie from 200 000 100 on")
    return EmployerNumber(EmployerNumberKind.NSSO, radix * 100 + (96 - radix * 100 % 97 or 97))


def is_sandbox_niss(number: Niss) -> bool:
    """Whether a number is one that only the sandbox's people hold."""
    born = number.birth_date
    return born is not None and born.year in BIRTH_YEARS


def is_sandbox_enterprise(number: CbeNumber) -> bool:
    """Whether a number is one that only the sandbox's enterprises hold."""
    return int(number.value[:8]) in CBE_RADICES


def is_sandbox_employer(number: EmployerNumber) -> bool:
    """Whether a number is one that only the sandbox's employers hold."""
    return number.kind is EmployerNumberKind.NSSO and number.value // 100 in EMPLOYER_RADICES
