"""Office holders: which officers of the administration are in place for an act of its office."""

from __future__ import annotations

from datetime import datetime

from iam.domain.appointments import Appointment, Grant
from iam.ports import Reading, UnitOfWork

OFFICE = "office"


def officers_for(uow: UnitOfWork, administration: str, action: str) -> frozenset[str]:
    """The ids of the persons to whom an act of the office is given now.

    Of an act that two officers do, the first one's validation counts while that officer is in place: not after a
    dismissal, and not under a record that proved to be another person's.
    """
    return officers_at(uow, administration, action, uow.now)


def officers_at(reading: Reading, administration: str, action: str, at: datetime) -> frozenset[str]:
    """The ids of the persons to whom an act of the office is given at an instant, for those who read."""
    grants = reading.find(Grant, enterprise=administration, service=OFFICE)
    given = (one for one in grants if action in one.actions and one.valid.contains(at))
    people = (_person(reading, one, at) for one in given)
    return frozenset(one for one in people if one is not None)


def _person(reading: Reading, grant: Grant, at: datetime) -> str | None:
    holder = reading.get(Appointment, grant.holder)
    return holder.person if holder is not None and holder.active(at) else None
