"""Support: the part of what is shown that a permit rests on, and until when that lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from iam.domain.authorization import Exhibit, Proof, Situation
from iam.domain.facts import Case
from iam.domain.outlines import standing


class Support(NamedTuple):
    """What a permit rests on."""

    until: datetime | None
    """The earliest end."""
    authority: Mapping[str, str]
    """The ids of recorded facts, by kind of proof."""


UNSUPPORTED = Support(None, MappingProxyType({}))

Exhibits = tuple[Exhibit, ...]
Permitted = Callable[[Case], bool]
"""Whether the law permits what a case asks, at the case's own instant."""

_PLACES = (
    frozenset({Proof.CLIENT}),
    frozenset({Proof.APPOINTMENT}),
    frozenset({Proof.GRANT}),
    frozenset({Proof.ENTERPRISE}),
    frozenset({Proof.CAPACITY}),
    frozenset({Proof.CONCERNED}),
    frozenset({Proof.CONCERNED_CAPACITY}),
    frozenset({Proof.ACTIVATION}),
    frozenset({Proof.PORTFOLIO}),
    frozenset({Proof.MANDATE, Proof.DELEGATION}),
)
"""What a permit may rest on: a mandate and a delegation take the same place, for one of them may be enough."""
_CEASED = {Proof.ENTERPRISE: Proof.ENTERPRISE_CEASED, Proof.CONCERNED: Proof.CONCERNED_CEASED}


def support_of(case: Case, permitted: Permitted, turns: Iterable[datetime]) -> Support:
    """What a permitted case rests on: exhibits that permit by themselves, and none of which could end.

    Place by place what the law does not need is left out, and of several that would each do the longest lasting stays.
    So the ends of all facts count by which a rule permits, and of those that keep a prohibition away.

    Args:
        case: what was permitted.
        permitted: judges parts of the case.
        turns: instants after the case's, in order, at which the law itself or what was sent may come to mean another.
    """
    shown = rests = _within_groups(case)
    for place in _PLACES:
        rests = _fewest(rests, place, lambda some: permitted(_showing(case, some, case.at)))
    ends = [one.until for one in rests if one.until is not None]
    end = min(ends, default=None)
    for turn in turns:
        if end is not None and end <= turn:
            break
        lasting = tuple(one for one in shown if one.until is None or one.until > turn)
        if not all(permitted(_showing(case, some, turn)) for some in (rests, lasting)):
            end = turn
    return Support(end, _authority(rests))


def _within_groups(case: Case) -> Exhibits:
    """What is shown by itself; mandates and delegations last no longer than their groups contain the service."""
    linked = case.catalogue.grouped_until(case.followed.code, case.at)
    shown = [one for one in case.situation.exhibits if any(one.proof in place for place in _PLACES)]
    if linked is None:
        return tuple(shown)
    return tuple(
        replace(one, until=linked) if one.proof in _PLACES[-1] and (one.until is None or linked < one.until) else one
        for one in shown
    )


def _fewest(shown: Exhibits, place: frozenset[Proof], suffices: Callable[[Exhibits], bool]) -> Exhibits:
    """What is shown with the fewest in one place that suffice: none, the longest lasting that does alone, or all."""
    here = [one for one in shown if one.proof in place]
    if not here:
        return shown
    others = tuple(one for one in shown if one.proof not in place)
    if suffices((*others, *(replace(one, proof=_CEASED[one.proof]) for one in here if one.proof in _CEASED))):
        return others
    if len(here) > 1:
        for one in _different(sorted(here, key=_end, reverse=True)):
            if suffices((*others, one)):
                return (*others, one)
    return shown


def _end(one: Exhibit) -> tuple[bool, float]:
    """Sorts by end, open ones last."""
    return one.until is None, one.until.timestamp() if one.until else 0.0


def _different(exhibits: Sequence[Exhibit]) -> list[Exhibit]:
    """The first of those that tell the same: facts look at proofs and details only."""
    first: dict[tuple[Proof, str], Exhibit] = {}
    for one in exhibits:
        first.setdefault((one.proof, one.detail), one)
    return list(first.values())


def _showing(case: Case, shown: Exhibits, at: datetime) -> Case:
    situation = Situation(case.situation.revision, case.situation.recorded_at, standing(shown))
    return replace(case, situation=situation, at=at)


def _authority(rests: Exhibits) -> Mapping[str, str]:
    authority = {}
    for place in _PLACES:
        for one in rests:
            if one.proof in place:
                authority[one.proof.value] = one.id
                if one.proof is Proof.MANDATE:
                    authority["mandate_version"] = one.detail
    return authority
