"""Registers' feeds are taken in once and in order; records of one person become one by two officers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing

from iam.domain.enterprises import Capacity, CapacityHeld, DirectoryChange, DirectoryChangeKind, Enterprise
from iam.domain.errors import Conflict, Forbidden, NotFound, Unavailable
from iam.domain.feeds import RefusedLine
from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss
from iam.domain.persons import Person, PersonNumber
from iam.services.directory_feed import DirectoryFeed, enterprise_of_employer
from iam.services.feeds import FEED_PAGE
from iam.services.officers import Officers
from iam.services.people import People
from iam.services.recognitions import Recognition, Recognitions
from tests.services.worlds import World

FIRM = "0403019261"


@dataclass
class PlayedDirectory:
    """A change feed."""

    lines: list[DirectoryChange | RefusedLine]
    silent: bool = False

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange | RefusedLine]:
        if self.silent:
            raise Unavailable("directory_unavailable", "The employer directory does not answer.")
        return [one for one in self.lines if one.sequence > sequence][:limit]


def started(world: World, sequence: int, **other: object) -> DirectoryChange:
    given: dict[str, object] = {"kind": DirectoryChangeKind.CAPACITY_STARTED, "at": world.clock.at, **other}
    return DirectoryChange(
        sequence=sequence,
        enterprise=FIRM,
        capacity=Capacity.EMPLOYER,
        employer_number_kind="nsso",
        employer_number="168676597",
        **given,  # type: ignore[arg-type]
    )


def test_a_feed_is_taken_in_once_and_the_capacity_starts_and_ends_with_it(world: World) -> None:
    feed, directory = DirectoryFeed(world.archive, world.randomness), PlayedDirectory([started(world, 1)])
    assert feed.follow(directory) == 1
    assert feed.follow(directory) == 0
    user = world.user(FIRM, Capacity.EMPLOYER, "dimona:declare")
    assert world.decision(user, "dimona:declare", FIRM).allowed
    world.clock.advance(days=1)
    directory.lines.append(started(world, 2, kind=DirectoryChangeKind.CAPACITY_ENDED))
    assert feed.follow(directory) == 1
    assert world.decision(user, "dimona:declare", FIRM).reason == "capacity_not_held"


def test_an_enterprise_that_ceased_loses_every_permit(world: World) -> None:
    feed, directory = DirectoryFeed(world.archive, world.randomness), PlayedDirectory([started(world, 1)])
    feed.follow(directory)
    user = world.user(FIRM, Capacity.EMPLOYER, "dimona:declare")
    world.clock.advance(days=1)
    directory.lines.append(started(world, 2, kind=DirectoryChangeKind.CEASED))
    feed.follow(directory)
    assert world.decision(user, "dimona:declare", FIRM).reason == "enterprise_ceased"
    assert not world.found(Enterprise, id=FIRM)[0].valid.contains(world.clock.at)


def test_a_silent_directory_changes_nothing(world: World) -> None:
    before = world.archive.revision()
    with pytest.raises(Unavailable):
        DirectoryFeed(world.archive, world.randomness).follow(PlayedDirectory([], silent=True))
    assert world.archive.revision() == before


def refusals(world: World) -> list[dict[str, str]]:
    """What the audit trail tells of refused lines."""
    return [dict(one.leaf.objects) for one in world.archive.leaves() if one.leaf.act == "feed_line_refused"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"capacity": Capacity.SERVICE_PROVIDER}, "capacity_not_of_the_directory"),
        (
            {"capacity": Capacity.CERTIFIED_SOCIAL_SECRETARIAT, "kind": DirectoryChangeKind.CAPACITY_ENDED},
            "capacity_not_of_the_directory",
        ),
        ({"capacity": None}, "capacity_not_of_the_directory"),
        ({"kind": DirectoryChangeKind.CEASED, "at": datetime(1900, 1, 1, tzinfo=UTC)}, "invalid_instant"),
    ],
)
def test_a_line_that_cannot_be_followed_is_refused_by_itself_and_told(
    world: World, bad: dict[str, object], reason: str
) -> None:
    feed = DirectoryFeed(world.archive, world.randomness)
    lines = [started(world, 1), replace(started(world, 2), **bad), started(world, 3)]  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logged:
        assert feed.follow(PlayedDirectory([*lines])) == 3
        assert feed.follow(PlayedDirectory([*lines])) == 0
    told = {"feed": "employer_directory", "line": "2", "reason": reason}
    assert refusals(world) == [told]
    assert logged == [{**told, "event": "feed_line_refused", "log_level": "warning"}]
    assert [one.capacity for one in world.found(CapacityHeld, enterprise=FIRM)] == [Capacity.EMPLOYER] * 2
    assert world.found(Enterprise, id=FIRM)[0].valid.contains(world.clock.at)


def test_a_page_of_nothing_but_refused_lines_does_not_block_the_feed(world: World) -> None:
    feed = DirectoryFeed(world.archive, world.randomness)
    bad = [RefusedLine(sequence=number, reason="malformed_line") for number in range(1, FEED_PAGE + 3)]
    assert feed.follow(PlayedDirectory([*bad, started(world, 900)])) == FEED_PAGE + 3
    assert [one["line"] for one in refusals(world)] == [str(one.sequence) for one in bad]
    assert len(world.found(CapacityHeld, enterprise=FIRM)) == 1


def test_what_was_taken_in_stands_when_the_directory_falls_silent_and_the_rest_follows_later(world: World) -> None:
    feed, directory = DirectoryFeed(world.archive, world.randomness), PlayedDirectory([started(world, 1)])
    feed.follow(directory)
    directory.lines += [RefusedLine(sequence=2, reason="unknown_kind"), started(world, 3)]
    directory.silent = True
    with pytest.raises(Unavailable):
        feed.follow(directory)
    assert (len(world.found(CapacityHeld, enterprise=FIRM)), refusals(world)) == (1, [])
    directory.silent = False
    assert feed.follow(directory) == 2
    assert (len(world.found(CapacityHeld, enterprise=FIRM)), len(refusals(world))) == (2, 1)


def test_an_employer_is_found_by_its_number_and_kind(world: World) -> None:
    DirectoryFeed(world.archive, world.randomness).follow(PlayedDirectory([started(world, 1)]))
    with world.archive.reading() as reading:
        number = EmployerNumber.parse(EmployerNumberKind.NSSO, "168676597")
        assert enterprise_of_employer(reading, number) == FIRM
        with pytest.raises(NotFound):
            enterprise_of_employer(reading, EmployerNumber.parse(EmployerNumberKind.NSSO, "187995796"))


def test_two_records_become_one_person_by_two_officers_and_both_numbers_stay(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    (former, old), (present, new) = world.person(), world.person()
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare", person=former)
    people = People(world.archive, world.judge, world.joint_acts)
    first, second = world.officer("correct_identity"), world.officer("correct_identity")
    assert not people.merge(first, old, new).complete()
    with pytest.raises(Conflict, match="already_validated"):
        people.merge(first, old, new)
    assert people.merge(second, old, new).complete()
    assert world.decision(world.acting(present, firm, Capacity.EMPLOYER), "dimona:declare", firm).allowed
    assert not world.decision(user, "dimona:declare", firm).allowed
    assert {one.niss for one in world.found(PersonNumber, person=present)} == {old.value, new.value}
    assert next(one for one in world.found(Person) if one.id == former).merged_into == present


def test_nobody_but_an_officer_merges_records(world: World) -> None:
    (_, old), (_, new) = world.person(), world.person()
    with pytest.raises(Forbidden):
        People(world.archive, world.judge, world.joint_acts).merge(world.officer("recognise"), old, new)


def test_only_the_first_officer_is_added_on_the_server(world: World) -> None:
    officers = Officers(world.archive, world.library, world.randomness, "0206731645")
    officers.add_first(Niss.parse("85073003328"), "first")
    with pytest.raises(Conflict, match="officer_exists"):
        officers.add_first(Niss.parse("17073003384"), "second")


def test_a_recognition_is_withdrawn_by_two_officers_from_that_instant(world: World) -> None:
    recognitions = Recognitions(world.archive, world.judge, world.randomness, world.joint_acts)
    provider = CbeNumber.parse(world.enterprise())
    first, second = (world.officer("recognise", "withdraw_recognition") for _ in range(2))
    recognitions.recognise(
        first, Recognition(enterprise=provider, capacity=Capacity.SERVICE_PROVIDER, file_reference="F-1")
    )
    user = world.user(provider.value, Capacity.SERVICE_PROVIDER, "mahis:consult")
    assert world.decision(user, "mahis:consult", provider.value).allowed
    world.clock.advance(**{"seconds": 1})
    assert not recognitions.withdraw(first, provider, Capacity.SERVICE_PROVIDER, "closed").complete()
    assert world.decision(user, "mahis:consult", provider.value).allowed
    assert recognitions.withdraw(second, provider, Capacity.SERVICE_PROVIDER, "closed").complete()
    assert world.decision(user, "mahis:consult", provider.value).reason == "capacity_not_held"
    before = world.clock.at - timedelta(microseconds=1)
    assert world.decision(user, "mahis:consult", provider.value, as_of=before).allowed
