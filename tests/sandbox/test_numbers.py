"""The sandbox's numbers are valid, and lie where no living person and no firm has one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss, NissKind
from iam.sandbox import numbers

LONGEST_PROVED_LIFE = timedelta(days=122 * 365.2425 + 164)


@given(st.dates(date(1901, 1, 1), date(1903, 12, 31)), st.integers(1, 998), st.booleans())
def test_a_person_of_the_sandbox_is_older_than_anybody_lived(birth: date, counter: int, bis: bool) -> None:
    number = numbers.niss(birth, counter, bis=bis)
    assert Niss.parse(number.formatted, on=date(1904, 1, 1)) == number
    assert number.birth_date == birth
    assert number.kind is (NissKind.BIS if bis else NissKind.NATIONAL)
    assert numbers.is_sandbox_niss(number)
    assert birth + LONGEST_PROVED_LIFE < date(2026, 7, 1)


@pytest.mark.parametrize("birth", [date(1900, 12, 31), date(1904, 1, 1), date(2002, 5, 5)])
def test_nobody_of_the_sandbox_is_born_in_another_year(birth: date) -> None:
    with pytest.raises(ValueError, match="1901 to 1903"):
        numbers.niss(birth, 1)


@pytest.mark.parametrize("real", ["85073003328", "17073003384", "00003241778", "98472899765", "01490700185"])
def test_numbers_of_people_who_may_live_are_not_the_sandboxs(real: str) -> None:
    assert not numbers.is_sandbox_niss(Niss(real))


@given(st.sampled_from(numbers.CBE_RADICES))
def test_an_enterprise_of_the_sandbox_has_a_number_of_the_last_blocks(radix: int) -> None:
    number = numbers.enterprise_number(radix)
    assert CbeNumber.parse(number.formatted) == number
    assert number.value >= "1800000000"
    assert numbers.is_sandbox_enterprise(number)


@pytest.mark.parametrize("radix", [17_999_999, 20_000_000, 2_067_316])
def test_numbers_that_firms_may_have_are_not_made(radix: int) -> None:
    with pytest.raises(ValueError, match=r"1800\.000\.000"):
        numbers.enterprise_number(radix)


@pytest.mark.parametrize("real", ["0206731645", "0884303369", "1000000021"])
def test_numbers_of_firms_are_not_the_sandboxs(real: str) -> None:
    assert not numbers.is_sandbox_enterprise(CbeNumber(real))


@given(st.sampled_from(numbers.EMPLOYER_RADICES))
def test_an_employer_of_the_sandbox_has_a_number_above_the_registers_bound(radix: int) -> None:
    number = numbers.employer_number(radix)
    assert EmployerNumber.parse(EmployerNumberKind.NSSO, number.formatted) == number
    assert number.value > 199_999_934
    assert numbers.is_sandbox_employer(number)


def test_numbers_of_employers_are_not_the_sandboxs() -> None:
    assert not numbers.is_sandbox_employer(EmployerNumber(EmployerNumberKind.NSSO, 199_999_934))
    assert not numbers.is_sandbox_employer(EmployerNumber(EmployerNumberKind.PROVISIONAL, 5_678_901_277))
    with pytest.raises(ValueError, match="200 000 100"):
        numbers.employer_number(1_999_999)


def test_countries_that_are_grown_never_meet_the_one_that_is_described() -> None:
    assert numbers.COUNTRY_CBE_RADICES[-1] == numbers.CBE_RADICES[-1]
    assert numbers.COUNTRY_EMPLOYER_RADICES[-1] == numbers.EMPLOYER_RADICES[-1]
    assert len(numbers.CBE_RADICES) - len(numbers.COUNTRY_CBE_RADICES) > 1_500_000
