"""An employer's number has a kind that is stated and check digits that follow from it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.employer_numbers import EmployerNumber, EmployerNumberKind
from iam.domain.errors import InvalidInput

NSSO, PROVISIONAL, PPL = EmployerNumberKind.NSSO, EmployerNumberKind.PROVISIONAL, EmployerNumberKind.PPL
VALID = {
    NSSO: [100006, 123456749, 168676597, 187995796, 199999934, 212345609, 312345625, 499999982],
    PROVISIONAL: [5000000120, 5134794036, 5678901277, 5999999989],
    PPL: [2130057, 5170096, 22300094, 43220065, 55290097, 99999926],
}
EXAMPLES = [(kind, number) for kind, numbers in VALID.items() for number in numbers]
INVALID = [193, 196, 197, 1000000047, 4000000100, 5000000121, 5678901279, 6000000086, 0]
BAD_FORMS = [
    *("", " ", "+100006", "-100006", "100.006", "1000-06", "100_006", "1e5", "0x186a6", "１０００06", "١٠٠٠٠٦"),
    *("100006\x00", "100006\n", "*", "nsso:100006", "100006.0", "NaN", "\u00a0100006"),
]


def test_an_employer_number_keeps_the_kind_that_was_stated() -> None:
    for kind, number in EXAMPLES:
        read = EmployerNumber.parse(kind, str(number))
        assert (read.kind, read.value, str(read)) == (kind, number, str(number))


@pytest.mark.parametrize("kind", EmployerNumberKind)
@pytest.mark.parametrize("number", INVALID)
def test_a_number_out_of_bounds_or_with_wrong_check_digits_is_refused(kind: EmployerNumberKind, number: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        EmployerNumber.parse(kind, str(number))
    assert refused.value.code == "invalid_employer_number"
    with pytest.raises(InvalidInput):
        EmployerNumber(kind, number)


@pytest.mark.parametrize("kind", EmployerNumberKind)
@pytest.mark.parametrize("text", BAD_FORMS)
def test_what_is_not_digits_is_refused(kind: EmployerNumberKind, text: str) -> None:
    with pytest.raises(InvalidInput, match="digits 0-9"):
        EmployerNumber.parse(kind, text)


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_a_number_is_read_back_from_its_written_form(kind: EmployerNumberKind, number: int) -> None:
    employer = EmployerNumber(kind, number)
    assert EmployerNumber.parse(kind, employer.formatted) == employer
    assert EmployerNumber.parse(kind, f" {number} ") == employer


def test_the_written_form_is_filled_to_the_width_of_its_kind() -> None:
    assert EmployerNumber(NSSO, 100006).formatted == "000100006"
    assert EmployerNumber(PROVISIONAL, 5000000120).formatted == "5000000120"
    assert EmployerNumber(PPL, 2130057).formatted == "02130057"


def test_numbers_of_different_kinds_are_never_the_same() -> None:
    """The integers that fit two kinds exist: this is why the kind is stored."""
    both = [n for n in range(100_006, 2_000_000) if fits(NSSO, n) and fits(PPL, n)]
    assert both
    assert EmployerNumber(NSSO, both[0]) != EmployerNumber(PPL, both[0])
    assert len({EmployerNumber(NSSO, both[0]), EmployerNumber(PPL, both[0])}) == 2


def fits(kind: EmployerNumberKind, number: int) -> bool:
    """The two formulas as congruences, independent of how the domain words them."""
    check = number % 100
    if not 1 <= check <= 97:
        return False
    return (number // 100 - check) % 97 == 0 if kind is PPL else number % 97 == 96


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [(NSSO, 100_006, 999_999_999), (PROVISIONAL, 5_000_000_000, 5_999_999_999), (PPL, 197, 99_999_926)],
)
def test_the_bounds_belong_to_the_kind(kind: EmployerNumberKind, lowest: int, highest: int) -> None:
    for number in [*range(lowest - 300, lowest + 300), *range(highest - 300, highest + 300)]:
        if lowest <= number <= highest and fits(kind, number):
            assert EmployerNumber(kind, number).value == number
        else:
            with pytest.raises(InvalidInput):
                EmployerNumber(kind, number)


@given(st.sampled_from(EmployerNumberKind), st.data())
def test_a_single_wrong_digit_is_refused(kind: EmployerNumberKind, data: st.DataObject) -> None:
    lowest, highest = {NSSO: (1001, 9_999_998), PROVISIONAL: (50_000_000, 59_999_998), PPL: (2, 999_998)}[kind]
    radix = data.draw(st.integers(lowest, highest))
    number = next(radix * 100 + check for check in range(1, 98) if fits(kind, radix * 100 + check))
    text = EmployerNumber(kind, number).formatted
    at, by = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(1, 9))
    with pytest.raises(InvalidInput):
        EmployerNumber.parse(kind, f"{text[:at]}{(int(text[at]) + by) % 10}{text[at + 1 :]}")


@given(st.sampled_from(EmployerNumberKind), st.integers(-10, 10**10))
def test_every_number_is_judged_by_bounds_and_congruence(kind: EmployerNumberKind, number: int) -> None:
    lowest, highest = {NSSO: (100_006, 999_999_999), PROVISIONAL: (5 * 10**9, 6 * 10**9 - 1), PPL: (197, 99_999_926)}[
        kind
    ]
    try:
        accepted = EmployerNumber(kind, number).value == number
    except InvalidInput:
        accepted = False
    assert accepted == (lowest <= number <= highest and fits(kind, number))


@pytest.mark.parametrize("filling", ["0", "9", " ", "\x00"])
def test_an_over_long_text_is_refused_by_its_length(filling: str) -> None:
    text = filling * 100_000
    started = time.perf_counter()
    with pytest.raises(InvalidInput, match="at most 40 characters"):
        EmployerNumber.parse(NSSO, text)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("text", [100006, None, 1e5, True])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(InvalidInput, match="sent as text"):
        EmployerNumber.parse(NSSO, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "text"), [(NSSO, "0000100006"), (PPL, "002130057"), (PROVISIONAL, "05000000120")])
def test_more_leading_zeros_than_the_kind_is_wide_are_refused(kind: EmployerNumberKind, text: str) -> None:
    assert EmployerNumber.parse(kind, text[1:]).value == int(text)
    with pytest.raises(InvalidInput, match="at most"):
        EmployerNumber.parse(kind, text)
