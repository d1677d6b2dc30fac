"""Of 64 writers in four processes who want the same thing at the same moment exactly one gets it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from iam.domain.enterprises import CapacityHeld
from iam.storage.archive import open_archive
from iam.storage.migrations import upgrade
from tests import engines
from tests.storage.clocks import SetClock
from tests.storage.racers import RACERS, race


@dataclass(frozen=True)
class Raced:
    """A database after all races, and what became of every attempt."""

    url: str
    outcomes: dict[str, list[str]]


def _raced(url: str) -> Raced:
    upgrade(url)
    return Raced(url, race(url))


@pytest.fixture(scope="module")
def raced_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Raced:
    return _raced(f"sqlite:///{tmp_path_factory.mktemp('race')}/procura.db")


@pytest.fixture(scope="module")
def raced_postgresql(postgresql_url: str) -> Iterator[Raced]:
    database = engines.fresh_database(postgresql_url)
    yield _raced(database)
    engines.drop_database(postgresql_url, database)


@pytest.fixture(params=["sqlite", "postgresql"])
def raced(request: pytest.FixtureRequest) -> Raced:
    found: Raced = request.getfixturevalue(f"raced_{request.param}")
    return found


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        ("claim", "claimed before"),
        ("designate", "principal_access_manager_exists"),
        ("take_group", "group_taken"),
        ("name_person", "number_taken"),
        ("register", "enterprise_exists"),
        ("finish_login", "not begun here"),
        ("sign_in", "login_replayed"),
    ],
)
def test_exactly_one_of_64_wins_and_the_others_hear_why(raced: Raced, deed: str, refusal: str) -> None:
    assert Counter(raced.outcomes[deed]) == {"won": 1, refusal: RACERS - 1}


def test_every_change_of_64_writers_has_its_own_revision_leaf_and_record_time(raced: Raced) -> None:
    assert Counter(raced.outcomes["write_thrice"]) == {"won": RACERS}
    archive = open_archive(raced.url, SetClock())
    leaves = [one for one in archive.leaves() if one.leaf.act == "written"]
    assert archive.verify_audit_trail() == len(leaves) + 2 == 3 * RACERS + 2
    before = archive.revision() - 3 * RACERS
    assert [one.revision - before for one in leaves] == list(range(1, 3 * RACERS + 1))
    instants = [one.at for one in leaves]
    assert instants == sorted(set(instants))
    for leaf in leaves[:: RACERS // 2]:
        with archive.reading(known_at=leaf.at) as reading:
            assert (reading.revision, len(reading.find(CapacityHeld))) == (leaf.revision, leaf.revision - before)
    archive.close()
