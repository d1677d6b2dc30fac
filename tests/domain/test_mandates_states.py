"""A mandate takes exactly the steps that the table of transitions names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden
from iam.domain.mandates import PENDING, Event, Mandate, Side, State, Terms
from iam.domain.periods import Quarter

T0 = datetime(2026, 8, 15, 10, tzinfo=UTC)
S, E = State, Event
# Written out again, apart from the house's own table: what each state takes, and where that leads.
ALLOWED = {
    (S.TO_BE_FINALISED, E.CHANGE): S.TO_BE_FINALISED,
    (S.TO_BE_FINALISED, E.FINALISE): S.PENDING_OTHER_PARTY,
    (S.TO_BE_FINALISED, E.WITHDRAW): S.WITHDRAWN,
    (S.PENDING_OTHER_PARTY, E.CHANGE): S.TO_BE_FINALISED,
    (S.PENDING_OTHER_PARTY, E.VALIDATE): S.VALIDATED,
    (S.PENDING_OTHER_PARTY, E.SUBMIT_PAPER): S.PENDING_ADMINISTRATION,
    (S.PENDING_OTHER_PARTY, E.REFUSE): S.REFUSED,
    (S.PENDING_OTHER_PARTY, E.WITHDRAW): S.WITHDRAWN,
    (S.PENDING_ADMINISTRATION, E.CONFIRM_PAPER): S.VALIDATED,
    (S.PENDING_ADMINISTRATION, E.REFUSE): S.REFUSED,
    (S.PENDING_ADMINISTRATION, E.WITHDRAW): S.WITHDRAWN,
    (S.VALIDATED, E.CLOSE): S.CLOSED,
    (S.CLOSED, E.CLOSE): S.CLOSED,
}
FORBIDDEN = {
    *product((S.VALIDATED, S.CLOSED), (E.CHANGE, E.FINALISE)),
    (S.CLOSED, E.VALIDATE),
}
CELLS = list(product(State, Event))


def mandate_that_is(state: State) -> Mandate:
    terms = Terms(
        mandator="0206731645",
        mandatary="0884303369",
        mandatary_capacity=Capacity.SERVICE_PROVIDER,
        groups=("works",),
        first_quarter=Quarter(2026, 3),
        last_quarter=None,
        contract_reference="C-1",
    )
    return Mandate(id="m", version=7, terms=terms, state=state, proposed_by=Side.MANDATOR, proposed_at=T0)


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_every_cell_of_the_table_leads_where_it_says_or_is_refused(state: State, event: Event) -> None:
    mandate = mandate_that_is(state)
    if (state, event) in ALLOWED:
        assert mandate.after(event) == replace(mandate, state=ALLOWED[state, event], version=8)
        return
    with pytest.raises((Conflict, Forbidden)) as refused:
        mandate.after(event)
    expected = "accepted_mandate_fixed" if (state, event) in FORBIDDEN else "mandate_state"
    assert refused.value.code == expected


def test_nothing_leads_out_of_a_refused_or_withdrawn_mandate() -> None:
    assert not [cell for cell in ALLOWED if cell[0] in (S.REFUSED, S.WITHDRAWN)]


def test_altering_an_accepted_mandate_is_forbidden_and_says_to_propose_another() -> None:
    with pytest.raises(Forbidden) as refused:
        mandate_that_is(S.VALIDATED).after(E.CHANGE)
    assert refused.value.cure == {"type": "propose_mandate"}


def test_a_validated_mandate_never_becomes_pending_again() -> None:
    reached = {state for (start, _), state in ALLOWED.items() if start in (S.VALIDATED, S.CLOSED)}
    assert reached.isdisjoint(PENDING)


def test_each_side_has_the_other_opposite() -> None:
    assert [side.other for side in (Side.MANDATOR, Side.MANDATARY)] == [Side.MANDATARY, Side.MANDATOR]
