"""A sector knows a person by a name of its own, before and after two records prove to be one person."""

import threading
from dataclasses import replace

import pytest

from iam.domain.keys import SealedKey
from iam.domain.persons import Person
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.sealing import BrokenSeal, Sealer
from iam.services.subjects import Subjects, pairwise_secret
from tests.oidc.provider.premises import MemoryChest
from tests.services.worlds import World

FINANCE, SECURITY = "0308357159", "0206731645"


@pytest.fixture
def subjects(world: World) -> Subjects:
    return Subjects(world.archive, PairwiseSubjects(bytes(range(32))))


def person(world: World) -> str:
    """A person with an id as the house gives them: 16 octets in base64url."""
    made = Person(id=f"{len(world.found(Person)):021d}A", known_since=world.clock.at)
    world.record(made)
    return made.id


def test_a_name_leads_back_to_its_person_in_its_own_sector_only(world: World, subjects: Subjects) -> None:
    one = person(world)
    name = subjects.sub_for(one, FINANCE)
    assert subjects.person_of(name, FINANCE) == one
    assert subjects.person_of(name, SECURITY) is None


def test_a_name_of_nobody_leads_nowhere(world: World, subjects: Subjects) -> None:
    person(world)
    for name in ("", "x", "A" * 22, "!" * 22, "A" * 23, "é" * 22):
        assert subjects.person_of(name, FINANCE) is None


def test_the_name_learned_before_a_merge_leads_to_the_record_that_survives(world: World, subjects: Subjects) -> None:
    former, middle, present = (person(world) for _ in range(3))
    name = subjects.sub_for(former, FINANCE)
    for gone, stays in ((former, middle), (middle, present)):
        (record,) = [one for one in world.found(Person) if one.id == gone]
        world.record(replace(record, merged_into=stays))
    assert subjects.person_of(name, FINANCE) == present


def test_the_secret_is_made_once_and_kept_sealed(world: World) -> None:
    chest, sealer = MemoryChest(), Sealer(bytes(range(32)))
    barrier, found = threading.Barrier(6), []

    def ask() -> None:
        barrier.wait()
        found.append(pairwise_secret(world.archive, chest, sealer, world.randomness))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = chest.sealed_keys()
    assert len(set(found)) == 1 and len(found[0]) == 32
    assert found[0] not in kept.blob
    assert [one.leaf.act for one in world.archive.leaves()] == ["pairwise_secret_made"]


def test_a_secret_that_was_altered_is_not_used(world: World) -> None:
    chest, sealer = MemoryChest(), Sealer(bytes(range(32)))
    pairwise_secret(world.archive, chest, sealer, world.randomness)
    (kept,) = chest.sealed_keys()
    spoilt: SealedKey = replace(kept, blob=kept.blob[:-1] + bytes([kept.blob[-1] ^ 1]))
    chest.held = [spoilt]
    with pytest.raises(BrokenSeal):
        pairwise_secret(world.archive, chest, sealer, world.randomness)
