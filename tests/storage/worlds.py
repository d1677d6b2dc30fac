"""Random small countries and random questions about them, crowded enough that most records bear on some question."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from iam.domain.appointments import PortfolioKind, Role
from iam.domain.authorization import Inquiry, Question, SubjectKind
from iam.domain.clients import ClientKind
from iam.domain.delegations import DelegationState
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period, Quarter
from tests.storage import records
from tests.storage.clocks import START

Change = tuple[Any, bool]
"""A record, and whether it is removed rather than put."""

INSTANTS = [START + timedelta(days=number) for number in range(-2, 3)]
ENTERPRISES = [records.EMPLOYER, records.PROVIDER]
MOSTLY_EMPLOYER = [records.EMPLOYER, records.EMPLOYER, records.EMPLOYER, records.PROVIDER]
MOSTLY_PROVIDER = [records.PROVIDER, records.PROVIDER, records.PROVIDER, records.EMPLOYER]
CAPACITIES = [Capacity.SERVICE_PROVIDER, Capacity.SERVICE_PROVIDER, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER]
PERSONS, CLIENTS, APPOINTMENTS = ["p1", "p1", "p2"], ["client1", "client1", "client2"], ["a1", "a2", "a3"]
SERVICES, GROUPS, MANDATES = ["dimona", "dimona", "ebox"], ["dmfa-dimona", "dmfa-dimona", "works"], ["m1", "m2"]
JTIS = ["t1", "t1", "t2"]
QUARTERS = [Quarter(2026, number) for number in (1, 2, 3)]


def changes(seed: int) -> list[list[Change]]:
    """Units of work that build a country and change it."""
    chance = Random(seed)
    return [[_change(chance) for _ in range(chance.randrange(1, 60))] for _ in range(chance.randrange(1, 8))]


def inquiries(seed: int, count: int = 40) -> list[Inquiry]:
    """Questions about such a country, several of them alike."""
    chance = Random(-seed - 1)
    asked = [_inquiry(chance) for _ in range(count // 4)]
    for one in list(asked):
        for concerned in (*ENTERPRISES, None):
            asked.append(replace(one, question=replace(one.question, concerned=concerned)))
    return asked


def _change(chance: Random) -> Change:
    pick = chance.choice
    return pick(_MAKERS)(chance), chance.random() < 0.1


def _period(chance: Random) -> Period:
    if chance.random() < 0.7:
        return records.OPEN
    start, end = sorted(chance.sample(range(len(INSTANTS) + 1), 2))
    return Period(INSTANTS[start], INSTANTS[end] if end < len(INSTANTS) else None)


def _enterprise(chance: Random) -> Any:
    return records.enterprise(chance.choice(ENTERPRISES), valid=_period(chance))


def _capacity(chance: Random) -> Any:
    held = {"enterprise": chance.choice(ENTERPRISES), "capacity": chance.choice(CAPACITIES)}
    return records.capacity_held(chance.choice(["c1", "c2", "c3", "c4"]), **held, valid=_period(chance))


def _appointment(chance: Random) -> Any:
    return records.appointment(
        chance.choice(APPOINTMENTS),
        enterprise=chance.choice(MOSTLY_PROVIDER),
        person=chance.choice([*PERSONS, *PERSONS, None]),
        role=chance.choice([Role.USER, Role.LOCAL_MANAGER]),
        capacity=chance.choice([*CAPACITIES, None]),
        valid=_period(chance),
    )


def _client(chance: Random) -> Any:
    return records.client(
        chance.choice(CLIENTS),
        enterprise=chance.choice(MOSTLY_PROVIDER),
        capacity=chance.choice(CAPACITIES),
        kind=chance.choice(list(ClientKind)),
        profile_until=chance.choice([*[None] * 5, *INSTANTS]),
        valid=_period(chance),
    )


def _grant(chance: Random) -> Any:
    return records.grant(
        chance.choice(["g1", "g2", "g3", "g4", "g5"]),
        holder=chance.choice(APPOINTMENTS + CLIENTS),
        enterprise=chance.choice(MOSTLY_PROVIDER),
        capacity=chance.choice(CAPACITIES),
        service=chance.choice(SERVICES),
        actions=tuple(chance.sample(["declare", "consult"], chance.randrange(3))),
        valid=_period(chance),
    )


def _portfolio(chance: Random) -> Any:
    return records.portfolio(
        chance.choice(["f1", "f2", "f3", "f4", "f5"]),
        holder=chance.choice(APPOINTMENTS + CLIENTS),
        enterprise=chance.choice(MOSTLY_PROVIDER),
        kind=chance.choice(list(PortfolioKind)),
        group=chance.choice(["mg1", "mg2", None]),
        valid=_period(chance),
    )


def _member(chance: Random) -> Any:
    named = {"group": chance.choice(["mg1", "mg2"]), "mandator": chance.choice(MOSTLY_EMPLOYER)}
    return records.member(chance.choice(["gm1", "gm2", "gm3"]), **named, valid=_period(chance))


def _cover(chance: Random) -> Any:
    return records.cover(
        f"{chance.choice(MANDATES)}/{chance.choice(GROUPS)}",
        mandator=chance.choice(MOSTLY_EMPLOYER),
        mandatary=chance.choice(MOSTLY_PROVIDER),
        mandatary_capacity=chance.choice(CAPACITIES),
        valid=_period(chance),
    )


def _delegation(chance: Random) -> Any:
    return records.delegation(
        chance.choice(["d1", "d2", "d3"]),
        mandate=chance.choice(MANDATES),
        mandator=chance.choice(MOSTLY_EMPLOYER),
        giver=chance.choice([*MOSTLY_PROVIDER, records.PROVIDER, records.PROVIDER]),
        receiver=chance.choice(MOSTLY_PROVIDER),
        receiver_capacity=chance.choice(CAPACITIES).value,
        group=chance.choice(GROUPS),
        first_quarter=chance.choice(QUARTERS[:2]),
        last_quarter=chance.choice(QUARTERS[1:]),
        state=chance.choice([*[DelegationState.VALIDATED] * 4, DelegationState.ENDED]),
        valid=_period(chance),
    )


def _activation(chance: Random) -> Any:
    return records.activation(chance.choice(ENTERPRISES), chance.choice(SERVICES), _period(chance))


def _token(chance: Random) -> Any:
    jti = chance.choice(JTIS)
    return records.token(jti, client="client1", revoked_at=chance.choice([None, START]))


_MAKERS = [
    _enterprise,
    _capacity,
    _appointment,
    _client,
    _grant,
    _portfolio,
    _member,
    _cover,
    _cover,
    _delegation,
    _delegation,
    _delegation,
    _activation,
    _token,
]


def _inquiry(chance: Random) -> Inquiry:
    return Inquiry(
        question=_question(chance),
        groups=chance.choice([(), ("dmfa-dimona",), ("dmfa-dimona",), ("dmfa-dimona", "works")]),
        at=chance.choice(INSTANTS),
        now=chance.choice(INSTANTS),
        caller=chance.choice(["", *CLIENTS]),
        caller_token=chance.choice(["", *JTIS, "unknown"]),
        activatable=chance.random() < 0.7,
    )


def _question(chance: Random) -> Question:
    kind = chance.choice(list(SubjectKind))
    citizen = chance.random() < 0.1
    return Question(
        subject_kind=kind,
        subject=chance.choice(PERSONS if kind is SubjectKind.PERSON else CLIENTS),
        enterprise=None if citizen else chance.choice(MOSTLY_PROVIDER),
        capacity=None if citizen else chance.choice([*CAPACITIES, None]),
        service=chance.choice(SERVICES),
        action="declare",
        concerned=chance.choice([*ENTERPRISES, None]),
        properties=chance.choice([{}, *({"quarter": quarter} for quarter in QUARTERS)]),
    )
