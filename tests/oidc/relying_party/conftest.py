"""The door, afresh for each test: alone, and in the portal on each engine."""

from collections.abc import Iterator

import pytest

from iam.ports import Law
from iam.storage.archive import open_archive
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.oidc.relying_party.a_portal import OidcPortal, Traveller
from tests.oidc.relying_party.premises import Premises
from tests.services.worlds import World
from tests.storage.clocks import SetClock


@pytest.fixture
def door() -> Premises:
    return Premises()


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture(params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, law: Law, clock: SetClock) -> Iterator[OidcPortal]:
    """The portal on each engine, with two providers."""
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield OidcPortal(archive, World(archive, clock, law), clock)
    archive.close()


@pytest.fixture
def traveller(portal: OidcPortal) -> Traveller:
    """A browser that was never here."""
    return Traveller(portal, portal.browser())
