"""What tests of clients begin with: the use-cases, a manager, a key set."""

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period
from iam.services.clients import Clients
from oidc.published_keys import ClientKeyRules
from tests.oidc.provider.forgery import ec_jwk
from tests.oidc.servers_of_clients import ServersOfClients
from tests.services.worlds import LONG_AGO, World

JWKS = {"keys": [ec_jwk(kid="k1")]}


def use_cases(world: World) -> Clients:
    """The use-cases of clients, with the house's own policy about keys."""
    rules = ClientKeyRules(ServersOfClients(), world.clock)
    return Clients(world.archive, world.judge, world.library, world.randomness, rules)


def manager(
    world: World, enterprise: str, role: Role = Role.PRINCIPAL_ACCESS_MANAGER, capacity: Capacity | None = None
) -> Actor:
    """An access manager of an enterprise, logged in."""
    person, _ = world.person()
    appointment = Appointment(
        id=world.randomness.identifier(),
        enterprise=enterprise,
        person=person,
        role=role,
        capacity=capacity,
        domain=None,
        appointed_by=SERVER_OPERATOR,
        tie="",
        valid=Period(world.clock.at - LONG_AGO),
        activated_at=world.clock.at,
    )
    world.record(appointment)
    return world.acting(person, enterprise, capacity)


def leaves(world: World) -> list[str]:
    """The acts in the audit trail, in order."""
    return [one.leaf.act for one in world.archive.leaves()]
