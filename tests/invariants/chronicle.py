"""What happens, done in every house at once and told to the reference's ledger, with what must hold of any act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from iam.domain import enterprises
from iam.domain.actors import Actor
from iam.domain.audit import GENESIS, ChainedLeaf, leaf_hash
from iam.domain.enterprises import RegisterAnswer
from iam.domain.errors import Refusal
from iam.domain.instants import from_micros
from iam.storage.memory import MemoryArchive
from iam.storage.memory_records import Store
from tests.invariants.cast import NUMBERS
from tests.invariants.houses import House
from tests.reference.country import Enterprise, Ledger, Record
from tests.reference.decisions import Asked, allowed
from tests.storage.clocks import SetClock

T = TypeVar("T")
MICROSECOND = timedelta(microseconds=1)
CONSEQUENCES = {
    "administration_established",
    "appointment_activated",
    "appointment_ended",
    "delegation_ended",
    "enterprise_entered",
    "joint_act_validated",
    "joint_act_voided",
    "mandate_finalised",
    "mandate_succeeded",
    "person_recorded",
}
"""Leaves that an act brings along beside its own."""


@dataclass(frozen=True)
class Step:
    """One acknowledged or refused act, as the checks see it."""

    act: str
    actor: Actor | None
    before: Store
    after: Store
    outcome: Any

    @property
    def refused(self) -> bool:
        """Whether the house refused it."""
        return isinstance(self.outcome, Refusal)

    @property
    def leaves(self) -> Sequence[ChainedLeaf]:
        """The audit leaves that it added."""
        return self.after.leaves[len(self.before.leaves) :]

    def changed(self, kind: type[T]) -> list[tuple[T | None, T | None]]:
        """Each record of a kind that it changed, as it was before and as it is after."""
        old, new = self.before.records.get(kind, {}), self.after.records.get(kind, {})
        keys = [key for key in {**old, **new} if old.get(key) is not new.get(key)]
        pairs = [(present(self.before, kind, key), present(self.after, kind, key)) for key in keys]
        return [(one, other) for one, other in pairs if one != other]


def present(store: Store, kind: type[T], key: str) -> T | None:
    """The version of a record that counts in a store."""
    versions = store.records.get(kind, {}).get(key, ())
    last = versions[-1] if versions else None
    return last.record if last is not None and last.superseded > store.revision else None


def everyone(store: Store, kind: type[T]) -> list[T]:
    """All records of a kind that count in a store."""
    found = (present(store, kind, key) for key in sorted(store.records.get(kind, {})))
    return [one for one in found if one is not None]


class Chronicle:
    """The houses (the first keeps its archive in memory), their one clock, and the ledger of the reference."""

    def __init__(self, houses: Sequence[House], clock: SetClock) -> None:
        self.houses, self.clock = houses, clock
        self.registers = houses[0].registers
        self.ledger = Ledger()
        self.people: dict[str, str] = {}
        self.entitled: set[tuple[str, str, datetime]] = set()
        """Who acted when for which enterprise, and was entitled to by the reference."""
        self.used: set[str] = set()
        """Codes of invitations that were accepted."""
        self.watchers: list[Callable[[Step], None]] = []
        self.late_watchers: list[Callable[[Step], None]] = []
        """Who looks at a step when the ledger tells of it, too."""
        self._unsettled: Step | None = None

    @property
    def store(self) -> Store:
        """What the first house keeps."""
        archive = self.houses[0].archive
        assert isinstance(archive, MemoryArchive)
        return archive.store

    @property
    def now(self) -> datetime:
        """The instant that the clock shows."""
        return self.clock.at

    def all(self, kind: type[T]) -> list[T]:
        """All records of a kind as they stand now."""
        return everyone(self.store, kind)

    def tick(self) -> datetime:
        """Let the least time pass, and no less than what was recorded."""
        self.clock.at = max(self.clock.at + MICROSECOND, from_micros(self.store.recorded_at))
        return self.clock.at

    def write(self, **records: Record | None) -> None:
        """Tell the ledger what is known from the record time of the last act on."""
        self.ledger.write(from_micros(self.store.recorded_at), dict(records))

    def attempt(
        self,
        act: str,
        actor: Actor | None,
        do: Callable[[House], T],
        *,
        needs: tuple[str, str] | None = None,
        judged: Actor | None = None,
        representative: bool = False,
    ) -> T | Refusal:
        """Do something in every house; all must answer alike, and what the reference does not allow must be refused.

        Args:
            act: the audit leaf that it leaves, exactly once; alternatives with bars between.
            needs: service and action that the actor must be allowed.
            judged: the actor in the capacity that is judged, where that is another one.
        """
        self.settle()
        before = self.store
        answers = [outcome_of(do, house) for house in self.houses]
        answer: T | Refusal = answers[0][0]
        assert all(told == answers[0][1] for _, told in answers), f"{act}: the storages answer differently"
        step = Step(act, actor, before, self.store, answer)
        if needs is not None and actor is not None:
            may = self.may(judged or actor, *needs, representative=representative)
            assert may or step.refused, f"{act} by somebody who may not {needs}: {judged or actor}"
            if may:
                self.entitled.add((actor.person, actor.enterprise, self.now))
        check_leaves(step)
        for watcher in self.watchers:
            watcher(step)
        self._unsettled = step
        self.registers.away = self.registers.away and not representative
        return answer

    def settle(self) -> None:
        """Let the last step be looked at by those who wait for the ledger."""
        step, self._unsettled = self._unsettled, None
        if step is not None:
            for watcher in self.late_watchers:
                watcher(step)

    def may(self, actor: Actor, service: str, action: str, *, representative: bool = False) -> bool:
        """What the reference says of an act of management, here and now."""
        login = actor.authentication
        asked = Asked(
            person=actor.person,
            software=None,
            enterprise=actor.enterprise,
            capacity=actor.capacity and actor.capacity.value,
            service=service,
            action=action,
            concerned=actor.enterprise,
            level=login.assurance.label,
            key=login.key.value,
            representative=representative,
        )
        return allowed(self.ledger.known(), asked, self.now)

    def entered(self, enterprise: str) -> None:
        """A representative acted: the enterprise is known from now on."""
        if enterprise not in self.ledger.known():
            self.write(**{enterprise: Enterprise(self.now)})


def outcome_of(do: Callable[[House], Any], house: House) -> tuple[Any, Any]:
    """What a house answers, and the same as it is compared: a refusal by all that a caller sees of it."""
    try:
        answer = do(house)
    except Refusal as refusal:
        return refusal, (type(refusal), refusal.code, refusal.field, refusal.cure)
    return answer, answer


def check_leaves(step: Step) -> None:
    """I19, I20: an act has one leaf of its own, at its revision; a refused one leaves none; none names a NISS."""
    before, after = step.before, step.after
    assert after.revision - before.revision in (0, 1), step.act
    if step.refused:
        check_refusal(step)
    elif not unchanged(before, after):
        check_own_leaf(step)
    previous = before.leaves[-1].hash if before.leaves else GENESIS
    for number, one in enumerate(step.leaves, len(before.leaves) + 1):
        assert (one.sequence, one.previous, one.revision) == (number, previous, after.revision)
        assert leaf_hash(one.sequence, one.revision, one.at, one.leaf, one.previous) == one.hash
        assert names_nobody(str(one.leaf)), one.leaf
        previous = one.hash
    for event in after.events[len(before.events) :]:
        assert step.leaves and event.revision == after.revision, f"{step.act}: announced, but not recorded: {event}"
        assert names_nobody(str(event.objects)), event


def check_own_leaf(step: Step) -> None:
    """An act that changed something has its own leaf, once for each object; one that waits for others, their leaf."""
    acts = set(step.act.split("|"))
    told = [(one.leaf.act, str(sorted(one.leaf.objects.items()))) for one in step.leaves]
    own = {act for act, _ in told if act in acts}
    waiting = any(act == "joint_act_validated" for act, _ in told)
    assert len(own) == 1 or (not own and waiting), f"{step.act}: {told}"
    assert {act for act, _ in told} - own <= CONSEQUENCES and len(set(told)) == len(told), f"{step.act}: {told}"


def check_refusal(step: Step) -> None:
    """What is refused changes nothing; only what the register said is noted: of who asked, and that a firm ceased."""
    code, noted = step.outcome.code, [one.leaf.act for one in step.leaves]
    if noted and code in ("enterprise_ceased", "not_legal_representative"):
        assert noted in (["register_asked"], ["register_asked", "enterprise_ceased"]), step.act
        changed = {kind for kind in step.after.records if step.changed(kind)}
        assert changed <= {RegisterAnswer, enterprises.Enterprise}, f"{step.act} was refused ({code}), but did more"
        return
    assert not noted and unchanged(step.before, step.after), f"{step.act} was refused ({code}), but changed something"


def unchanged(before: Store, after: Store) -> bool:
    """Whether two stores hold the same records and announcements; single-use values aside."""
    same = all(
        before.records.get(kind, {}).get(key) is versions
        for kind, known in after.records.items()
        for key, versions in known.items()
    )
    return same and before.revision == after.revision and len(before.events) == len(after.events)


NISS_TEXTS = [one.value for one in NUMBERS.values()]


def names_nobody(text: str) -> bool:
    """Whether a text holds nobody's NISS."""
    return not any(number in text for number in NISS_TEXTS)
