"""Support: the part of what is shown that a permit rests on, and until when that lasts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from iam.domain.authorization import Exhibit, Proof, Situation
from iam.domain.facts import Case
from iam.domain.outlines import standing

REMEMBERED = 100_000
"""Supports kept at most; the oldest give way."""


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

_PLACE = {
    Proof.CLIENT: 0,
    Proof.APPOINTMENT: 1,
    Proof.GRANT: 2,
    Proof.ENTERPRISE: 3,
    Proof.CAPACITY: 4,
    Proof.CONCERNED: 5,
    Proof.CONCERNED_CAPACITY: 6,
    Proof.ACTIVATION: 7,
    Proof.PORTFOLIO: 8,
    Proof.MANDATE: 9,
    Proof.DELEGATION: 9,
}
"""What a permit may rest on: a mandate and a delegation take the same place, for one of them may be enough."""
_PLACES = 10
_FROM_OTHERS = frozenset({Proof.MANDATE, Proof.DELEGATION})
_CEASED = {Proof.ENTERPRISE: Proof.ENTERPRISE_CEASED, Proof.CONCERNED: Proof.CONCERNED_CEASED}


class Supports:
    """Finds what permits rest on; questions alike that meet the same kinds of exhibits rest on the same kinds."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._known: dict[Hashable, tuple[int, ...]] = {}
        self._remembered = remembered

    @property
    def kept(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def of(self, case: Case, permitted: Permitted, turns: Iterable[datetime], alike: Hashable) -> Support:
        """What a permitted case rests on: exhibits that permit by themselves, and none of which could end.

        Place by place what the law does not need is left out, and of several that would each do the longest lasting
        stays. So the ends of all facts count by which a rule permits, and of those that keep a prohibition away.

        Args:
            case: what was permitted.
            permitted: judges parts of the case.
            turns: instants after the case's, in order, at which law or what was sent may come to mean something else.
            alike: what with proofs and details decides `permitted` at the case's instant; None: nothing does.
        """
        shown = _longest_first(case)
        key = None if alike is None else (alike, tuple([(one.proof, one.detail) for one in shown]))
        places = self._known.get(key) if key is not None else None
        if places is None:
            places = _needed(shown, lambda some: permitted(_showing(case, some, case.at)))
            self._remember(key, places)
        rests = tuple([shown[place] for place in places])
        end = min((one.until for one in rests if one.until is not None), default=None)
        for turn in turns:
            if end is not None and end <= turn:
                break
            lasting = tuple(one for one in shown if one.until is None or one.until > turn)
            if not all(permitted(_showing(case, some, turn)) for some in (rests, lasting)):
                end = turn
        return Support(end, _authority(rests))

    def _remember(self, key: Hashable, places: tuple[int, ...]) -> None:
        if key is None:
            return
        while len(self._known) >= self._remembered:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = places


def _longest_first(case: Case) -> Exhibits:
    """What a permit may rest on; mandates and delegations last no longer than their groups contain the service."""
    shown = [one for one in case.situation.exhibits if one.proof in _PLACE]
    linked = case.catalogue.grouped_until(case.followed.code, case.at)
    if linked is not None:
        shown = [
            replace(one, until=min(one.until or linked, linked)) if one.proof in _FROM_OTHERS else one for one in shown
        ]
    if any(one.until is not None for one in shown):
        shown.sort(key=_end, reverse=True)
    return tuple(shown)


def _end(one: Exhibit) -> tuple[bool, float]:
    """Sorts by end, open ones last."""
    return one.until is None, one.until.timestamp() if one.until else 0.0


def _needed(shown: Exhibits, suffices: Callable[[Exhibits], bool]) -> tuple[int, ...]:
    """Which of what is shown suffice by themselves."""
    kept = tuple(range(len(shown)))
    for place in range(_PLACES):
        kept = _fewest(shown, kept, place, suffices)
    return kept


def _fewest(
    shown: Exhibits, kept: tuple[int, ...], place: int, suffices: Callable[[Exhibits], bool]
) -> tuple[int, ...]:
    """What is kept with the fewest in one place that suffice: none, the longest lasting that does alone, or all."""
    here = [number for number in kept if _PLACE[shown[number].proof] == place]
    if not here:
        return kept
    others = tuple(number for number in kept if number not in here)
    rest = tuple(shown[number] for number in others)
    ceased = [replace(one, proof=_CEASED[one.proof]) for one in map(shown.__getitem__, here) if one.proof in _CEASED]
    if suffices((*rest, *ceased)):
        return others
    if len(here) > 1:
        for number in here:
            if suffices((*rest, shown[number])):
                return (*others, number)
    return kept


def _showing(case: Case, shown: Exhibits, at: datetime) -> Case:
    situation = Situation(case.situation.revision, case.situation.recorded_at, standing(shown))
    return Case(case.question, situation, case.service, case.action, case.followed, at, case.catalogue)


def _authority(rests: Exhibits) -> Mapping[str, str]:
    authority = {}
    for one in sorted(rests, key=lambda one: _PLACE[one.proof]):
        authority[one.proof.value] = one.id
        if one.proof is Proof.MANDATE:
            authority["mandate_version"] = one.detail
    return authority
