"""The employer directory's change feed: who is employer, company without staff or administration, and who ceased."""

from __future__ import annotations

from collections.abc import Sequence

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.enterprises import (
    DIRECTORY_CAPACITIES,
    CapacityHeld,
    DirectoryChange,
    DirectoryChangeKind,
    Enterprise,
    FeedPosition,
    Ground,
)
from iam.domain.errors import InvalidInput, NotFound
from iam.domain.identifiers import EmployerNumber
from iam.domain.periods import Period
from iam.ports import Archive, EmployerDirectory, Randomness, Reading, UnitOfWork
from iam.services.ending import end_capacity

FEED = "employer_directory"
FEED_PAGE = 500
"""Lines of the change feed that are taken in one unit of work."""


def enterprise_of_employer(reading: Reading, number: EmployerNumber) -> str:
    """The CBE number of the employer with this employer number. NotFound (`not_found`) when nobody holds it."""
    reference = f"{number.kind.value}:{number.value}"
    for held in reading.find(CapacityHeld, reference=reference):
        return held.enterprise
    raise NotFound("not_found", "No employer is known by this number.")


class DirectoryFeed:
    """Takes in the changes, each exactly once, in the directory's order."""

    def __init__(self, archive: Archive, randomness: Randomness) -> None:
        self._archive = archive
        self._randomness = randomness

    def follow(self, directory: EmployerDirectory) -> int:
        """Take in the directory's changes since the last time, each exactly once; returns how many."""
        total = 0
        while taken := self._follow_page(directory):
            total += taken
        return total

    def _follow_page(self, directory: EmployerDirectory) -> int:
        with self._archive.reading() as reading:
            position = _position(reading)
        changes = directory.changes_after(position, FEED_PAGE)
        with self._archive.writing() as uow:
            if _position(uow) != position or not changes:
                return 0
            self._take(uow, changes)
            uow.put(FeedPosition(id=FEED, sequence=changes[-1].sequence))
            uow.commit()
        return len(changes)

    def _take(self, uow: UnitOfWork, changes: Sequence[DirectoryChange]) -> None:
        for change in changes:
            if change.kind is DirectoryChangeKind.CAPACITY_STARTED:
                self._start(uow, change)
            elif change.kind is DirectoryChangeKind.CAPACITY_ENDED:
                _stop(uow, change)
            else:
                _cease(uow, change)
            objects = {"enterprise": change.enterprise, "kind": change.kind.value, "line": str(change.sequence)}
            uow.audit(Leaf(act="directory_change", actor=SERVER_OPERATOR, caller="", objects=objects))
            uow.announce("directory_change", objects)

    def _start(self, uow: UnitOfWork, change: DirectoryChange) -> None:
        if change.capacity not in DIRECTORY_CAPACITIES:
            raise InvalidInput("invalid_feed", f"Line {change.sequence} gives a capacity that is not the directory's.")
        if uow.get(Enterprise, change.enterprise) is None:
            uow.put(Enterprise(id=change.enterprise, valid=Period(change.at)))
        uow.put(
            CapacityHeld(
                id=self._randomness.identifier(),
                enterprise=change.enterprise,
                capacity=change.capacity,
                ground=Ground.EMPLOYER_DIRECTORY,
                reference=f"{change.employer_number_kind}:{change.employer_number}",
                valid=Period(change.at),
            )
        )


def _position(reading: Reading) -> int:
    position = reading.get(FeedPosition, FEED)
    return position.sequence if position else 0


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
