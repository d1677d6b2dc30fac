"""Random small countries and random questions about them, crowded enough that most records bear on some question."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from iam.domain.appointments import PortfolioKind, Role
from iam.domain.authorization import Inquiry, Question, SubjectKind
from iam.domain.clients import ClientKind
from iam.domain.delegations import DelegationState
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period, Quarter
from tests.storage import records
from tests.storage.clocks import START

INSTANTS = [START + timedelta(days=number) for number in range(-3, 4)]
ENTERPRISES = [records.EMPLOYER, records.PROVIDER, records.OTHER]
CAPACITIES = [Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER]
PERSONS, CLIENTS, APPOINTMENTS = ["p1", "p2"], ["client1", "client2"], ["a1", "a2", "a3"]
SERVICES, GROUPS, MANDATES, JTIS = ["dimona", "ebox"], ["dmfa-dimona", "works"], ["m1", "m2"], ["t1", "t2"]
QUARTERS = [Quarter(2026, number) for number in (1, 2, 3)]


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(st.sampled_from(INSTANTS[:-1]))
    ends = [None, *(instant for instant in INSTANTS if instant > start)]
    return Period(start, draw(st.sampled_from(ends)))


def _one(make: Any, keys: list[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(make, st.sampled_from(keys), valid=periods(), **fields)


def pick(choices: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


def _actions() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(pick(["declare", "consult"]), unique=True, max_size=2).map(tuple)


RECORDS = st.one_of(
    _one(records.enterprise, ENTERPRISES),
    _one(records.capacity_held, ["c1", "c2", "c3"], enterprise=pick(ENTERPRISES), capacity=pick(CAPACITIES)),
    _one(
        records.appointment,
        APPOINTMENTS,
        enterprise=pick(ENTERPRISES),
        person=pick([*PERSONS, None]),
        role=pick([Role.USER, Role.LOCAL_MANAGER]),
        capacity=pick([*CAPACITIES, None]),
    ),
    _one(
        records.client,
        CLIENTS,
        enterprise=pick(ENTERPRISES),
        capacity=pick(CAPACITIES),
        kind=pick(list(ClientKind)),
        profile_until=pick([None, *INSTANTS]),
        services=pick([(), tuple(SERVICES)]),
        niss_services=pick([(), ("dimona",)]),
    ),
    _one(
        records.grant,
        ["g1", "g2", "g3"],
        holder=pick(APPOINTMENTS + CLIENTS),
        enterprise=pick(ENTERPRISES),
        capacity=pick(CAPACITIES),
        service=pick(SERVICES),
        actions=_actions(),
    ),
    _one(
        records.portfolio,
        ["f1", "f2", "f3"],
        holder=pick(APPOINTMENTS + CLIENTS),
        enterprise=pick(ENTERPRISES),
        kind=pick(list(PortfolioKind)),
        group=pick(["mg1", "mg2", None]),
    ),
    _one(records.member, ["gm1", "gm2", "gm3"], group=pick(["mg1", "mg2"]), mandator=pick(ENTERPRISES)),
    _one(
        records.cover,
        [f"{mandate}/{group}" for mandate in MANDATES for group in GROUPS],
        mandator=pick(ENTERPRISES),
        mandatary=pick(ENTERPRISES),
        mandatary_capacity=pick(CAPACITIES),
    ),
    _one(
        records.delegation,
        ["d1", "d2"],
        mandate=pick(MANDATES),
        mandator=pick(ENTERPRISES),
        receiver=pick(ENTERPRISES),
        receiver_capacity=pick([one.value for one in CAPACITIES]),
        group=pick(GROUPS),
        first_quarter=pick(QUARTERS[:2]),
        last_quarter=pick(QUARTERS[1:]),
        state=pick([DelegationState.VALIDATED, DelegationState.VALIDATED, DelegationState.ENDED]),
    ),
    st.builds(records.activation, pick(ENTERPRISES), pick(SERVICES), valid=periods()),
    st.builds(records.token, pick(JTIS), client=pick(CLIENTS[:1]), revoked_at=pick([None, START])),
)

CHANGES = st.lists(
    st.lists(st.tuples(RECORDS, st.integers(0, 9).map(lambda number: number == 0)), min_size=1, max_size=8), max_size=8
)
"""Units of work: records, and whether each is removed rather than put."""


@st.composite
def questions(draw: st.DrawFn) -> Question:
    kind = draw(pick(list(SubjectKind)))
    citizen = draw(st.integers(0, 9)) == 0
    return Question(
        subject_kind=kind,
        subject=draw(pick(PERSONS if kind is SubjectKind.PERSON else CLIENTS)),
        enterprise=None if citizen else draw(pick(ENTERPRISES)),
        capacity=None if citizen else draw(pick([*CAPACITIES, None])),
        service=draw(pick(SERVICES)),
        action="declare",
        concerned=draw(pick([*ENTERPRISES, None])),
        properties=draw(pick([{}, *({"quarter": quarter} for quarter in QUARTERS)])),
    )


@st.composite
def inquiries(draw: st.DrawFn) -> Inquiry:
    return Inquiry(
        question=draw(questions()),
        groups=draw(pick([(), ("dmfa-dimona",), ("works",), ("dmfa-dimona", "works")])),
        at=draw(pick(INSTANTS)),
        now=draw(pick(INSTANTS)),
        caller=draw(pick(["", *CLIENTS])),
        caller_token=draw(pick(["", *JTIS, "unknown"])),
    )


def known_at(inquiry: Inquiry, instant: datetime) -> Inquiry:
    """The same inquiry, as known at an instant."""
    return replace(inquiry, known_at=instant)
