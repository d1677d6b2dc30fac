"""Declaration services are registered by the operator, for services of the catalogue, and by nobody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import NotFound, Refusal
from iam.services.client_orders import NewDeclarationService
from iam.services.clients import Clients
from tests.services.client_scenes import JWKS, leaves, manager, use_cases
from tests.services.worlds import World


@pytest.fixture
def clients(world: World) -> Clients:
    return use_cases(world)


def service_order(enterprise: str, **changed: Any) -> NewDeclarationService:
    plain = NewDeclarationService(
        enterprise=enterprise, label="DRS", jwks=JWKS, algorithm="ES256", services=("drs.accident", "dimona")
    )
    return replace(plain, **changed)


def test_the_operator_registers_a_declaration_service(world: World, clients: Clients) -> None:
    administration = world.enterprise(Capacity.ADMINISTRATION)
    client = clients.register_declaration_service(service_order(administration, niss_services=("dimona",)))
    assert client.id.startswith(f"declaration_service_procura_{administration}_")
    assert (client.services, client.niss_services) == (("dimona", "drs.accident"), ("dimona",))
    assert client.registered_by == SERVER_OPERATOR
    assert leaves(world) == ["client_registered"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"services": ()}, "unknown_service"),
        ({"services": ("dimona", "nothing")}, "unknown_service"),
        ({"niss_services": ("works",)}, "unknown_service"),
        ({"profile": Profile.OLDER}, "invalid_profile"),
        ({"profile_until": "ahead"}, "invalid_profile"),
        ({"profile": Profile.OLDER, "profile_until": "now"}, "invalid_profile"),
        ({"capacity": Capacity.EMPLOYER}, "capacity_not_held"),
        ({"enterprise": "0403227515"}, "not_found"),
    ],
)
def test_a_declaration_service_that_does_not_fit_is_refused(
    world: World, clients: Clients, changed: dict[str, Any], code: str
) -> None:
    instants = {"ahead": world.clock.at + timedelta(days=1), "now": world.clock.at}
    if "profile_until" in changed:
        changed = {**changed, "profile_until": instants[changed["profile_until"]]}
    order = service_order(world.enterprise(Capacity.ADMINISTRATION))
    with pytest.raises(Refusal) as refusal:
        clients.register_declaration_service(replace(order, **changed))
    assert refusal.value.code == code
    assert world.found(Client) == []


def test_no_manager_ends_a_declaration_service(world: World, clients: Clients) -> None:
    administration = world.enterprise(Capacity.ADMINISTRATION)
    service = clients.register_declaration_service(service_order(administration))
    actor = manager(world, administration)
    with pytest.raises(NotFound):
        clients.end(actor, service.id)
    with pytest.raises(NotFound):
        clients.replace_keys(actor, service.id, JWKS)
