"""Records of every kind for tests, complete and small, of which each test names what matters to it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from iam.domain.appointments import (
    LEGAL_REPRESENTATIVE,
    Appointment,
    Grant,
    GroupMember,
    Portfolio,
    PortfolioKind,
    Role,
)
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.audit import Leaf
from iam.domain.authorization import Inquiry, Question, SubjectKind
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.enterprises import Activation, Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.mandates import Cover, Tenure
from iam.domain.periods import Period, Quarter
from iam.domain.persons import PersonNumber
from iam.domain.sessions import Session
from iam.domain.tokens import IssuedToken
from tests.storage.clocks import START

T = TypeVar("T")
EMPLOYER, PROVIDER, OTHER = "0206731645", "0403227515", "0416377646"
OPEN = Period(datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
LEAF = Leaf(act="tested", actor="someone", caller="", objects={"thing": "1"})


def enterprise(number: str = EMPLOYER, **fields: Any) -> Enterprise:
    return replace(Enterprise(id=number, valid=OPEN), **fields)


def appointment(key: str = "a1", **fields: Any) -> Appointment:
    plain = Appointment(
        id=key,
        enterprise=EMPLOYER,
        person="p1",
        role=Role.USER,
        capacity=Capacity.EMPLOYER,
        domain=None,
        appointed_by=LEGAL_REPRESENTATIVE,
        tie="",
        valid=OPEN,
    )
    return replace(plain, **fields)


def access_manager(key: str, **fields: Any) -> Appointment:
    return appointment(key, role=Role.PRINCIPAL_ACCESS_MANAGER, capacity=None, **fields)


def grant(key: str = "g1", **fields: Any) -> Grant:
    plain = Grant(
        id=key,
        holder="a1",
        enterprise=EMPLOYER,
        capacity=Capacity.EMPLOYER,
        service="dimona",
        actions=("declare", "consult"),
        given_by="a0",
        valid=OPEN,
    )
    return replace(plain, **fields)


def portfolio(key: str = "f1", **fields: Any) -> Portfolio:
    plain = Portfolio(
        id=key, holder="a1", enterprise=EMPLOYER, kind=PortfolioKind.ALL, group=None, given_by="a0", valid=OPEN
    )
    return replace(plain, **fields)


def member(key: str = "m1", **fields: Any) -> GroupMember:
    return replace(GroupMember(id=key, group="mg1", enterprise=PROVIDER, mandator=EMPLOYER, valid=OPEN), **fields)


def capacity_held(key: str = "c1", **fields: Any) -> CapacityHeld:
    plain = CapacityHeld(
        id=key,
        enterprise=EMPLOYER,
        capacity=Capacity.EMPLOYER,
        ground=Ground.EMPLOYER_DIRECTORY,
        reference="nsso:100006",
        valid=OPEN,
    )
    return replace(plain, **fields)


def client(key: str = "client1", **fields: Any) -> Client:
    plain: dict[str, Any] = {
        "id": key,
        "enterprise": PROVIDER,
        "capacity": Capacity.SERVICE_PROVIDER,
        "kind": ClientKind.TECHNICAL,
        "profile": Profile.DEFAULT,
        "profile_until": None,
        "jwks": "{}",
        "algorithm": "ES256",
        "services": (),
        "niss_services": (),
        "label": "Payroll",
        "registered_by": "a0",
        "valid": OPEN,
    }
    return Client(**{**plain, **fields})


def cover(key: str = "m1/dmfa-dimona", **fields: Any) -> Cover:
    mandate, group = key.split("/")
    plain = Cover(
        id=key,
        mandate=mandate,
        mandate_version=3,
        mandator=EMPLOYER,
        mandatary=PROVIDER,
        mandatary_capacity=Capacity.SERVICE_PROVIDER,
        group=group,
        valid=OPEN,
    )
    return replace(plain, **fields)


def tenure(mandate: str, first: int, last: int | None, *, group: str = "dmfa-dimona") -> Tenure:
    return Tenure(mandate=mandate, mandator=EMPLOYER, group=group, first_quarter=first, last_quarter=last)


def number(niss: str, person: str, first_person: str | None = None) -> PersonNumber:
    return PersonNumber(niss=niss, person=person, since=START, first_person=first_person or person)


def token(jti: str = "t1", **fields: Any) -> IssuedToken:
    plain: dict[str, Any] = {
        "jti": jti,
        "client": "client1",
        "enterprise": PROVIDER,
        "capacity": Capacity.SERVICE_PROVIDER,
        "mandator": None,
        "service": "dimona",
        "scopes": ("scope:dimona:declaration:declare",),
        "issued_at": START,
        "expires_at": START,
    }
    return IssuedToken(**{**plain, **fields})


def session(name: str = "", at: datetime = START, **fields: Any) -> Session:
    """A login of that instant which lasts ten hours, for nobody but the person."""
    plain: dict[str, Any] = {
        "id": name,
        "login": name or "l1",
        "person": "p1",
        "provider": "itsme",
        "key": LoginKey.ITSME,
        "assurance": Assurance.HIGH,
        "authenticated_at": at,
        "reference": name or "r",
        "provider_session": "",
        "logout_hint": "",
        "personal": "",
        "enterprise": None,
        "capacity": None,
        "mandator": None,
        "started_at": at,
        "seen_at": at,
        "expires_at": at + timedelta(hours=10),
        "device": "",
        "country": "",
    }
    return Session(**{**plain, **fields})


def delegation(key: str = "d1", **fields: Any) -> Delegation:
    plain: dict[str, Any] = {
        "id": key,
        "version": 2,
        "mandate": "m1",
        "mandator": EMPLOYER,
        "giver": OTHER,
        "receiver": PROVIDER,
        "receiver_capacity": "service_provider",
        "group": "dmfa-dimona",
        "first_quarter": Quarter(2026, 1),
        "last_quarter": Quarter(2026, 2),
        "proposed_by": OTHER,
        "proposer": "p9",
        "content_hash": "0" * 64,
        "state": DelegationState.VALIDATED,
        "valid": OPEN,
    }
    return Delegation(**{**plain, **fields})


def activation(enterprise: str = EMPLOYER, service: str = "ebox", valid: Period = OPEN) -> Activation:
    return Activation(id=f"{enterprise}/{service}", enterprise=enterprise, service=service, valid=valid)


def inquiry(**fields: Any) -> Inquiry:
    """The provider's client acts for the employer under the group dmfa-dimona."""
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject="client1",
        enterprise=PROVIDER,
        capacity=Capacity.SERVICE_PROVIDER,
        service="dimona",
        action="declare",
        concerned=EMPLOYER,
    )
    asked = {name: fields.pop(name) for name in list(fields) if hasattr(question, name)}
    plain = Inquiry(question=replace(question, **asked), groups=("dmfa-dimona",), at=START, now=START)
    return replace(plain, **fields)
