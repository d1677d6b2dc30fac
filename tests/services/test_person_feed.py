"""What the register of persons says of numbers makes one person of two, and never more than it says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from iam.domain.enterprises import Capacity, FeedPosition
from iam.domain.errors import Conflict, Unavailable
from iam.domain.feeds import RefusedLine
from iam.domain.identifiers import Niss
from iam.domain.persons import NumberReplaced, Person, PersonNumber
from iam.services.people import People, numbers_known, person_for, person_named, surviving
from iam.services.person_feed import PersonFeed
from tests.services.worlds import World

BIS, OTHER_BIS, NATIONAL, OTHER = (
    Niss.parse(one) for one in ("98472899765", "01490700185", "17073003384", "00003241778")
)


@dataclass
class PlayedRegister:
    """A change feed of numbers."""

    world: World
    lines: list[NumberReplaced | RefusedLine] = field(default_factory=list)
    silent: bool = False

    def changes_after(self, sequence: int, limit: int) -> Sequence[NumberReplaced | RefusedLine]:
        if self.silent:
            raise Unavailable("person_register_unavailable", "The register of persons does not answer.")
        return [one for one in self.lines if one.sequence > sequence][:limit]

    def says(self, former: Niss, present: Niss) -> None:
        """A line is added, and the feed followed."""
        sequence, at = len(self.lines) + 1, self.world.clock.at
        self.lines.append(NumberReplaced(sequence=sequence, former=former, present=present, at=at))
        assert self.follow() > 0

    def follow(self) -> int:
        """Take in what there is."""
        self.world.clock.advance(seconds=1)
        return PersonFeed(self.world.archive, self.world.randomness).follow(self)


@pytest.fixture
def register(world: World) -> PlayedRegister:
    return PlayedRegister(world)


def leaves(world: World, act: str) -> list[dict[str, str]]:
    """What the audit trail tells of an act."""
    return [dict(one.leaf.objects) for one in world.archive.leaves() if one.leaf.act == act]


def recorded(world: World, niss: Niss) -> str:
    """Somebody is recorded by a number, as by an employer who appoints them; the id of whom it names."""
    with world.archive.writing() as uow:
        person = person_for(uow, niss, world.randomness)
        uow.commit()
    return person


def named(world: World, niss: Niss, known_at: datetime | None = None) -> str | None:
    """Whom a number names."""
    return person_named(world.archive, niss, known_at)


def test_two_known_persons_become_one_and_keep_both_numbers_and_what_the_former_held(
    world: World, register: PlayedRegister
) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    (former, old), (present, new) = world.person(), world.person()
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare", person=former)
    register.says(old, new)
    assert world.decision(world.acting(present, firm, Capacity.EMPLOYER), "dimona:declare", firm).allowed
    assert not world.decision(user, "dimona:declare", firm).allowed
    assert {one.niss for one in world.found(PersonNumber, person=present)} == {old.value, new.value}
    assert next(one for one in world.found(Person) if one.id == former).merged_into == present
    told = {"former": former, "present": present, "ground": "person_register", "line": "1"}
    assert leaves(world, "persons_merged") == [told]
    assert leaves(world, "feed_line_refused") == []


def test_the_ground_of_a_merge_by_officers_is_told_as_such(world: World) -> None:
    (_, old), (_, new) = world.person(), world.person()
    people = People(world.archive, world.judge, world.joint_acts)
    for _ in range(2):
        people.merge(world.officer("correct_identity"), old, new)
    assert [one["ground"] for one in leaves(world, "persons_merged")] == ["two_officers"]


def test_an_unknown_former_number_is_noted_and_finds_the_person_ever_after(
    world: World, register: PlayedRegister
) -> None:
    person = recorded(world, NATIONAL)
    register.says(BIS, NATIONAL)
    assert recorded(world, BIS) == person == recorded(world, NATIONAL)


def test_an_unknown_present_number_joins_the_person_of_the_former_whose_name_stays(
    world: World, register: PlayedRegister
) -> None:
    person = recorded(world, BIS)
    register.says(BIS, NATIONAL)
    assert named(world, NATIONAL) == named(world, BIS) == person


def test_two_unknown_numbers_are_one_person_once_somebody_is_recorded_by_either(
    world: World, register: PlayedRegister
) -> None:
    register.says(BIS, NATIONAL)
    assert recorded(world, BIS) == recorded(world, NATIONAL)


@pytest.mark.parametrize("known", [(), (BIS,), (NATIONAL,), (BIS, OTHER_BIS, NATIONAL)])
def test_a_number_that_is_replaced_twice_leads_through_the_chain(
    world: World, register: PlayedRegister, known: tuple[Niss, ...]
) -> None:
    for niss in known:
        recorded(world, niss)
    register.says(BIS, OTHER_BIS)
    register.says(OTHER_BIS, NATIONAL)
    assert named(world, BIS) == named(world, OTHER_BIS) == named(world, NATIONAL) is not None
    assert leaves(world, "feed_line_refused") == []


def test_a_line_said_again_or_taken_in_before_changes_nothing(world: World, register: PlayedRegister) -> None:
    recorded(world, BIS)
    recorded(world, NATIONAL)
    register.says(BIS, NATIONAL)
    assert register.follow() == 0
    before = world.archive.revision(), len(leaves(world, "number_replaced")), len(leaves(world, "persons_merged"))
    register.says(BIS, NATIONAL)
    register.says(NATIONAL, BIS)
    assert named(world, BIS) == named(world, NATIONAL)
    assert len(leaves(world, "persons_merged")) == before[2]
    assert [one.sequence for one in world.found(FeedPosition, id="person_register")] == [3]


def test_records_that_officers_merged_before_are_one_already(world: World, register: PlayedRegister) -> None:
    (_, old), (present, new) = world.person(), world.person()
    people = People(world.archive, world.judge, world.joint_acts)
    for _ in range(2):
        people.merge(world.officer("correct_identity"), old, new)
    register.says(old, new)
    assert named(world, old) == present
    assert (len(leaves(world, "persons_merged")), leaves(world, "feed_line_refused")) == (1, [])


def test_officers_find_records_that_the_register_merged_to_be_one_already(
    world: World, register: PlayedRegister
) -> None:
    (_, old), (_, new) = world.person(), world.person()
    people, officer = People(world.archive, world.judge, world.joint_acts), world.officer("correct_identity")
    people.merge(officer, old, new)
    register.says(old, new)
    with pytest.raises(Conflict, match="same_person"):
        people.merge(world.officer("correct_identity"), old, new)


def refused(world: World) -> list[tuple[str, str]]:
    """Lines of the register that were refused, with their reasons."""
    return [(one["line"], one["reason"]) for one in leaves(world, "feed_line_refused")]


def test_a_number_that_gave_way_to_another_persons_is_left_to_officers(world: World, register: PlayedRegister) -> None:
    people = {niss: recorded(world, niss) for niss in (BIS, NATIONAL, OTHER)}
    register.says(BIS, NATIONAL)
    register.says(BIS, OTHER)
    assert refused(world) == [("2", "replaced_otherwise")]
    assert (named(world, BIS), named(world, OTHER)) == (people[NATIONAL], people[OTHER])


def test_a_number_that_gave_way_to_another_before_does_not_take_a_new_one_along(
    world: World, register: PlayedRegister
) -> None:
    register.says(BIS, NATIONAL)
    register.says(BIS, OTHER)
    assert refused(world) == [("2", "replaced_otherwise")]
    assert named(world, OTHER) is None


def test_the_register_does_not_merge_more_than_it_says_where_officers_put_numbers_together(
    world: World, register: PlayedRegister
) -> None:
    (_, first), (both, second), (third, present) = world.person(), world.person(), world.person()
    people = People(world.archive, world.judge, world.joint_acts)
    for _ in range(2):
        people.merge(world.officer("correct_identity"), first, second)
    register.says(first, present)
    assert refused(world) == [("1", "more_than_the_register_says")]
    assert (named(world, first), named(world, second), named(world, present)) == (both, both, third)
    register.says(second, present)
    assert {named(world, one) for one in (first, second, present)} == {third}
    assert refused(world) == [("1", "more_than_the_register_says")]


def test_a_number_that_gives_way_to_itself_is_refused(world: World, register: PlayedRegister) -> None:
    register.says(BIS, BIS)
    assert refused(world) == [("1", "same_number")]
    assert named(world, BIS) is None


def test_a_refused_line_does_not_stop_the_feed(world: World, register: PlayedRegister) -> None:
    person = recorded(world, NATIONAL)
    register.lines.append(RefusedLine(sequence=1, reason="unknown_kind"))
    register.says(BIS, NATIONAL)
    assert named(world, BIS) == person
    assert refused(world) == [("1", "unknown_kind")]


def test_a_silent_register_changes_nothing(world: World, register: PlayedRegister) -> None:
    before = world.archive.revision(), world.archive.head()
    register.silent = True
    with pytest.raises(Unavailable):
        register.follow()
    assert (world.archive.revision(), world.archive.head()) == before


def test_who_was_who_is_told_as_it_was_known_then(world: World, register: PlayedRegister) -> None:
    (former, old), (present, new) = world.person(), world.person()
    world.enterprise()
    before = world.clock.at
    world.clock.advance(seconds=1)
    register.says(old, new)
    world.clock.advance(seconds=1)
    after = world.clock.at
    assert (named(world, old, before), named(world, old, after), named(world, old)) == (former, present, present)
    assert (surviving(world.archive, former, before), surviving(world.archive, former, after)) == (former, present)
    assert numbers_known(world.archive, present, before) == {new.value}
    assert numbers_known(world.archive, present, after) == {old.value, new.value}


def test_a_number_that_came_later_was_not_the_persons_before(world: World, register: PlayedRegister) -> None:
    person = recorded(world, BIS)
    world.enterprise()
    before = world.clock.at
    world.clock.advance(seconds=1)
    register.says(BIS, NATIONAL)
    world.clock.advance(seconds=1)
    assert named(world, NATIONAL, before) != person
    assert named(world, NATIONAL, world.clock.at) == person
    assert numbers_known(world.archive, person, before) == {BIS.value}


def test_no_number_stands_in_facts_or_in_the_audit_trail(world: World, register: PlayedRegister) -> None:
    recorded(world, OTHER)
    register.says(BIS, NATIONAL)
    register.says(BIS, OTHER)
    written = repr([one.leaf for one in world.archive.leaves()])
    assert not any(niss.value in written for niss in (BIS, NATIONAL, OTHER))
