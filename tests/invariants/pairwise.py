"""I24: everybody has another name in each sector, always the same one, that leads back only there and tells nothing."""

from __future__ import annotations

from iam.domain.persons import Person
from tests.invariants.cast import BAKERY, NUMBERS, PROVIDER
from tests.invariants.genesis import Story

SECTORS = (BAKERY, PROVIDER)


def check_pairwise(story: Story) -> None:
    """Over all people and two sectors, in each house."""
    people = [one.id for one in story.all(Person)]
    for house in story.houses:
        subjects = house.subjects
        names = {(person, sector): subjects.sub_for(person, sector) for person in people for sector in SECTORS}
        assert len(set(names.values()) | set(people)) == len(names) + len(people)
        for (person, sector), name in names.items():
            elsewhere = next(one for one in SECTORS if one != sector)
            assert subjects.person_of(name, sector) == surviving(story, person)
            assert subjects.person_of(name, elsewhere) is None
            assert not any(number.value in name for number in NUMBERS.values())


def surviving(story: Story, person: str) -> str:
    """The record that a person's record was merged into, or itself."""
    record = next(one for one in story.all(Person) if one.id == person)
    return surviving(story, record.merged_into) if record.merged_into else person
