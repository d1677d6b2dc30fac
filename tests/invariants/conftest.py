"""The law, and the country in which stories begin, on each storage."""

from collections.abc import Iterator

import pytest

from iam.ports import Law
from policies.book import read_book
from policies.engine import CasbinLaw
from tests import engines
from tests.invariants.storages import Beginning, PostgresqlStorage, SqliteStorage, begin


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture(scope="session")
def other_law() -> Law:
    """The same book with services that ask another login."""
    stricter = {code: {"minimum": "high"} for code in ("dimona", "dmfa", "works", "mahis", "channels")}
    return CasbinLaw(read_book(overrides=stricter))


@pytest.fixture(scope="session")
def in_memory(law: Law, other_law: Law) -> Beginning:
    return begin(law, other_law, None)


@pytest.fixture(scope="session")
def on_sqlite(law: Law, other_law: Law, tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    return begin(law, other_law, SqliteStorage(tmp_path_factory.mktemp("stories")))


@pytest.fixture(scope="session")
def on_postgresql(law: Law, other_law: Law, postgresql_url: str) -> Iterator[Beginning]:
    storage = PostgresqlStorage(postgresql_url)
    yield begin(law, other_law, storage)
    engines.drop_database(postgresql_url, storage.prepared())


@pytest.fixture(scope="session")
def search_seconds(pytestconfig: pytest.Config) -> float:
    """How long the searches may take together."""
    seconds: float = pytestconfig.getoption("--search-seconds")
    return seconds
