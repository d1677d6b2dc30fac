"""The premises on each storage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.fapi_client_of_suite import Client, two_clients
from tests.oidc.provider.premises import Premises
from tests.oidc.provider.registration_scene import RegistrationScene
from tests.storage.clocks import SetClock


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[Premises]:
    """The premises on each storage."""
    if request.param == "memory":
        yield Premises(MemoryArchive(clock), clock)
        return
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield Premises(archive, clock)
    archive.close()


@pytest.fixture
def plain_house(clock: SetClock) -> Premises:
    """The premises in memory, where the storage makes no difference."""
    return Premises(MemoryArchive(clock), clock)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Iterator[CodeScene]:
    """A whole house with a client to which people log in, on each engine."""
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield CodeScene(archive, clock, tmp_path)
    archive.close()


@pytest.fixture
def clients(scene: CodeScene) -> tuple[Client, Client]:
    """The two clients of the plan of FAPI 2.0."""
    return two_clients(scene)


@pytest.fixture
def first(clients: tuple[Client, Client]) -> Client:
    """The one that most modules of that plan are about."""
    return clients[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def registration(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Iterator[RegistrationScene]:
    """The whole house, with software that registers itself, on each engine."""
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield RegistrationScene(archive, clock, tmp_path)
    archive.close()


@pytest.fixture
def registering(clock: SetClock, sqlite_copy: str, tmp_path: Path) -> Iterator[RegistrationScene]:
    """The same where the storage makes no difference."""
    archive = open_archive(sqlite_copy, clock)
    yield RegistrationScene(archive, clock, tmp_path)
    archive.close()


@pytest.fixture(scope="module")
def refusing(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistrationScene]:
    """The same for what is refused, after which everything is as it was before: one for all tests of a module."""
    folder = tmp_path_factory.mktemp("refusing")
    shutil.copyfile(empty_database, folder / "procura.db")
    clock = SetClock()
    archive = open_archive(f"sqlite:///{folder / 'procura.db'}", clock)
    yield RegistrationScene(archive, clock, folder)
    archive.close()
