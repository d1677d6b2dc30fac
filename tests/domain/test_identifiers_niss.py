"""A NISS is read in its two written forms, checked to the last digit, and never shown by accident."""

from __future__ import annotations

import calendar
import pickle
import time
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from stdnum.be import ssn  # type: ignore[import-untyped,unused-ignore]

from iam.domain.errors import InvalidInput
from iam.domain.identifiers import Niss, NissKind

NATIONAL = ["85073003328", "17073003384", "00003241778", "19082416188", "81050103522", "81000003517", "81050003552"]
BIS = ["98472899765", "01490700185", "53480200724", "95301700145", "95501700188", "92200006963", "92521506931"]
BIS += ["19282416134", "80240199943"]
BAD_NUMBERS = ["12345678901", "81130103578", "81043103522", "81050103521", "99020299964", "47060200096", "81022903534"]
BAD_FORMS = [
    *("", " ", "-", "8507300332", "850730033288", "85.07.30-033.2", "85.07.30-033-28", "85-07-30-033.28"),
    *("85 07 30 033 28", "850730-033.28", "85.07.30033.28", "85.07.30-033.28.", "85073003328\n", "85073003328\x00"),
    *(
        "\x0085073003328",
        "８５０７３００３３２８",
        "٨٥٠٧٣٠٠٣٣٢٨",
        "8507300332８",
        "85073003328\u200b",
        "\u00a085073003328",
    ),
    *("85․07․30-033․28", "85.07.30−033.28", "+85073003328", "-85073003328", "8507300332²", "85073003328 OR 1=1", "*"),
    *("8507300_3328", "0x5073003328", "85073003328/../", "niss:85073003328"),
]


def check_digits(radix: int, century: int) -> int:
    """The rule as the National Register words it: the complement to 97 of the rest, after 2000 with a 2 in front."""
    return 97 - int(f"{'2' if century == 2000 else ''}{radix:09d}") % 97


@st.composite
def valid_numbers(draw: st.DrawFn) -> str:
    day = draw(st.dates(date(1900, 1, 1), date(2025, 12, 31)))
    offset = draw(st.sampled_from([0, 20, 40]))
    month, number = draw(st.sampled_from([(day.month, day.day), (day.month, 0), (0, 0), (0, day.day)]))
    counter = draw(st.integers(1, 998))
    radix = ((day.year % 100 * 100 + month + offset) * 100 + number) * 1000 + counter
    return f"{radix:09d}{check_digits(radix, day.year // 100 * 100):02d}"


@pytest.mark.parametrize("number", NATIONAL)
def test_a_national_register_number_is_accepted(number: str) -> None:
    assert Niss.parse(number).kind is NissKind.NATIONAL


@pytest.mark.parametrize("number", BIS)
def test_a_bis_number_is_accepted(number: str) -> None:
    assert Niss.parse(number).kind is NissKind.BIS


@pytest.mark.parametrize("text", BAD_NUMBERS + BAD_FORMS)
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Niss.parse(text)
    assert refused.value.code == "invalid_niss"
    assert not text.strip() or text.strip(" -*") == "" or text not in refused.value.detail
    assert not any(digit in refused.value.detail for digit in ("8507", "12345"))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("8507300332", "eleven digits"),
        ("12345678901", "month"),
        ("81050103521", "last two digits"),
        ("81022903534", "date of the calendar"),
        ("99020299964", "counter"),
        ("9" * 100_000, "at most 40 characters"),
    ],
)
def test_the_refusal_says_what_is_wrong(number: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Niss.parse(number)


def test_both_written_forms_and_blanks_around_them_give_the_same_niss() -> None:
    forms = ["85073003328", "85.07.30-033.28", "  85073003328 ", "\t85.07.30-033.28 "]
    assert {Niss.parse(form) for form in forms} == {Niss("85073003328")}


@pytest.mark.parametrize("text", [85073003328, None, b"85073003328", ["85073003328"], True, 8.5])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(InvalidInput, match="sent as text"):
        Niss.parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [100_000, 10_000_000])
@pytest.mark.parametrize("filling", ["9", " ", "8.", "\x00", "９"])
def test_an_over_long_text_is_refused_by_its_length(filling: str, size: int) -> None:
    text = filling * (size // len(filling))
    started = time.perf_counter()
    with pytest.raises(InvalidInput, match="at most 40 characters"):
        Niss.parse(text)
    assert time.perf_counter() - started < 1


def test_a_niss_made_without_reading_is_checked_all_the_same() -> None:
    for value in ["85.07.30-033.28", "85073003329", "", "85073003328 "]:
        with pytest.raises(InvalidInput):
            Niss(value)


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("85073003328", date(1985, 7, 30)),
        ("17073003384", date(2017, 7, 30)),
        ("98472899765", date(1998, 7, 28)),
        ("01490700185", date(2001, 9, 7)),
        ("95301700145", date(1995, 10, 17)),
        ("00003241778", None),
        ("81050003552", None),
        ("81000003517", None),
        ("92200006963", None),
    ],
)
def test_the_birth_date_is_known_where_the_number_carries_one(number: str, born: date | None) -> None:
    assert Niss.parse(number).birth_date == born


