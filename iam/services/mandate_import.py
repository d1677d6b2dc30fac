"""Importing mandates: in chunks that are one transaction each, resumable, with every line accounted for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from iam.domain.actors import Actor
from iam.domain.errors import Refusal, Unavailable
from iam.domain.mandates import Mandate, Side, State, Terms
from iam.services.idempotency import OnceArchive
from iam.services.mandate_lines import Line
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_take_over import MandateTakeOver, StandingMandate

CHUNK = 500
"""Lines that are taken in one transaction."""
_ENDED = frozenset({State.REFUSED, State.WITHDRAWN})


class Mode(StrEnum):
    """What an import does with its lines."""

    PROPOSE = "propose"
    """Propose them for one side and leave every line pending the other."""
    PREPARE = "prepare"
    """Prepare standing mandates, as first officer."""
    CONFIRM = "confirm"
    """Confirm the very same lines, as second officer."""


class Fate(StrEnum):
    """What became of a line."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Told:
    """The account of one line."""

    number: int
    fate: Fate
    mandate: str = ""
    code: str = ""
    detail: str = ""


class _Undo(Exception):
    """Ends a dry run's transaction without a trace."""

    def __init__(self, answer: str) -> None:
        super().__init__("dry run")
        self.answer = answer


class MandateImport:
    """Takes lines through the same use-cases as everybody, chunk by chunk.

    A chunk and its account are one transaction under a key made of actor, mode and content: an import that was
    interrupted is simply run again, and what was done is told again, not done again.
    """

    def __init__(self, once: OnceArchive, proposals: MandateProposals, take_over: MandateTakeOver) -> None:
        self._once = once
        self._proposals = proposals
        self._take_over = take_over

    def run(
        self, actor: Actor, mode: Mode, side: Side, lines: Iterable[Line], *, dry: bool = False
    ) -> Iterator[list[Told]]:
        """Import lines; yields the account of each chunk once it is durable (or, in a dry run, undone again).

        Raises:
            StepUpRequired, Forbidden: as judged for the mode's own act; nothing of that chunk is then done.
            Unavailable: when the archive does not answer; run the import again.
        """
        source = iter(lines)
        while chunk := list(islice(source, CHUNK)):
            yield self._chunk(actor, mode, side, chunk, dry)

    def _chunk(self, actor: Actor, mode: Mode, side: Side, chunk: list[Line], dry: bool) -> list[Told]:
        asked = _fingerprint(actor, mode, side, chunk)

        def produce() -> str:
            told = json.dumps([_packed(one) for one in self._told(actor, mode, side, chunk)])
            if dry:
                raise _Undo(told)
            return told

        try:
            answer = self._once.once(f"import:{asked}", asked, produce)
        except _Undo as undone:
            answer = undone.answer
        return [Told(number, Fate(fate), *rest) for number, fate, *rest in json.loads(answer)]

    def _told(self, actor: Actor, mode: Mode, side: Side, chunk: list[Line]) -> list[Told]:
        if mode is Mode.PROPOSE:
            return [self._proposed(actor, side, line) for line in chunk]
        take = self._take_over.prepare if mode is Mode.PREPARE else self._take_over.confirm
        return _taken(actor, chunk, take)

    def _proposed(self, actor: Actor, side: Side, line: Line) -> Told:
        if line.terms is None:
            return _refused(line.number, line.refusal)
        try:
            same = self._standing(line.terms)
            if same is not None:
                return Told(line.number, Fate.UNCHANGED, same)
            step = self._proposals.propose(actor, side, line.terms, finalise=True)
            return Told(line.number, Fate.DONE, step.mandate.id)
        except Unavailable:
            raise
        except Refusal as refusal:
            return _refused(line.number, refusal)

    def _standing(self, terms: Terms) -> str | None:
        """A mandate with these very terms that was proposed and not refused or withdrawn, or None."""
        bound = terms.content_hash()
        with self._once.writing() as uow:
            for one in uow.find(Mandate, mandator=terms.mandator, mandatary=terms.mandatary):
                if one.terms.content_hash() == bound and not _over(one, uow.now):
                    return one.id
        return None


def _over(mandate: Mandate, now: datetime) -> bool:
    """Whether a mandate was refused or withdrawn, or is no longer and never again in force."""
    if mandate.validated_at is None:
        return mandate.state in _ENDED
    force = mandate.in_force()
    return force is None or (force.end is not None and force.end <= now)


def _taken(actor: Actor, chunk: list[Line], take: Callable[[Actor, Sequence[StandingMandate]], list]) -> list[Told]:  # type: ignore[type-arg]
    readable = [line for line in chunk if line.standing is not None]
    outcomes = iter(take(actor, [line.standing for line in readable if line.standing is not None]))
    told = []
    for line in chunk:
        if line.standing is None:
            told.append(_refused(line.number, line.refusal))
            continue
        outcome = next(outcomes)
        refused = outcome.refusal is not None
        told.append(
            _refused(line.number, outcome.refusal) if refused else Told(line.number, Fate.DONE, outcome.mandate)
        )
    return told


def _refused(number: int, refusal: Refusal | None) -> Told:
    if refusal is None:
        return Told(number, Fate.REFUSED, code="invalid_line", detail="The line cannot be read.")
    where = f"{refusal.field}: " if refusal.field else ""
    return Told(number, Fate.REFUSED, code=refusal.code, detail=where + refusal.detail)


def _packed(told: Told) -> list[object]:
    return [told.number, told.fate.value, told.mandate, told.code, told.detail]


def _fingerprint(actor: Actor, mode: Mode, side: Side, chunk: list[Line]) -> str:
    content = repr([actor.person, actor.enterprise, actor.capacity, mode.value, side.value, chunk])
    return hashlib.sha256(content.encode()).hexdigest()
