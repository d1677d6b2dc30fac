"""A delegation is for past quarters that the former mandatary handled, and takes exactly the steps of its table."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from iam.domain.delegations import Delegation, DelegationEvent, DelegationState, DelegationTerms
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.domain.periods import Period, Quarter

NOW = datetime(2026, 8, 15, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
S, E = DelegationState, DelegationEvent
ALLOWED = {
    (S.PENDING_OTHER_PARTY, E.VALIDATE): S.VALIDATED,
    (S.PENDING_OTHER_PARTY, E.REFUSE): S.REFUSED,
    (S.PENDING_OTHER_PARTY, E.WITHDRAW): S.WITHDRAWN,
    (S.VALIDATED, E.END): S.VALIDATED,
    (S.VALIDATED, E.ANNUL): S.ENDED,
}
TERMS = DelegationTerms(
    mandator="0206731645",
    giver="0884303369",
    receiver="0403019261",
    receiver_capacity=Capacity.SERVICE_PROVIDER,
    group="dmfa-dimona",
    first_quarter=Quarter(2025, 4),
    last_quarter=Quarter(2026, 2),
)
OTHER = {
    "mandator": "0428759497",
    "giver": "0428759497",
    "receiver": "0428759497",
    "receiver_capacity": Capacity.CERTIFIED_SOCIAL_SECRETARIAT,
    "group": "works",
    "first_quarter": Quarter(2025, 3),
    "last_quarter": Quarter(2026, 1),
}


def delegation(state: DelegationState = S.PENDING_OTHER_PARTY) -> Delegation:
    return Delegation(
        id="d",
        version=1,
        mandate="m",
        mandator=TERMS.mandator,
        giver=TERMS.giver,
        receiver=TERMS.receiver,
        receiver_capacity=TERMS.receiver_capacity.value,
        group=TERMS.group,
        first_quarter=TERMS.first_quarter,
        last_quarter=TERMS.last_quarter,
        proposed_by=TERMS.giver,
        proposer="p",
        content_hash=TERMS.content_hash(),
        state=state,
        valid=Period(NOW),
    )


def spans(*pairs: tuple[Quarter, Quarter]) -> list[Period]:
    return [Period.of_quarters(*pair) for pair in pairs]


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_every_cell_of_the_table_leads_where_it_says_or_is_refused(
    state: DelegationState, event: DelegationEvent
) -> None:
    if (state, event) in ALLOWED:
        assert delegation(state).after(event) == replace(delegation(ALLOWED[state, event]), version=2)
    else:
        with pytest.raises(Conflict, match="delegation_state"):
            delegation(state).after(event)


@pytest.mark.parametrize("field", [one.name for one in fields(DelegationTerms)])
def test_changing_any_term_changes_the_hash(field: str) -> None:
    assert replace(TERMS, **{field: OTHER[field]}).content_hash() != TERMS.content_hash()


def test_a_delegation_remembers_the_terms_it_was_made_of() -> None:
    assert delegation().terms == TERMS


@pytest.mark.parametrize(("one", "other"), [("giver", "receiver"), ("mandator", "receiver"), ("mandator", "giver")])
def test_a_delegation_to_oneself_or_by_the_mandator_is_forbidden(one: str, other: str) -> None:
    with pytest.raises(Forbidden, match="self_delegation"):
        replace(TERMS, **{one: getattr(TERMS, other)}).check(NOW)


@pytest.mark.parametrize("capacity", sorted(set(Capacity) - MANDATARY_CAPACITIES))
def test_only_a_mandatary_capacity_receives(capacity: Capacity) -> None:
    with pytest.raises(InvalidInput, match="not_a_mandatary_capacity"):
        replace(TERMS, receiver_capacity=capacity).check(NOW)


def test_a_last_quarter_before_the_first_is_refused() -> None:
    with pytest.raises(InvalidInput, match="invalid_quarters"):
        replace(TERMS, last_quarter=Quarter(2025, 3)).check(NOW)


@pytest.mark.parametrize(("now", "past"), [(-1, False), (0, True), (1, True)])
def test_a_quarter_is_past_exactly_from_its_end_in_brussels(now: int, past: bool) -> None:
    at = Quarter(2026, 2).end + now * MICROSECOND
    if past:
        TERMS.check(at)
        assert TERMS.last_quarter.end <= at
    else:
        with pytest.raises(InvalidInput, match="quarter_not_past"):
            TERMS.check(at)


@pytest.mark.parametrize(
    ("handled", "all_of_them"),
    [
        (spans((Quarter(2025, 4), Quarter(2026, 2))), True),
        (spans((Quarter(2025, 4), Quarter(2025, 4)), (Quarter(2026, 1), Quarter(2026, 2))), True),
        (spans((Quarter(2025, 4), Quarter(2025, 4)), (Quarter(2026, 2), Quarter(2026, 2))), False),
        (spans((Quarter(2026, 1), Quarter(2026, 2))), False),
        (spans((Quarter(2025, 4), Quarter(2026, 1))), False),
        ([Period(Quarter(2025, 4).end - MICROSECOND, Quarter(2026, 2).start + MICROSECOND)], True),
        ([Period(Quarter(2025, 4).end - MICROSECOND, Quarter(2026, 2).start)], False),
        ([Period(Quarter(2025, 4).end, Quarter(2026, 2).start + MICROSECOND)], False),
        ([], False),
    ],
)
def test_every_delegated_quarter_must_have_been_handled(handled: list[Period], all_of_them: bool) -> None:
    assert TERMS.handled_in(handled) is all_of_them


def test_it_concerns_the_delegated_quarters_and_no_other() -> None:
    near = [Quarter.from_index(TERMS.first_quarter.index + step) for step in range(-1, 4)]
    assert [delegation().concerns(one) for one in near] == [False, True, True, True, False]


@pytest.mark.parametrize(("state", "gives"), [(one, one is S.VALIDATED) for one in S])
def test_only_a_validated_delegation_runs_and_only_in_its_period(state: DelegationState, gives: bool) -> None:
    end = NOW + timedelta(days=10)
    one = replace(delegation(state), valid=Period(NOW, end))
    shown = [one.runs(at) for at in (NOW - MICROSECOND, NOW, end - MICROSECOND, end)]
    assert shown == [False, gives, gives, False]


def test_an_unanswered_proposal_lapses() -> None:
    wait = timedelta(days=90)
    assert [delegation().lapsed(NOW + wait + step * MICROSECOND, wait) for step in (-1, 0)] == [False, True]
    assert not delegation(S.VALIDATED).lapsed(NOW + 2 * wait, wait)


def test_the_proposer_is_named_to_the_own_enterprise_only() -> None:
    named = [delegation().shown_to(one).proposer for one in (TERMS.giver, TERMS.receiver, TERMS.mandator)]
    assert named == ["p", "", ""]


@pytest.mark.parametrize("later", [timedelta(0), MICROSECOND, timedelta(days=400)])
def test_an_end_only_moves_forward(later: timedelta) -> None:
    end = NOW + timedelta(days=10)
    one = delegation(S.VALIDATED).ended(end)
    assert (one.valid, one.state, one.version) == (Period(NOW, end), S.VALIDATED, 2)
    with pytest.raises(Conflict, match="delegation_ended"):
        one.ended(end + later)
    assert one.ended(end - MICROSECOND).valid.end == end - MICROSECOND


def test_a_delegation_ended_before_it_ran_never_ran() -> None:
    one = delegation(S.VALIDATED).ended(NOW)
    assert one.state is S.ENDED
    assert not any(one.runs(NOW + step * MICROSECOND) for step in (-1, 0, 1))
    with pytest.raises(Conflict, match="delegation_state"):
        one.ended(NOW + MICROSECOND)