@pytest.mark.parametrize("shift", [0, 20, 40])
def test_a_birth_date_after_the_day_of_reading_is_refused(shift: int) -> None:
    today = date(2026, 3, 29)
    for ahead, accepted in [(-1, True), (0, True), (1, False), (400, False)]:
        born = today + timedelta(days=ahead)
        radix = ((born.year % 100 * 100 + born.month + shift) * 100 + born.day) * 1000 + 7
        number = f"{radix:09d}{check_digits(radix, 2000):02d}"
        if accepted:
            assert Niss.parse(number, on=today).birth_date == born
            continue
        with pytest.raises(InvalidInput, match="in the future"):
            Niss.parse(number, on=today)


@pytest.mark.parametrize(("month", "accepted"), [(0, True), (3, True), (4, False)])
def test_an_incomplete_birth_date_is_compared_as_far_as_it_goes(month: int, accepted: bool) -> None:
    radix = (26 * 100 + month) * 100_000 + 7
    number = f"{radix:09d}{check_digits(radix, 2000):02d}"
    if accepted:
        assert Niss.parse(number, on=date(2026, 3, 29)).birth_date is None
    else:
        with pytest.raises(InvalidInput, match="in the future"):
            Niss.parse(number, on=date(2026, 3, 29))


@pytest.mark.parametrize("month", range(100))
def test_only_the_months_of_the_two_registers_are_accepted(month: int) -> None:
    radix = (85 * 100 + month) * 100_000 + 1033
    number = f"{radix:09d}{check_digits(radix, 1900):02d}"
    if month <= 12 or 20 <= month <= 32 or 40 <= month <= 52:
        assert Niss.parse(number).value == number
    else:
        with pytest.raises(InvalidInput, match="month"):
            Niss.parse(number)


@pytest.mark.parametrize("century", [1900, 2000])
def test_the_twenty_ninth_of_february_exists_in_leap_years_only(century: int) -> None:
    for year in range(100):
        radix = (year * 10_000 + 229) * 1000 + 1
        number = f"{radix:09d}{check_digits(radix, century):02d}"
        if calendar.isleap(century + year):
            assert Niss.parse(number).birth_date == date(century + year, 2, 29)
        else:
            with pytest.raises(InvalidInput, match="calendar"):
                Niss.parse(number)


@given(valid_numbers())
def test_what_is_written_out_is_read_back(number: str) -> None:
    niss = Niss.parse(number)
    assert niss.value == number
    assert Niss.parse(niss.formatted) == niss
    assert Niss.parse(f" {number} ") == niss


@given(valid_numbers())
def test_neither_repr_nor_str_nor_a_format_shows_the_number(number: str) -> None:
    niss = Niss.parse(number)
    for shown in (repr(niss), str(niss), f"{niss}", repr([niss]), repr({"niss": niss})):
        assert not any(character.isdigit() for character in shown)


@given(valid_numbers(), st.integers(0, 10), st.integers(1, 9))
def test_a_single_wrong_digit_is_refused_or_moves_the_birth_by_a_century(number: str, at: int, by: int) -> None:
    """The formula itself lets one slip through: six years less and a century more leave the check digits alone."""
    wrong = f"{number[:at]}{(int(number[at]) + by) % 10}{number[at + 1 :]}"
    try:
        accepted = Niss.parse(wrong)
    except InvalidInput:
        return
    assert at == 1
    assert abs(int(wrong[1]) - int(number[1])) == 6
    assert accepted._earliest_birth()[0] // 100 != Niss.parse(number)._earliest_birth()[0] // 100


def test_the_one_slip_that_the_formula_lets_through_exists() -> None:
    assert Niss.parse("07010100126").birth_date == date(1907, 1, 1)
    assert Niss.parse("01010100126").birth_date == date(2001, 1, 1)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.one_of(valid_numbers(), st.from_regex(r"[0-9]{11}", fullmatch=True)))
def test_an_independent_reader_agrees_on_every_number(number: str) -> None:
    """python-stdnum reads days past the end of a month and counters 000 and 999 as unknown; those we refuse."""
    day, month = int(number[4:6]), int(number[2:4]) % 20
    assume(not month or day <= 28)
    assume(number[6:9] not in ("000", "999"))
    assume(number[:2] <= "25")
    try:
        ours: Niss | None = Niss.parse(number)
    except InvalidInput:
        ours = None
    assert (ours is not None) == ssn.is_valid(number)
    if ours is not None and number[:6] not in ("000001", "002001", "004001"):
        assert ours.birth_date == ssn.get_birth_date(number)
        assert (ours.kind is NissKind.BIS) == (ssn.guess_type(number) == "bis")
        assert ours.formatted == ssn.format(number)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        niss = Niss.parse(text)
    except InvalidInput as refused:
        assert refused.code == "invalid_niss"
    else:
        assert text.strip(" \t") in (niss.value, niss.formatted)


def test_nisses_sort_hash_and_travel_by_their_value() -> None:
    first, second = Niss("17073003384"), Niss("85073003328")
    assert sorted([second, first]) == [first, second]
    assert len({first, Niss("17073003384"), second}) == 2
    assert pickle.loads(pickle.dumps(first)) == first
    with pytest.raises(AttributeError):
        first.value = second.value  # type: ignore[misc]
