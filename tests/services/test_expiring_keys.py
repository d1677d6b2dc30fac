"""Before certificates and weaker profiles of software end, those who can renew them are written to, each time once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Role
from iam.domain.client_registrations import ClientContact
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period
from iam.domain.persons import Contact
from iam.services.expiring_keys import AHEAD, LOOKED_EVERY, ExpiryWarnings, expiries
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk, jwks
from tests.services.worlds import World
from tests.storage import records

PROVIDER = Capacity.SERVICE_PROVIDER


@dataclass
class Post:
    """Takes what is written."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def email(self, _uow: object, address: str, subject: str, text: str) -> None:
        self.sent.append((address, subject, text))

    def sms(self, _uow: object, number: str, text: str) -> None:
        raise AssertionError("nothing goes by short message")


def certified(world: World, **life: float) -> str:
    """A key set with one key whose certificate ends, and one without."""
    key = json.loads(jwks(ec_jwk(kid="k1"), ec_jwk(OTHER_EC, kid="k2")))
    key["keys"][0] |= {"x5c": ["AAAA"], "exp": int((world.clock.at + timedelta(**life)).timestamp())}
    return json.dumps(key)


def software(world: World, enterprise: str, **more: Any) -> Client:
    client = records.client("c1", enterprise=enterprise, capacity=PROVIDER, **more)
    world.record(client, ClientContact(client="c1", emails=("tech@bureau.example",)))
    return client


def appointed(world: World, enterprise: str, key: str, email: str, **more: Any) -> None:
    person, _ = world.person()
    world.record(records.appointment(key, person=person, enterprise=enterprise, **more))
    world.record(Contact(appointment=key, label="L", email=email, phone="+3225550000"))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def look(world: World, post: Post) -> Callable[[], list[str]]:
    """What a worker that begins anew writes: the addresses, of all that it writes at this instant."""

    def written() -> list[str]:
        post.sent.clear()
        ExpiryWarnings(world.archive, world.clock, post, "https://procura.example").warn()
        return [address for address, _, _ in post.sent]

    return written


def test_the_technical_contact_and_the_channel_managers_are_written_to_three_times(
    world: World, look: Callable[[], list[str]]
) -> None:
    number = world.enterprise(PROVIDER)
    top = Role.PRINCIPAL_ACCESS_MANAGER
    appointed(world, number, "a1", "pam@bureau.example", role=top, capacity=None)
    software(world, number, jwks=certified(world, days=90))
    both = ["pam@bureau.example", "tech@bureau.example"]
    end = world.clock.at + timedelta(days=90)
    assert look() == []
    for ahead in AHEAD:
        world.clock.at = end - ahead - timedelta(minutes=1)
        assert look() == []
        world.clock.at = end - ahead + timedelta(minutes=1)
        assert look() == both
        assert look() == []
    world.clock.at = end + timedelta(minutes=1)
    assert look() == []


def test_a_letter_says_in_four_languages_what_ends_and_when(
    world: World, look: Callable[[], list[str]], post: Post
) -> None:
    software(world, world.enterprise(PROVIDER), jwks=certified(world, days=20), label="Payroll")
    assert look() == ["tech@bureau.example"]
    ((_, subject, text),) = post.sent
    assert "Payroll" in subject
    assert all(word in text for word in ("certificaat", "certificat", "Zertifikat", "certificate", "c1"))


def test_the_end_of_a_weaker_profile_is_told(world: World, look: Callable[[], list[str]]) -> None:
    number, until = world.enterprise(PROVIDER), world.clock.at + timedelta(days=20)
    kind = ClientKind.DECLARATION_SERVICE
    software(world, number, profile=Profile.OLDER, profile_until=until, kind=kind, services=("dimona",))
    assert look() == ["tech@bureau.example"]


def test_the_end_of_a_registration_is_told_in_four_languages(
    world: World, look: Callable[[], list[str]], post: Post
) -> None:
    number, now = world.enterprise(PROVIDER), world.clock.at
    software(world, number, label="Payroll", valid=Period(now, now + timedelta(days=61)))
    assert look() == []
    world.clock.at += timedelta(days=2)
    assert look() == ["tech@bureau.example"]
    ((_, subject, text),) = post.sent
    assert subject.startswith("Payroll: its registration ends on")
    assert all(word in text for word in ("eindigt op", "se termine le", "endet am", "ends on", "c1"))
    assert look() == []


def test_only_managers_of_the_capacity_are_written_to(world: World, look: Callable[[], list[str]]) -> None:
    number = world.enterprise(PROVIDER, Capacity.EMPLOYER)
    user = Role.USER
    appointed(world, number, "a1", "plain@bureau.example", role=user, capacity=PROVIDER)
    appointed(world, number, "a2", "technician@bureau.example", role=user, capacity=PROVIDER)
    appointed(world, number, "a3", "elsewhere@bureau.example", role=user, capacity=Capacity.EMPLOYER)
    for holder, capacity in (("a2", PROVIDER), ("a3", Capacity.EMPLOYER)):
        granted = {"holder": holder, "enterprise": number, "capacity": capacity, "service": "channels"}
        world.record(records.grant(f"g{holder}", actions=("manage",), **granted))
    software(world, number, jwks=certified(world, days=20))
    assert look() == ["tech@bureau.example", "technician@bureau.example"]


def test_a_certificate_that_was_replaced_is_told_no_more(world: World, look: Callable[[], list[str]]) -> None:
    number = world.enterprise(PROVIDER)
    software(world, number, jwks=certified(world, days=50))
    assert look() != []
    software(world, number, jwks=jwks(ec_jwk(kid="k1")))
    world.clock.at += timedelta(days=25)
    assert look() == []


def test_a_worker_looks_at_its_clients_from_time_to_time(world: World, post: Post) -> None:
    number = world.enterprise(PROVIDER)
    worker = ExpiryWarnings(world.archive, world.clock, post, "https://procura.example")
    assert worker.warn() == 0
    software(world, number, jwks=certified(world, days=20))
    assert worker.warn() == 0
    world.clock.at += LOOKED_EVERY
    assert worker.warn() == 1


def test_what_ends_first_is_named_first(world: World) -> None:
    until = world.clock.at + timedelta(days=5)
    client = records.client("c1", jwks=certified(world, days=9), profile=Profile.OLDER, profile_until=until)
    assert [(one.what, one.name) for one in expiries(client)] == [("profile", "older"), ("certificate", "k1")]
    ending = replace(client, valid=Period(client.valid.start, world.clock.at + timedelta(days=7)))
    assert [one.what for one in expiries(ending)] == ["profile", "registration", "certificate"]
