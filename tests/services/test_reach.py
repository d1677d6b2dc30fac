"""Nobody widens, by keys or by portfolios, the use of what lies beyond their own reach."""

import json
from dataclasses import replace

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, Appointment, PortfolioKind, Role
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.services.client_orders import NewClient
from iam.services.clients import Clients
from iam.services.grants import Grants, NewGrant
from iam.services.portfolios import NewPortfolio, Portfolios
from tests.services.worlds import World

PROVIDER = Capacity.SERVICE_PROVIDER


def _written(keys: object, _: str) -> str:
    return json.dumps(keys)


class AnyKeys:
    """Key sets are judged elsewhere: here any JSON is one."""

    def accept(self, jwks: object, _algorithm: str, _enterprise: str) -> str:
        return json.dumps(jwks)

    def fetched(self, uri: str, _algorithm: str, _enterprise: str) -> str:
        raise AssertionError(f"no server is asked here: {uri}")


class Provider:
    """A provider with a principal access manager, a group manager of another domain, and payroll software."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.firm = world.enterprise(PROVIDER)
        self.top = self.manager(Role.PRINCIPAL_ACCESS_MANAGER, None, None)
        self.narrow = self.manager(Role.GROUP_MANAGER, PROVIDER, "works")
        self.grants = Grants(world.archive, world.judge, world.library, world.randomness)
        self.portfolios = Portfolios(world.archive, world.judge, world.library, world.randomness)
        self.clients = Clients(world.archive, world.judge, world.library, world.randomness, AnyKeys())
        order = NewClient(capacity=PROVIDER, label="payroll", jwks={"keys": ["old"]}, algorithm="ES256")
        self.client = self.clients.register(self.top, order).id
        self.grants.give(
            self.top, NewGrant(holder=self.client, capacity=PROVIDER, service="dimona", actions=("declare",))
        )

    def manager(self, role: Role, capacity: Capacity | None, domain: str | None) -> Actor:
        """A manager of this provider."""
        person = self.world.person()[0]
        appointment = Appointment(
            id=self.world.randomness.identifier(),
            enterprise=self.firm,
            person=person,
            role=role,
            capacity=capacity,
            domain=domain,
            appointed_by=SERVER_OPERATOR,
            tie="",
            valid=Period(self.world.clock.at),
        )
        self.world.record(appointment)
        return self.world.acting(person, self.firm, capacity)


@pytest.fixture
def provider(world: World) -> Provider:
    return Provider(world)


def test_a_manager_of_another_domain_cannot_put_own_keys_into_software(provider: Provider, world: World) -> None:
    with pytest.raises(Forbidden, match="beyond_own_reach"):
        provider.clients.replace_keys(provider.narrow, provider.client, {"keys": ["mine"]})
    assert world.found(Client, enterprise=provider.firm)[0].jwks == json.dumps({"keys": ["old"]})
    provider.clients.replace_keys(provider.top, provider.client, {"keys": ["new"]})
    assert world.found(Client, enterprise=provider.firm)[0].jwks == json.dumps({"keys": ["new"]})


def test_a_manager_of_another_domain_cannot_widen_a_portfolio(provider: Provider, world: World) -> None:
    order = NewPortfolio(holder=provider.client, kind=PortfolioKind.ALL)
    with pytest.raises(Forbidden, match="beyond_own_reach"):
        provider.portfolios.give(provider.narrow, order)
    assert provider.portfolios.give(provider.top, order).holder == provider.client


def test_a_manager_of_another_domain_cannot_widen_a_group_that_a_portfolio_names(
    provider: Provider, world: World
) -> None:
    mandator = CbeNumber.parse(world.enterprise(Capacity.EMPLOYER))
    group = provider.portfolios.open_group(provider.narrow, "north").id
    provider.portfolios.add(provider.narrow, group, mandator)
    provider.portfolios.give(
        provider.top, NewPortfolio(holder=provider.client, kind=PortfolioKind.ALL_BUT, group=group)
    )
    with pytest.raises(Forbidden, match="beyond_own_reach"):
        provider.portfolios.drop(provider.narrow, group, mandator)
    provider.portfolios.drop(provider.top, group, mandator)


def test_who_was_given_the_channels_reaches_as_far_as_the_giver(provider: Provider, world: World) -> None:
    user = world.user(provider.firm, PROVIDER)
    holder = world.found(Appointment, person=user.person)[0].id
    provider.grants.give(
        provider.top, NewGrant(holder=holder, capacity=PROVIDER, service="channels", actions=("manage",))
    )
    changed = provider.clients.replace_keys(replace(user), provider.client, {"keys": ["technical"]})
    assert changed.jwks == json.dumps({"keys": ["technical"]})
