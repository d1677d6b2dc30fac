"""The register of persons' change feed: whose number gave way to which, and who is one person by that."""

from __future__ import annotations

import json

from iam.domain.appointments import SERVER_OPERATOR, JointAct
from iam.domain.audit import Leaf
from iam.domain.identifiers import Niss
from iam.domain.instants import format_instant
from iam.domain.persons import NumberReplaced, PersonNumber
from iam.ports import Archive, PersonRegister, Randomness, Reading, UnitOfWork
from iam.services.acting import known
from iam.services.feeds import Feed
from iam.services.joint_acts import content_hash
from iam.services.people import MERGE_BY_REGISTER, join, merge_by_register_key, person_for

FEED = "person_register"
SAID = "number_replaced"
"""The kind of the fact that the register said so; it names numbers by the record that each named first."""
SAME_NUMBER = "same_number"
REPLACED_OTHERWISE = "replaced_otherwise"
"""The register said before that another number took the former one's place: two officers must find out."""
LEFT_TO_OFFICERS = "more_than_the_register_says"
"""One of both records holds a number that officers, not the register, put there: two officers must merge them."""


class PersonFeed:
    """Takes in the changes of numbers, each exactly once, in the register's order.

    A former and a present number name one person from then on. Where both named somebody, the former's record is
    merged into the present's, as two officers do it; a number that was unknown is noted in the history of the person
    whom the other one names, so that it finds that person ever after. A line merges only what the register itself
    says to be one person; every other is refused by itself and left to two officers.
    """

    def __init__(self, archive: Archive, randomness: Randomness) -> None:
        self._feed: Feed[NumberReplaced] = Feed(archive, FEED)
        self._randomness = randomness

    def follow(self, register: PersonRegister) -> int:
        """Take in the register's changes since the last time, as `Feed.follow` says; returns how many."""
        return self._feed.follow(register.changes_after, self._take)

    def _take(self, uow: UnitOfWork, line: NumberReplaced) -> str | None:
        if line.former == line.present:
            return SAME_NUMBER
        before = [uow.get(PersonNumber, one.value) for one in (line.former, line.present)]
        if _contradicts(uow, *before):
            return REPLACED_OTHERWISE
        former, present = (self._number(uow, one) for one in (line.former, line.present))
        _note(uow, line, former, present)
        together = former.person == present.person
        if not together and (None in before or _said_to_be_one(uow, former.person, present.person)):
            only_the_present_is_new = before[0] is not None and before[1] is None
            gone, stays = (present, former) if only_the_present_is_new else (former, present)
            _merge(uow, line, gone.person, stays.person)
            return None
        _tell(uow, line, SAID, former.first_person, present.first_person)
        return None if together else LEFT_TO_OFFICERS

    def _number(self, uow: UnitOfWork, niss: Niss) -> PersonNumber:
        person_for(uow, niss, self._randomness)
        return known(uow, PersonNumber, niss.value, "number")


def _contradicts(reading: Reading, former: PersonNumber | None, present: PersonNumber | None) -> bool:
    """Whether the register said before that another number took the former one's place, and of another person."""
    if former is None or (present is not None and former.person == present.person):
        return False
    said = _replaced_by(reading, former.first_person)
    return said is not None and (present is None or said != present.first_person)


def _replaced_by(reading: Reading, first_person: str) -> str | None:
    act = reading.get(JointAct, f"{SAID}/{first_person}")
    return str(json.loads(act.content)["present"]) if act else None


def _said_to_be_one(reading: Reading, *people: str) -> bool:
    """Whether the register itself joins all numbers of these records."""
    numbers = {one.first_person for person in people for one in reading.find(PersonNumber, person=person)}
    links = [{one, said} for one in numbers if (said := _replaced_by(reading, one)) in numbers]
    reached = {min(numbers)}
    for _ in links:
        reached.update(*(link for link in links if link & reached))
    return reached == numbers


def _note(uow: UnitOfWork, line: NumberReplaced, former: PersonNumber, present: PersonNumber) -> None:
    """Record what the register said, once."""
    if _replaced_by(uow, former.first_person) is not None:
        return
    content = {"former": former.first_person, "present": present.first_person, "at": format_instant(line.at)}
    uow.put(_done(uow, f"{SAID}/{former.first_person}", SAID, content))


def _merge(uow: UnitOfWork, line: NumberReplaced, gone: str, stays: str) -> None:
    content = {"former": gone, "present": stays}
    uow.put(_done(uow, merge_by_register_key(gone), MERGE_BY_REGISTER, content))
    _tell(uow, line, "persons_merged", gone, stays)
    join(uow, gone, stays)


def _tell(uow: UnitOfWork, line: NumberReplaced, act: str, former: str, present: str) -> None:
    """Add the audit leaf of a line."""
    objects = {"former": former, "present": present, "ground": FEED, "line": str(line.sequence)}
    uow.audit(Leaf(act=act, actor=SERVER_OPERATOR, caller="", objects=objects))


def _done(uow: UnitOfWork, key: str, kind: str, content: dict[str, str]) -> JointAct:
    """A fact by which answers about the past come out the same: an act that waits for nobody."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return JointAct(
        id=key,
        enterprise="",
        kind=kind,
        content=written,
        content_hash=content_hash(kind, "", written),
        required=0,
        validated_by=(),
        started_at=uow.now,
        done_at=uow.now,
    )
