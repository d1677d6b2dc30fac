"""The employer directory's change feed: who is employer, company without staff or administration, and who ceased."""

from __future__ import annotations

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.enterprises import (
    DIRECTORY_CAPACITIES,
    NOT_OF_THE_DIRECTORY,
    Capacity,
    CapacityHeld,
    DirectoryChange,
    DirectoryChangeKind,
    Enterprise,
    Ground,
)
from iam.domain.errors import NotFound
from iam.domain.identifiers import EmployerNumber
from iam.domain.periods import Period
from iam.ports import Archive, EmployerDirectory, Randomness, Reading, UnitOfWork
from iam.services.ending import end_capacity
from iam.services.feeds import Feed

FEED = "employer_directory"


def enterprise_of_employer(reading: Reading, number: EmployerNumber) -> str:
    """The CBE number of the employer with this employer number. NotFound (`not_found`) when nobody holds it."""
    reference = f"{number.kind.value}:{number.value}"
    for held in reading.find(CapacityHeld, reference=reference):
        return held.enterprise
    raise NotFound("not_found", "No employer is known by this number.")


class DirectoryFeed:
    """Takes in the changes, each exactly once, in the directory's order."""

    def __init__(self, archive: Archive, randomness: Randomness) -> None:
        self._feed: Feed[DirectoryChange] = Feed(archive, FEED)
        self._randomness = randomness

    def follow(self, directory: EmployerDirectory) -> int:
        """Take in the directory's changes since the last time, as `Feed.follow` says; returns how many."""
        return self._feed.follow(directory.changes_after, self._take)

    def _take(self, uow: UnitOfWork, change: DirectoryChange) -> str | None:
        if change.kind is DirectoryChangeKind.CEASED:
            _cease(uow, change)
        elif change.capacity not in DIRECTORY_CAPACITIES:
            return NOT_OF_THE_DIRECTORY
        elif change.kind is DirectoryChangeKind.CAPACITY_STARTED:
            self._start(uow, change, change.capacity)
        else:
            _stop(uow, change)
        objects = {"enterprise": change.enterprise, "kind": change.kind.value, "line": str(change.sequence)}
        uow.audit(Leaf(act="directory_change", actor=SERVER_OPERATOR, caller="", objects=objects))
        uow.announce("directory_change", objects)
        return None

    def _start(self, uow: UnitOfWork, change: DirectoryChange, capacity: Capacity) -> None:
        if uow.get(Enterprise, change.enterprise) is None:
            uow.put(Enterprise(id=change.enterprise, valid=Period(change.at)))
        uow.put(
            CapacityHeld(
                id=self._randomness.identifier(),
                enterprise=change.enterprise,
                capacity=capacity,
                ground=Ground.EMPLOYER_DIRECTORY,
                reference=f"{change.employer_number_kind}:{change.employer_number}",
                valid=Period(change.at),
            )
        )


def _stop(uow: UnitOfWork, change: DirectoryChange) -> None:
    reference = f"{change.employer_number_kind}:{change.employer_number}"
    for one in uow.find(CapacityHeld, enterprise=change.enterprise):
        open_ended = one.valid.end is None or one.valid.end > change.at
        if one.capacity is change.capacity and one.reference == reference and open_ended:
            end_capacity(uow, one, change.at)


def _cease(uow: UnitOfWork, change: DirectoryChange) -> None:
    known = uow.get(Enterprise, change.enterprise)
    if known is not None and known.ceased(change.at) != known:
        uow.put(known.ceased(change.at))
        uow.announce("enterprise_ceased", {"enterprise": known.id})
