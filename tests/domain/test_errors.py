"""Refusals carry a kind, a reason code, a sentence, and where there are some the field and the cure."""

from __future__ import annotations

import pytest

from iam.domain.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    Refusal,
    RefusalKind,
    StepUpRequired,
    Unavailable,
)

FAMILIES = {
    InvalidInput: RefusalKind.INVALID,
    Forbidden: RefusalKind.FORBIDDEN,
    NotFound: RefusalKind.NOT_FOUND,
    Conflict: RefusalKind.CONFLICT,
    Gone: RefusalKind.GONE,
    Unavailable: RefusalKind.UNAVAILABLE,
    StepUpRequired: RefusalKind.STEP_UP,
}


@pytest.mark.parametrize(("family", "kind"), FAMILIES.items())
def test_each_family_of_refusal_has_its_own_kind(family: type[Refusal], kind: RefusalKind) -> None:
    assert family("some_code", "Do this instead.").kind is kind


def test_every_kind_has_exactly_one_family() -> None:
    assert sorted(FAMILIES.values()) == sorted(RefusalKind)
    assert set(Refusal.__subclasses__()) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_refusal_keeps_code_detail_field_and_cure(family: type[Refusal]) -> None:
    refusal = family("quarter_taken", "Choose a later quarter.", field="first", cure={"quarter": "2027-Q1"})
    assert (refusal.code, refusal.detail) == ("quarter_taken", "Choose a later quarter.")
    assert (refusal.field, refusal.cure) == ("first", {"quarter": "2027-Q1"})
    assert str(refusal) == "quarter_taken: Choose a later quarter."


def test_a_refusal_without_field_and_cure_has_none() -> None:
    refusal = Forbidden("not_a_manager", "Ask a manager.")
    assert (refusal.field, refusal.cure) == (None, None)


def test_the_field_can_be_named_by_whoever_knows_it() -> None:
    refusal = InvalidInput("invalid_niss", "Write eleven digits.")
    assert refusal.at("mandator") is refusal
    assert refusal.field == "mandator"


def test_what_is_unavailable_says_when_to_come_back() -> None:
    assert Unavailable("register_down", "Try again later.").retry_after == 5
    assert Unavailable("register_down", "Try again later.", retry_after=30).retry_after == 30
