"""The sandbox country is described whole, with invented people and enterprises under numbers that nobody holds."""

from collections import Counter
from datetime import date, timedelta

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.identifiers import NissKind
from iam.sandbox.country import Country, Firm, read_country
from iam.sandbox.numbers import COUNTRY_CBE_RADICES, COUNTRY_EMPLOYER_RADICES, is_sandbox_niss

DAY = date(2026, 11, 22)
COUNTRY = read_country(DAY)


def employer_radices(firm: Firm) -> list[int]:
    """The employer numbers of a firm, without check digits."""
    return [one.employer_number.value // 100 for one in firm.capacities if one.employer_number]


def with_capacity(capacity: Capacity) -> list[str]:
    """The firms that the directory or the officers give this capacity."""
    return [
        firm.alias
        for firm in COUNTRY.firms.values()
        if firm.recognised is capacity or capacity in {one.capacity for one in firm.capacities}
    ]


def test_every_number_lies_in_the_sandboxs_ranges() -> None:
    people = [number for one in COUNTRY.personas.values() for number in (one.niss, one.former) if number]
    assert all(is_sandbox_niss(number) for number in people)
    assert all(int(firm.number.value[:8]) in COUNTRY_CBE_RADICES for firm in COUNTRY.firms.values())
    employers = [radix for firm in COUNTRY.firms.values() for radix in employer_radices(firm)]
    assert set(employers) <= set(COUNTRY_EMPLOYER_RADICES)
    for numbers in (people, employers, [firm.number for firm in COUNTRY.firms.values()]):
        assert max(Counter(numbers).values()) == 1


def test_names_are_given_once_and_every_part_is_told() -> None:
    names = [one.name for one in COUNTRY.personas.values()] + [one.name for one in COUNTRY.firms.values()]
    assert len(set(names)) == len(names)
    assert all(one.part for one in COUNTRY.personas.values())


def test_every_function_is_held_by_one_of_the_countrys_people() -> None:
    holders = [one.persona for firm in COUNTRY.firms.values() for one in firm.functions]
    assert set(holders) <= COUNTRY.personas.keys()
    assert all(firm.functions for firm in COUNTRY.firms.values())


@pytest.mark.parametrize(
    ("capacity", "least"),
    [
        (Capacity.EMPLOYER, 5),
        (Capacity.COMPANY_WITHOUT_STAFF, 1),
        (Capacity.SERVICE_PROVIDER, 2),
        (Capacity.CERTIFIED_SOCIAL_SECRETARIAT, 1),
        (Capacity.FULL_SERVICE_SECRETARIAT, 1),
        (Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION, 1),
    ],
)
def test_each_kind_of_enterprise_is_there(capacity: Capacity, least: int) -> None:
    assert len(with_capacity(capacity)) >= least


def test_one_enterprise_signs_with_two_of_its_three_directors() -> None:
    cooperative = COUNTRY.firms["cooperative"]
    assert (cooperative.required_signatures, len(cooperative.functions)) == (2, 3)
    assert COUNTRY.firms["brewery"].required_signatures == 1


def test_one_enterprise_has_ceased() -> None:
    assert COUNTRY.firms["printer"].last_day == DAY - timedelta(days=200)


def test_a_representative_left_yesterday_and_another_leaves_today() -> None:
    last_days = {one.persona: one.last_day for one in COUNTRY.firms["bakery"].functions}
    assert last_days == {"bea": None, "eddy": DAY - timedelta(days=1), "hugo": DAY}


def test_people_with_bis_numbers_are_there_with_and_without_another() -> None:
    assert COUNTRY.personas["boris"].niss.kind is NissKind.BIS
    for alias in ("nadia", "milan"):
        one = COUNTRY.personas[alias]
        assert one.former is not None
        assert (one.niss.kind, one.former.kind) == (NissKind.NATIONAL, NissKind.BIS)


def test_the_country_is_the_same_for_the_same_day() -> None:
    assert read_country(DAY) == COUNTRY
    assert isinstance(read_country(date(2012, 1, 1)), Country)
