"""Terms are refused when no mandate could have them, and bound by a hash that no change escapes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, InvalidInput
from iam.domain.mandate_terms import ProposalRules, Terms, proper_hash, proper_terms
from iam.domain.mandates import Side
from iam.domain.periods import Quarter

RULES = ProposalRules(quarters_ahead=4)
Q3_STARTS = Quarter(2026, 3).start
Q4_STARTS = Quarter(2026, 4).start
MICROSECOND = timedelta(microseconds=1)
TERMS = Terms(
    mandator="0206731645",
    mandatary="0884303369",
    mandatary_capacity=Capacity.SERVICE_PROVIDER,
    groups=("drs-accidents", "works"),
    first_quarter=Quarter(2026, 3),
    last_quarter=Quarter(2026, 4),
    contract_reference="Contract 2026/17",
    evidence_hash="ab" * 32,
    succeeds="former",
)
OTHER = {
    "mandator": "0403019261",
    "mandatary": "0428759497",
    "mandatary_capacity": Capacity.CERTIFIED_SOCIAL_SECRETARIAT,
    "groups": ("works",),
    "first_quarter": Quarter(2026, 4),
    "last_quarter": None,
    "contract_reference": "Contract 2026/18",
    "evidence_hash": "",
    "succeeds": None,
}


def checked(now: datetime = Q3_STARTS, **changed: object) -> Terms:
    return proper_terms(replace(TERMS, **changed), now, RULES)  # type: ignore[arg-type]


def refusal(now: datetime = Q3_STARTS, **changed: object) -> tuple[str, str | None]:
    with pytest.raises((Forbidden, InvalidInput)) as refused:
        checked(now, **changed)
    assert len(refused.value.detail) < 200
    return refused.value.code, refused.value.field


@pytest.mark.parametrize("field", [one.name for one in fields(Terms)])
def test_changing_any_term_changes_the_hash(field: str) -> None:
    assert replace(TERMS, **{field: OTHER[field]}).content_hash() != TERMS.content_hash()


def test_the_hash_of_given_terms_never_changes() -> None:
    assert TERMS.content_hash() == "a2e36bb88d28bd904e507a600b126cee9a3da4e2ba7978ae6b4aec53c6e1c672"


def test_each_side_of_the_terms_is_one_enterprise() -> None:
    assert (TERMS.party(Side.MANDATOR), TERMS.party(Side.MANDATARY)) == (TERMS.mandator, TERMS.mandatary)


def test_proper_terms_are_brought_into_one_canonical_form() -> None:
    written = {
        "groups": ("works", "drs-accidents"),
        "contract_reference": "\t Contract 2026/17 ",
        "evidence_hash": "AB" * 32,
    }
    assert checked(**written) == TERMS
    assert checked(contract_reference="e\u0301").contract_reference == "\u00e9"


def test_a_mandate_to_oneself_is_forbidden() -> None:
    assert refusal(mandatary=TERMS.mandator) == ("self_mandate", "mandatary")


@pytest.mark.parametrize("capacity", sorted(set(Capacity) - MANDATARY_CAPACITIES))
def test_a_capacity_that_acts_for_nobody_else_is_refused(capacity: Capacity) -> None:
    assert refusal(mandatary_capacity=capacity) == ("not_a_mandatary_capacity", "mandatary_capacity")


@pytest.mark.parametrize(
    "groups", [(), ("works", "works"), ("works", "drs-accidents", "works"), tuple(str(one) for one in range(51))]
)
def test_no_groups_too_many_or_one_twice_are_refused(groups: tuple[str, ...]) -> None:
    assert refusal(groups=groups) == ("invalid_groups", "groups")


def test_a_last_quarter_before_the_first_is_refused() -> None:
    first = Quarter(2026, 4)
    assert refusal(first_quarter=first, last_quarter=first.previous) == ("invalid_quarters", "last_quarter")
    assert checked(first_quarter=first, last_quarter=first).last_quarter == first


@pytest.mark.parametrize(
    ("now", "over"), [(Q4_STARTS - MICROSECOND, False), (Q4_STARTS, True), (Q4_STARTS + MICROSECOND, True)]
)
def test_a_period_is_over_exactly_when_its_last_quarter_ends_in_brussels(now: datetime, over: bool) -> None:
    last = Quarter(2026, 3)
    if over:
        assert refusal(now, last_quarter=last) == ("period_over", "last_quarter")
    else:
        assert checked(now, last_quarter=last).last_quarter == last


@pytest.mark.parametrize(("now", "allowed"), [(Q3_STARTS - MICROSECOND, False), (Q3_STARTS, True)])
def test_a_mandate_begins_at_most_the_configured_quarters_ahead(now: datetime, allowed: bool) -> None:
    first = Quarter.from_index(Quarter(2026, 3).index + RULES.quarters_ahead)
    if allowed:
        assert checked(now, first_quarter=first, last_quarter=None).first_quarter == first
    else:
        assert refusal(now, first_quarter=first, last_quarter=None) == ("too_far_ahead", "first_quarter")


def test_a_first_quarter_in_the_past_may_be_proposed() -> None:
    assert checked(first_quarter=Quarter(2019, 1)).first_quarter == Quarter(2019, 1)


@pytest.mark.parametrize(
    "text",
    ["", "  \t ", "x" * 121, "a\nb", "a\x00b", "a\u202eb", "a\u00a0b", "\ud800", "x" * 100_000, 17, None],
)
def test_a_contract_reference_that_cannot_be_shown_is_refused(text: object) -> None:
    assert refusal(contract_reference=text) == ("invalid_contract_reference", "contract_reference")


@pytest.mark.parametrize("length", [1, 120])
def test_a_contract_reference_may_be_short_or_a_line_long(length: int) -> None:
    assert checked(contract_reference="é" * length).contract_reference == "é" * length


@pytest.mark.parametrize("text", ["ab" * 31, "ab" * 33, "g" * 64, "٠" * 64, "ab" * 32 + "\n", "x" * 100_000])
def test_a_document_hash_that_is_none_is_refused(text: str) -> None:
    assert refusal(evidence_hash=text) == ("invalid_hash", "evidence_hash")


def test_a_document_hash_is_optional_in_a_proposal_but_never_empty_where_it_is_asked() -> None:
    assert checked(evidence_hash="").evidence_hash == ""
    with pytest.raises(InvalidInput, match="invalid_hash"):
        proper_hash("", "document_hash")


@pytest.mark.parametrize("text", ["", "a b", "a\x00", "../m", "x" * 65, "é", "m\n"])
def test_what_cannot_be_a_mandate_id_is_refused(text: str) -> None:
    assert refusal(succeeds=text) == ("invalid_mandate_id", "succeeds")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(8000, 8130), st.integers(-3, 12))
def test_what_is_accepted_always_has_an_instant_in_force_ahead(at: datetime, first: int, length: int) -> None:
    now = at.replace(tzinfo=UTC)
    quarters = {"first_quarter": Quarter.from_index(first), "last_quarter": Quarter.from_index(first + length)}
    try:
        terms = checked(now, **quarters)
    except InvalidInput:
        assert length < 0 or quarters["last_quarter"].end <= now or first > Quarter.of(now).index + RULES.quarters_ahead
    else:
        assert terms.last_quarter is not None
        assert max(now, terms.first_quarter.start) < terms.last_quarter.end
