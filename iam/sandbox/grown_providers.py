"""The providers of a grown country: their size, their people, and software with keys that follow from the seed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from iam.domain.applications import Catalogue
from iam.domain.appointments import (
    LEGAL_REPRESENTATIVE,
    Appointment,
    Grant,
    GroupMember,
    MandatorGroup,
    Portfolio,
    PortfolioKind,
    Role,
)
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.domain.persons import Contact, Person, PersonNumber
from iam.sandbox.numbers import BIRTH_YEARS, CBE_RADICES, enterprise_number, niss

MANDATES_A_PROVIDER = 2000
FEWEST_PROVIDERS = 5
FIRST_COUNTER = 500
"""Birth counters from here on are for grown countries."""
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownProvider:
    """One provider: its weight tells how many mandators it has, compared with the others."""

    number: str
    capacity: Capacity
    weight: float
    manager: str
    """Person id of its principal access manager, who manages its mandates, too."""
    manager_niss: Niss
    employee: str
    employee_niss: Niss
    client_id: str
    key: ECKey
    """The private key of its software."""


def providers_of(mandates: int, seed: int) -> tuple[GrownProvider, ...]:
    """The providers of a country with so many mandates, largest first: weights fall as in Zipf's law."""
    count = max(FEWEST_PROVIDERS, mandates // MANDATES_A_PROVIDER)
    return tuple(_provider(rank, seed) for rank in range(count))


def _provider(rank: int, seed: int) -> GrownProvider:
    number = enterprise_number(CBE_RADICES[rank]).value
    return GrownProvider(
        number=number,
        capacity=_capacity(rank),
        weight=1 / (rank + 3),
        manager=f"grown-{seed}-manager-{rank:04}",
        manager_niss=_niss(2 * rank),
        employee=f"grown-{seed}-employee-{rank:04}",
        employee_niss=_niss(2 * rank + 1),
        client_id=f"self_service_procura_{number}_grown{rank:05}",
        key=_key(f"{seed}/{number}"),
    )


def _capacity(rank: int) -> Capacity:
    if rank % 50 == 4:
        return Capacity.FULL_SERVICE_SECRETARIAT
    return Capacity.CERTIFIED_SOCIAL_SECRETARIAT if rank % 10 == 1 else Capacity.SERVICE_PROVIDER


def _niss(index: int) -> Niss:
    counter, day = divmod(index, 1095)
    return niss(date(BIRTH_YEARS[0], 1, 1) + timedelta(days=day), FIRST_COUNTER + counter)


def _key(name: str) -> ECKey:
    """A key that anybody who knows the seed can make: good for a sandbox, and nowhere else."""
    secret = int.from_bytes(hashlib.sha256(f"grown {name}".encode()).digest(), "big") % (P256_ORDER - 1) + 1
    point = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
    x, y, d = (_base64url(one) for one in (point.x, point.y, secret))
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": d}, {"use": "sig"})


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def public_jwks(key: ECKey) -> str:
    """The registered key set of one key: its public part, named by its thumbprint (RFC 7638)."""
    public = {**key.as_dict(private=False), "use": "sig", "kid": key.thumbprint()}
    return json.dumps({"keys": [public]}, sort_keys=True, separators=(",", ":"))


def provider_records(provider: GrownProvider, catalogue: Catalogue, since: Period) -> Iterator[object]:
    """The provider as a tenant, with its manager, an employee and software, and what they may use."""
    number, capacity = provider.number, provider.capacity
    yield Enterprise(id=number, valid=since, entered_at=since.start)
    yield CapacityHeld(
        id=f"{number}-recognition",
        enterprise=number,
        capacity=capacity,
        ground=Ground.RECOGNITION,
        reference="grown",
        valid=since,
    )
    manager = _appointment(provider, provider.manager, Role.PRINCIPAL_ACCESS_MANAGER, LEGAL_REPRESENTATIVE, since)
    employee = _appointment(provider, provider.employee, Role.USER, manager.id, since)
    for one, number_of_person in ((manager, provider.manager_niss), (employee, provider.employee_niss)):
        yield from _person(one, number_of_person)
    client = _client(provider, manager.id, since)
    yield client
    for holder in (employee.id, client.id):
        yield from _grants(provider, holder, manager.id, catalogue, since)
    yield _portfolio(provider, client.id, manager.id, PortfolioKind.ALL, None, since)


def portfolio_records(provider: GrownProvider, mandators: list[str], since: Period) -> Iterator[object]:
    """The employee's portfolio: a named group of some of the provider's mandators."""
    group = MandatorGroup(id=f"{provider.number}-group", enterprise=provider.number, name="Desk 1", valid=since)
    yield group
    for mandator in mandators:
        yield GroupMember(
            id=f"{group.id}/{mandator}", group=group.id, enterprise=provider.number, mandator=mandator, valid=since
        )
    holder, giver = f"{provider.employee}-appointment", f"{provider.manager}-appointment"
    yield _portfolio(provider, holder, giver, PortfolioKind.GROUP, group.id, since)


def _person(appointment: Appointment, number: Niss) -> Iterator[object]:
    person = appointment.person or ""
    since = appointment.valid.start
    yield appointment
    yield Contact(appointment=appointment.id, label=person, email=f"{person}@provider.example", phone="")
    yield Person(id=person, known_since=since)
    yield PersonNumber(niss=number.value, person=person, since=since, first_person=person)


def _appointment(provider: GrownProvider, person: str, role: Role, giver: str, since: Period) -> Appointment:
    return Appointment(
        id=f"{person}-appointment",
        enterprise=provider.number,
        person=person,
        role=role,
        capacity=provider.capacity if role is Role.USER else None,
        domain=None,
        appointed_by=giver,
        tie="employee" if giver == LEGAL_REPRESENTATIVE else "",
        valid=since,
        activated_at=since.start,
    )


def _client(provider: GrownProvider, giver: str, since: Period) -> Client:
    return Client(
        id=provider.client_id,
        enterprise=provider.number,
        capacity=provider.capacity,
        kind=ClientKind.TECHNICAL,
        profile=Profile.DEFAULT,
        profile_until=None,
        jwks=public_jwks(provider.key),
        algorithm="ES256",
        services=(),
        niss_services=(),
        label="Payroll software",
        registered_by=giver,
        valid=since,
    )


def _grants(provider: GrownProvider, holder: str, giver: str, catalogue: Catalogue, since: Period) -> Iterator[Grant]:
    """Every service of every application group, in all acts that software may do."""
    for code in sorted({link.service for link in catalogue.links}):
        actions = tuple(sorted(one.name for one in catalogue.services[code].actions.values() if one.client))
        yield Grant(
            id=f"{holder}-{code}",
            holder=holder,
            enterprise=provider.number,
            capacity=provider.capacity,
            service=code,
            actions=actions,
            given_by=giver,
            valid=since,
        )


def _portfolio(
    provider: GrownProvider, holder: str, giver: str, kind: PortfolioKind, group: str | None, since: Period
) -> Portfolio:
    return Portfolio(
        id=f"{holder}-portfolio",
        holder=holder,
        enterprise=provider.number,
        kind=kind,
        group=group,
        given_by=giver,
        valid=since,
    )
