"""The door, afresh for each test: alone, and in the portal on each engine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.ports import Law
from iam.storage.archive import open_archive
from iam.storage.migrations import upgrade
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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_copy(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables."""
    shutil.copyfile(sqlite_template, tmp_path / "procura.db")
    return f"sqlite:///{tmp_path / 'procura.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, law: Law) -> Iterator[OidcPortal]:
    """The portal on each engine, with two providers."""
    clock = SetClock()
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield OidcPortal(archive, World(archive, clock, law), clock)
    archive.close()


@pytest.fixture
def traveller(portal: OidcPortal) -> Traveller:
    """A browser that was never here."""
    return Traveller(portal, portal.browser())
