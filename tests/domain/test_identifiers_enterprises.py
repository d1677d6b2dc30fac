"""Numbers of enterprises and establishment units come in several written forms and have one canonical form."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import vat  # type: ignore[import-untyped,unused-ignore]

from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber, EstablishmentUnitNumber

ENTERPRISES = ["0206731645", "0884303369", "0403019261", "0428759497", "0671516647", "0406798006", "1000000021"]
UNITS = ["2297964444", "2000000042"]
BAD_ENTERPRISES = [
    *("0884303370", "0431150351", "2297964444", "0000000000", "02067316451", "20673164", "9206731645", "", " ", "BE"),
    *("０２０６７３１６４５", "٠٢٠٦٧٣١٦٤٥", "020673164５", "0206731645\x00", "0206731645\n", "\u00a00206731645"),
    *("0206 731 645", "0206.731645", "0206731.645", "0206-731-645", "02.06.73.16.45", "0884.303.369.", "0206․731․645"),
    *("be0206731645", "NL0206731645", "BE  0206731645", "BE-0206731645", "BEBE0206731645", "В\u04150206731645"),
    *("*", ".*", "0206731645/../0884303369", "0206731645 0884303369", "%30206731645", "-206731645", "+0206731645"),
    *("206_731_645", "020673164²", "0206731645' OR '1'='1", "enterprise:0206731645", "(0)206731645"),
]
BAD_UNITS = [
    "2297964445",
    "2111111111",
    "0206731645",
    "1000000021",
    "9297964444",
    "229796444",
    "22979644440",
    "BE2297964444",
]
BAD_UNITS += ["", "２２９７９６４４４４", "2297.964.444", "2.297.964444", "2297964444\x00", "*", "2 297 964 444"]


def with_check_digits(first_eight: int) -> str:
    return f"{first_eight:08d}{97 - first_eight % 97:02d}"


enterprise_numbers = st.integers(0, 19_999_999).map(with_check_digits)
unit_numbers = st.integers(20_000_000, 89_999_999).map(with_check_digits)


@pytest.mark.parametrize("number", ENTERPRISES)
def test_an_enterprise_number_is_accepted(number: str) -> None:
    assert CbeNumber.parse(number).value == number


@pytest.mark.parametrize("text", BAD_ENTERPRISES)
def test_what_is_no_enterprise_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        CbeNumber.parse(text)
    assert refused.value.code == "invalid_cbe_number"
    assert len(text) < 5 or text not in refused.value.detail


@pytest.mark.parametrize("number", UNITS)
def test_an_establishment_unit_number_is_accepted(number: str) -> None:
    assert EstablishmentUnitNumber.parse(number).value == number


@pytest.mark.parametrize("text", BAD_UNITS)
def test_what_is_no_establishment_unit_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        EstablishmentUnitNumber.parse(text)
    assert refused.value.code == "invalid_establishment_unit_number"
    assert len(text) < 5 or text not in refused.value.detail


@pytest.mark.parametrize(
    "written",
    [
        *("0206731645", "0206.731.645", "206731645", "206.731.645", "BE0206731645", "BE 0206731645", "BE0206.731.645"),
        *("BE 0206.731.645", "BE206731645", "BE 206.731.645", "  BE 0206.731.645 ", "\t0206731645 "),
    ],
)
def test_all_written_forms_of_an_enterprise_number_are_one_number(written: str) -> None:
    assert CbeNumber.parse(written) == CbeNumber("0206731645")


def test_the_forms_for_people_follow_the_crossroads_bank() -> None:
    assert CbeNumber("0206731645").formatted == "0206.731.645"
    assert EstablishmentUnitNumber("2297964444").formatted == "2.297.964.444"
    assert (str(CbeNumber("0206731645")), str(EstablishmentUnitNumber("2297964444"))) == ("0206731645", "2297964444")


@given(enterprise_numbers)
def test_every_enterprise_number_is_read_back_from_each_of_its_forms(number: str) -> None:
    cbe = CbeNumber.parse(number)
    old = [number[1:], f"BE {number[1:]}"] if number[0] == "0" else []
    for written in [cbe.value, cbe.formatted, f"BE{number}", f"BE {cbe.formatted}", *old]:
        assert CbeNumber.parse(written) == cbe


@given(unit_numbers)
def test_every_establishment_unit_number_is_read_back_from_each_of_its_forms(number: str) -> None:
    unit = EstablishmentUnitNumber.parse(number)
    assert EstablishmentUnitNumber.parse(unit.formatted) == unit


@given(enterprise_numbers, st.integers(0, 9), st.integers(1, 9))
def test_a_single_wrong_digit_in_an_enterprise_number_is_refused(number: str, at: int, by: int) -> None:
    with pytest.raises(InvalidInput):
        CbeNumber.parse(f"{number[:at]}{(int(number[at]) + by) % 10}{number[at + 1 :]}")


@given(unit_numbers, st.integers(0, 9), st.integers(1, 9))
def test_a_single_wrong_digit_in_an_establishment_unit_number_is_refused(number: str, at: int, by: int) -> None:
    with pytest.raises(InvalidInput):
        EstablishmentUnitNumber.parse(f"{number[:at]}{(int(number[at]) + by) % 10}{number[at + 1 :]}")


@given(st.one_of(enterprise_numbers, st.from_regex(r"[01][0-9]{7}(0[1-9]|[1-8][0-9]|9[0-7])", fullmatch=True)))
def test_an_independent_reader_agrees_on_every_enterprise_number(number: str) -> None:
    """python-stdnum also takes check digits 00, 98 and 99, which the formula never gives."""
    try:
        ours: str | None = CbeNumber.parse(number).value
    except InvalidInput:
        ours = None
    assert ours == (vat.validate(number) if vat.is_valid(number) else None)


@pytest.mark.parametrize("number", ["0000009700", "0000009698", "0000009699", "0000000097"])
def test_check_digits_outside_01_to_97_are_refused(number: str) -> None:
    accepted = number == "0000000097"
    assert vat.is_valid(number) or not accepted
    if accepted:
        assert CbeNumber.parse(number).value == number
    else:
        with pytest.raises(InvalidInput):
            CbeNumber.parse(number)


@pytest.mark.parametrize("reader", [CbeNumber.parse, EstablishmentUnitNumber.parse])
@pytest.mark.parametrize("filling", ["0", " ", "BE ", "0.", "\x00"])
def test_an_over_long_text_is_refused_by_its_length(reader: Callable[[str], object], filling: str) -> None:
    text = filling * 100_000
    started = time.perf_counter()
    with pytest.raises(InvalidInput, match="at most 40 characters"):
        reader(text)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("value", ["206731645", "0206.731.645", "BE0206731645", "0206731646", "2297964444", ""])
def test_an_enterprise_number_made_without_reading_must_be_canonical(value: str) -> None:
    with pytest.raises(InvalidInput):
        CbeNumber(value)


@pytest.mark.parametrize("value", ["2.297.964.444", "2297964445", "0206731645", ""])
def test_an_establishment_unit_number_made_without_reading_must_be_canonical(value: str) -> None:
    with pytest.raises(InvalidInput):
        EstablishmentUnitNumber(value)


@given(st.text(max_size=60))
def test_any_text_is_read_as_an_enterprise_number_or_refused(text: str) -> None:
    try:
        number = CbeNumber.parse(text)
    except InvalidInput as refused:
        assert refused.code == "invalid_cbe_number"
    else:
        assert number.value.endswith(text.strip(" \t").replace(".", "").removeprefix("BE").lstrip())


@given(st.text(max_size=60))
def test_any_text_is_read_as_an_establishment_unit_number_or_refused(text: str) -> None:
    try:
        number = EstablishmentUnitNumber.parse(text)
    except InvalidInput as refused:
        assert refused.code == "invalid_establishment_unit_number"
    else:
        assert number.value == text.strip(" \t").replace(".", "")


@pytest.mark.parametrize("text", [206731645, None, b"0206731645", True])
def test_what_is_not_text_is_refused(text: object) -> None:
    for reader in (CbeNumber.parse, EstablishmentUnitNumber.parse):
        with pytest.raises(InvalidInput, match="sent as text"):
            reader(text)  # type: ignore[arg-type]
