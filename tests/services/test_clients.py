"""Software is registered by those who manage the channels of its enterprise, with fit keys, and ended at once."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment, Grant, Portfolio, PortfolioKind, Role
from iam.domain.assurance import Assurance
from iam.domain.authorization import Question, SubjectKind
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Refusal, StepUpRequired
from iam.domain.periods import Period
from iam.services.authorization import Ask
from iam.services.client_orders import NewClient
from iam.services.clients import Clients
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk, rsa_jwk
from tests.services.client_scenes import JWKS, leaves, manager, use_cases
from tests.services.worlds import World


@pytest.fixture
def clients(world: World) -> Clients:
    return use_cases(world)


@pytest.fixture
def employer(world: World) -> str:
    return world.enterprise(Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER)


def order(**changed: Any) -> NewClient:
    plain = NewClient(capacity=Capacity.EMPLOYER, label="Payroll", jwks=JWKS, algorithm="ES256")
    return replace(plain, **changed)


def test_a_manager_registers_software_of_the_own_enterprise(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order(label=" Payroll "))
    assert re.fullmatch(rf"self_service_procura_{employer}_[a-z0-9]{{10}}", client.id)
    assert (client.kind, client.label, client.profile) == (ClientKind.TECHNICAL, "Payroll", Profile.DEFAULT)
    assert clients.find(client.id) == client
    assert world.found(Appointment, person=actor.person)[0].id == client.registered_by
    assert leaves(world) == ["client_registered"]


def test_a_registration_alone_gives_no_right(world: World, clients: Clients, employer: str) -> None:
    client = clients.register(manager(world, employer), order())
    world.clock.advance(seconds=1)
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject=client.id,
        enterprise=employer,
        capacity=Capacity.EMPLOYER,
        service="dimona",
        action="declare",
        concerned=employer,
    )
    assert world.judge.decide(Ask(question=question)).reason == "no_grant"


def test_two_clients_never_share_an_id(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    assert len({clients.register(actor, order()).id for _ in range(20)}) == 20


def test_a_user_manages_channels_only_when_that_was_given(world: World, clients: Clients, employer: str) -> None:
    manager(world, employer)
    with pytest.raises(Forbidden):
        clients.register(world.user(employer, Capacity.EMPLOYER), order())
    given = world.user(employer, Capacity.EMPLOYER, "channels:manage")
    assert clients.register(given, order()).enterprise == employer


def test_a_manager_of_one_capacity_registers_nothing_in_another(world: World, clients: Clients, employer: str) -> None:
    manager(world, employer)
    local = manager(world, employer, Role.LOCAL_MANAGER, Capacity.EMPLOYER)
    with pytest.raises(Forbidden):
        clients.register(local, order(capacity=Capacity.SERVICE_PROVIDER))
    assert clients.register(local, order()).capacity is Capacity.EMPLOYER


def test_a_weak_login_registers_nothing(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    weak = world.acting(actor.person, employer, None, Assurance.LOW)
    with pytest.raises(StepUpRequired):
        clients.register(weak, order())


def test_a_capacity_that_is_not_held_takes_no_client(world: World, clients: Clients, employer: str) -> None:
    with pytest.raises(Refusal) as refusal:
        clients.register(manager(world, employer), order(capacity=Capacity.FULL_SERVICE_SECRETARIAT))
    assert refusal.value.code == "capacity_not_held"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"jwks": {"keys": []}}, "invalid_client_metadata"),
        ({"jwks": "https://evil.example/jwks"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{**ec_jwk(), "d": "AAAA"}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [rsa_jwk()]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [ec_jwk(kid=f"k{number}") for number in range(30)]}}, "invalid_client_metadata"),
        ({"algorithm": "HS256"}, "invalid_client_metadata"),
        ({"algorithm": "none"}, "invalid_client_metadata"),
        ({"label": ""}, "invalid_label"),
        ({"label": "x" * 101}, "invalid_label"),
        ({"label": "pay\u202eroll"}, "invalid_label"),
        ({"label": "pay\nroll"}, "invalid_label"),
    ],
)
def test_keys_algorithms_and_labels_are_judged_before_anything_is_recorded(
    world: World, clients: Clients, employer: str, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        clients.register(manager(world, employer), order(**changed))
    assert refusal.value.code == code
    assert world.found(Client) == []


def test_without_a_principal_access_manager_nothing_is_registered(
    world: World, clients: Clients, employer: str
) -> None:
    local = manager(world, employer, Role.LOCAL_MANAGER, Capacity.EMPLOYER)
    with pytest.raises(Conflict) as refusal:
        clients.register(local, order())
    assert refusal.value.code == "no_active_principal_access_manager"


def test_keys_are_replaced_as_a_whole_and_may_overlap(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order())
    both = clients.replace_keys(actor, client.id, {"keys": [ec_jwk(kid="k1"), ec_jwk(OTHER_EC, kid="k2")]})
    assert [key["kid"] for key in json.loads(both.jwks)["keys"]] == ["k1", "k2"]
    new = clients.replace_keys(actor, client.id, {"keys": [ec_jwk(OTHER_EC, kid="k2")]})
    assert [key["kid"] for key in json.loads(new.jwks)["keys"]] == ["k2"]
    assert clients.find(client.id) == new
    assert leaves(world) == ["client_registered", "client_keys_replaced", "client_keys_replaced"]


def test_replacing_keys_by_the_same_keys_changes_nothing(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order())
    revision = world.archive.revision()
    assert clients.replace_keys(actor, client.id, JWKS) == client
    assert (world.archive.revision(), leaves(world)) == (revision, ["client_registered"])


def test_keys_of_another_algorithm_cannot_replace(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order())
    with pytest.raises(InvalidInput):
        clients.replace_keys(actor, client.id, {"keys": [rsa_jwk()]})


def test_another_enterprises_client_is_refused_like_one_that_does_not_exist(
    world: World, clients: Clients, employer: str
) -> None:
    client = clients.register(manager(world, employer), order())
    stranger = manager(world, world.enterprise(Capacity.EMPLOYER))
    told = []
    for client_id in (client.id, "nobody"):
        for act in (clients.show, clients.end, lambda who, one: clients.replace_keys(who, one, JWKS)):
            with pytest.raises(NotFound) as refusal:
                act(stranger, client_id)
            told.append((refusal.value.code, refusal.value.detail))
    assert len(set(told)) == 1
    assert clients.listed(stranger) == []
    assert clients.find(client.id) == client


def test_who_may_not_manage_learns_nothing_of_what_exists(world: World, clients: Clients, employer: str) -> None:
    client = clients.register(manager(world, employer), order())
    user = world.user(employer, Capacity.EMPLOYER)
    for client_id in (client.id, "nobody"):
        with pytest.raises(Forbidden):
            clients.end(user, client_id)


def test_ending_a_client_ends_what_it_was_given(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order())
    since = Period(world.clock.at)
    world.record(
        Grant(
            id="g1",
            holder=client.id,
            enterprise=employer,
            capacity=Capacity.EMPLOYER,
            service="dimona",
            actions=("declare",),
            given_by="a0",
            valid=since,
        ),
        Portfolio(
            id="f1",
            holder=client.id,
            enterprise=employer,
            kind=PortfolioKind.ALL,
            group=None,
            given_by="a0",
            valid=since,
        ),
    )
    ends = world.clock.advance(hours=1)
    clients.end(actor, client.id)
    held = [*(one.valid for one in world.found(Client)), *(one.valid for one in world.found(Grant))]
    assert [one.end for one in [*held, *(one.valid for one in world.found(Portfolio))]] == [ends] * 3
    with pytest.raises(Conflict):
        clients.end(actor, client.id)
    with pytest.raises(Conflict):
        clients.replace_keys(actor, client.id, JWKS)


def test_a_client_may_be_ended_ahead_but_not_in_the_past(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    client = clients.register(actor, order())
    with pytest.raises(InvalidInput):
        clients.end(actor, client.id, world.clock.at - timedelta(seconds=1))
    ahead = world.clock.at + timedelta(days=1)
    assert clients.end(actor, client.id, ahead).valid.end == ahead


def test_clients_are_listed_by_enterprise_and_capacity(world: World, clients: Clients, employer: str) -> None:
    actor = manager(world, employer)
    first = [clients.register(actor, order()).id for _ in range(3)]
    other = clients.register(actor, order(capacity=Capacity.SERVICE_PROVIDER)).id
    assert [one.id for one in clients.listed(actor)] == sorted([*first, other])
    local = manager(world, employer, Role.LOCAL_MANAGER, Capacity.SERVICE_PROVIDER)
    assert [one.id for one in clients.listed(local)] == [other]
    page = clients.listed(actor, limit=2)
    assert [one.id for one in (*page, *clients.listed(actor, after=page[-1].id))] == sorted([*first, other])
