"""Outlines: what a question meets without its ids and ends, which is enough for facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from iam.domain.authorization import Exhibit, Proof, Situation

Shown = tuple[str | None, ...]
"""Texts, each one or several lines of a proof and, after a blank, its detail; None shows nothing."""


class Outline(NamedTuple):
    """What one question meets at one revision, as texts that are the same wherever the facts are the same.

    Texts may show what hangs on something that is not shown: `exhibits_of` leaves that out.
    """

    revision: int
    recorded_at: datetime
    """Record time of that revision."""
    shown: Shown


class Outlines(NamedTuple):
    """What one question meets when it is asked about several employers."""

    revision: int
    recorded_at: datetime
    shared: Shown
    """What is shown whichever employer is concerned."""
    each: Sequence[Shown]
    """What is shown besides for each employer, in their order."""


HANGS_ON = {
    Proof.GRANT: frozenset({Proof.CLIENT, Proof.APPOINTMENT}),
    Proof.PORTFOLIO: frozenset({Proof.CLIENT, Proof.APPOINTMENT}),
    Proof.CAPACITY: frozenset({Proof.ENTERPRISE}),
    Proof.CONCERNED_CAPACITY: frozenset({Proof.CONCERNED}),
}
"""What counts only beside one of some other proofs: a grant with its holder, a capacity with its enterprise."""


def standing(found: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """Exhibits without those that hang on something that is not shown."""
    there = {one.proof for one in found}
    lost = {proof for proof, needed in HANGS_ON.items() if proof in there and there.isdisjoint(needed)}
    return tuple(one for one in found if one.proof not in lost) if lost else tuple(found)


def exhibits_of(shown: Shown) -> tuple[Exhibit, ...]:
    """The exhibits that texts show, with neither id nor end. ValueError for a text that shows none."""
    lines = [line.partition(" ") for text in shown if text is not None for line in text.split("\n")]
    return standing([Exhibit(Proof(proof), "", None, detail) for proof, _, detail in lines])


def shown_by(exhibits: Iterable[Exhibit]) -> Shown:
    """The texts that show these exhibits, which stand in the order of their proofs."""
    by_proof = groupby(exhibits, key=lambda one: one.proof)
    return tuple("\n".join(f"{proof.value} {one.detail}" for one in some) for proof, some in by_proof)


def outline_of(situation: Situation) -> Outline:
    """A situation without its ids and ends."""
    return Outline(situation.revision, situation.recorded_at, shown_by(situation.exhibits))
