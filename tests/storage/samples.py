"""One record of every kind that the archive keeps, with every optional field filled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.acceptances import Acceptance, Channel
from iam.domain.appointments import AppointeeByName, JointAct, MandatorGroup, PortfolioKind
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity, FeedPosition, RegisterAnswer
from iam.domain.entry_proposals import EntryProposal, ProposalState
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest, RequestState
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, IdentityState, RequestContact
from iam.domain.law import BookOfRecord
from iam.domain.logins import LoginRecord
from iam.domain.mandate_states import Side, State
from iam.domain.mandate_terms import Terms
from iam.domain.mandates import Mandate
from iam.domain.periods import Period, Quarter
from iam.domain.persons import Contact, Invitation, Person
from iam.domain.sessions import Session
from iam.domain.visits import LoginFlow, Visit
from tests.storage import records
from tests.storage.authorization_samples import AUTHORIZATION_SAMPLES
from tests.storage.clocks import START
from tests.storage.credential_samples import CREDENTIALS

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


def session(key: str = "ab" * 32, **fields: Any) -> Session:
    plain = Session(
        id=key,
        login="l1",
        person="p1",
        provider="itsme",
        key=LoginKey.ITSME,
        assurance=Assurance.HIGH,
        authenticated_at=START,
        reference="r-1",
        provider_session="sid-1",
        logout_hint="0a0b",
        personal="",
        enterprise=records.PROVIDER,
        capacity=Capacity.SERVICE_PROVIDER,
        mandator=records.EMPLOYER,
        started_at=START,
        seen_at=START,
        expires_at=START + timedelta(hours=10),
        device="Firefox, Linux",
        country="BE",
    )
    return replace(plain, **fields)


def login_record(key: str = "l1", **fields: Any) -> LoginRecord:
    plain = LoginRecord(
        id=key,
        person="p1",
        provider="eidas",
        key=LoginKey.EIDAS,
        at=START,
        result="signed_in",
        assurance=Assurance.SUBSTANTIAL,
        issued_in="EE",
        device="Firefox, Linux",
        country="BE",
        service="dimona",
        expires_at=START + timedelta(days=183),
    )
    return replace(plain, **fields)


def visit(key: str = "cd" * 32) -> Visit:
    return Visit(
        id=key,
        return_to="/mandates",
        service="dimona",
        action="declare",
        kept_form='{"quarter":"2026Q4"}',
        pending="{}",
        expires_at=START,
    )


def login_flow(key: str = "ef" * 32) -> LoginFlow:
    return LoginFlow(
        id=key, visit="cd" * 32, provider="itsme", details='{"nonce":"n"}', began_at=START, expires_at=START
    )


def foreign_identity(key: str = "01" * 32) -> ForeignIdentity:
    return ForeignIdentity(
        id=key,
        provider="eidas",
        issued_in="EE",
        person="p1",
        state=IdentityState.LINKED,
        family_name="Tamm",
        given_name="Mari",
        born="1990-02-28",
        stated_number="",
        vouched=Assurance.HIGH,
        asked_at=START,
        decided_at=START,
        last_seen_at=START,
    )


def foreign_representation(key: str = "23" * 32) -> ForeignRepresentation:
    return ForeignRepresentation(
        id=key,
        person="p1",
        provider="eidas",
        issued_in="EE",
        identifier="EE/BE/12345678",
        name="Õun OÜ",
        assurance=Assurance.SUBSTANTIAL,
        first_said_at=START,
        last_said_at=START + timedelta(days=1),
    )


def entry_proposal(key: str = "ep1") -> EntryProposal:
    return EntryProposal(
        id=key,
        enterprise=records.EMPLOYER,
        person="p1",
        representation="ab" * 32,
        issued_in="DE",
        identifier="DE/BE/HRB12345",
        name="Dachbau Müller GmbH",
        said_at=START,
        state=ProposalState.ACCEPTED,
        proposed_at=START,
        decided_at=START,
        appointment="a1",
    )


def foreign_enterprise_request(key: str = "fe1") -> ForeignEnterpriseRequest:
    return ForeignEnterpriseRequest(
        id=key,
        name="Dachbau Müller GmbH",
        country="DE",
        registered_as="HRB 12345",
        address="Hauptstraße 1, Aachen",
        purpose="Works in Eupen",
        state=RequestState.GRANTED,
        asked_at=START,
        decided_at=START,
        ground="File 2026/17",
        enterprise=records.EMPLOYER,
        appointment="a1",
        representation="ab" * 32,
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
    AppointeeByName(appointment="a1", family_name="Müller", given_name="Jana", born="1985-07-30"),
    Invitation(appointment="a1", code_hash="01" * 32, expires_at=START, issued_by="a2"),
    records.tenure("m1", 8104, None),
    records.tenure("m2", 8100, 8103),
    records.token(mandator=records.EMPLOYER, revoked_at=START),
    session(),
    session("ac" * 32, enterprise=None, capacity=None, mandator=None, provider_session="", logout_hint=""),
    login_record(),
    login_record("l2", result="key_not_admitted", assurance=None),
    visit(),
    login_flow(),
    foreign_identity(),
    foreign_representation(),
    entry_proposal(),
    replace(entry_proposal("ep2"), state=ProposalState.WAITING, decided_at=None, appointment=None),
    RequestContact(
        request="fe1", name="Jan", email="jan@example.org", phone="+49241000000", language="de", expires_at=START
    ),
    foreign_enterprise_request(),
    replace(
        foreign_enterprise_request("fe2"),
        state=RequestState.WAITING,
        decided_at=None,
        ground="",
        enterprise=None,
        appointment=None,
        representation=None,
    ),
    *CREDENTIALS,
    *AUTHORIZATION_SAMPLES,
]
