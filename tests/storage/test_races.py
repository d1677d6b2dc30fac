"""Of 64 writers in four processes who want the same thing at the same moment exactly one gets it."""

from collections import Counter

import pytest

from iam.domain.audit import verify_chain
from iam.domain.enterprises import CapacityHeld
from iam.storage.archive import open_archive
from tests.storage.clocks import SetClock
from tests.storage.racers import RACERS, race


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        ("claim", "claimed before"),
        ("designate", "principal_access_manager_exists"),
        ("take_group", "group_taken"),
        ("name_person", "number_taken"),
        ("register", "enterprise_exists"),
    ],
)
def test_exactly_one_of_64_wins_and_the_others_hear_why(archive_url: str, deed: str, refusal: str) -> None:
    assert Counter(race(archive_url, deed)) == {"won": 1, refusal: RACERS - 1}


def test_every_change_of_64_writers_has_its_own_revision_leaf_and_record_time(archive_url: str) -> None:
    assert Counter(race(archive_url, "write_thrice")) == {"won": RACERS}
    archive = open_archive(archive_url, SetClock())
    leaves = list(archive.leaves())
    assert verify_chain(leaves, archive.head()) == 3 * RACERS
    assert [one.revision for one in leaves] == list(range(1, 3 * RACERS + 1))
    instants = [one.at for one in leaves]
    assert instants == sorted(set(instants))
    for leaf in leaves[:: RACERS // 2]:
        with archive.reading(known_at=leaf.at) as reading:
            assert (reading.revision, len(reading.find(CapacityHeld))) == (leaf.revision, leaf.revision)
    archive.close()
