"""A portal for each test, under the law that Procura comes with."""

from __future__ import annotations

import pytest

from iam.ports import Law
from iam.storage.memory import MemoryArchive
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.admin.counter import Counter
from tests.services.worlds import World
from tests.storage.clocks import SetClock


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture
def counter(law: Law) -> Counter:
    """The portal before anybody came."""
    clock = SetClock()
    return Counter(World(MemoryArchive(clock), clock, law))
