"""One record of every kind that the archive keeps, with every optional field filled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.acceptances import Acceptance, Channel
from iam.domain.appointments import JointAct, MandatorGroup, PortfolioKind
from iam.domain.enterprises import Capacity, FeedPosition, RegisterAnswer
from iam.domain.law import BookOfRecord
from iam.domain.mandate_states import Side, State
from iam.domain.mandate_terms import Terms
from iam.domain.mandates import Mandate
from iam.domain.periods import Period, Quarter
from iam.domain.persons import Contact, Invitation, Person
from tests.storage import records
from tests.storage.clocks import START

ENDING = Period(START, START + timedelta(days=90))


def mandate(key: str = "m1", **fields: Any) -> Mandate:
    terms = Terms(
        mandator=records.EMPLOYER,
        mandatary=records.PROVIDER,
        mandatary_capacity=Capacity.SERVICE_PROVIDER,
        groups=("dmfa-dimona", "works"),
        first_quarter=Quarter(2026, 4),
        last_quarter=Quarter(2027, 2),
        contract_reference="Contract No. 7 “été”",
        evidence_hash="ab" * 32,
        succeeds="m0",
    )
    accepted = Acceptance(
        side=Side.MANDATOR,
        person="p1",
        channel=Channel.MAHIS,
        content_hash=terms.content_hash(),
        at=START + timedelta(microseconds=1),
    )
    plain = Mandate(
        id=key,
        version=4,
        terms=terms,
        state=State.CLOSED,
        proposed_by=Side.MANDATARY,
        proposed_at=START,
        finalised_at=START,
        validated_at=START,
        closed_at=START + timedelta(days=3),
        closed_by=Side.MANDATOR,
        migrated=True,
        acceptances=(accepted, replace(accepted, side=Side.MANDATARY, person="p2")),
    )
    return replace(plain, **fields)


def joint_act() -> JointAct:
    return JointAct(
        id="j1",
        enterprise=records.EMPLOYER,
        kind="withdraw_recognition",
        content='{"a":"b"}',
        content_hash="cd" * 32,
        required=2,
        validated_by=("p1", "p2"),
        started_at=START,
        done_at=START + timedelta(hours=1),
    )


SAMPLES: list[Any] = [
    records.enterprise(entered_at=START, valid=ENDING),
    records.capacity_held(),
    records.activation(),
    records.appointment(domain="dimona", activated_at=START, ended_at=START, tie="manager", valid=ENDING),
    records.appointment("invited", person=None),
    records.grant(actions=()),
    records.portfolio(kind=PortfolioKind.GROUP, group="mg1"),
    MandatorGroup(id="mg1", enterprise=records.PROVIDER, name="Bakers & Söhne", valid=records.OPEN),
    records.member(),
    records.client(profile_until=START, services=("dimona", "dmfa"), niss_services=("dimona",)),
    mandate(),
    mandate("pending", state=State.TO_BE_FINALISED, closed_by=None, closed_at=None, acceptances=()),
    records.cover(),
    records.delegation(),
    joint_act(),
    RegisterAnswer(
        id="r1", enterprise=records.EMPLOYER, asked_at=START, person="p1", function="director", required_signatures=2
    ),
    BookOfRecord(id="book", hash="ef" * 32, text="[rules]\nall = 1\n"),
    FeedPosition(id="employer_directory", sequence=2**40),
    Person(id="p1", known_since=START, merged_into="p2"),
    records.number("85073003328", "p2", first_person="p1"),
    Contact(appointment="a1", label="Jan Janssens", email="jan@example.be", phone="+32470000000"),
    Invitation(appointment="a1", code_hash="01" * 32, expires_at=START, issued_by="a2"),
    records.tenure("m1", 8104, None),
    records.tenure("m2", 8100, 8103),
    records.token(mandator=records.EMPLOYER, revoked_at=START),
]
