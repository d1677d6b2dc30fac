"""What waits for several people, as those see it who may still validate it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Forbidden
from iam.domain.identifiers import Niss
from iam.ports import Reading
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.mandate_evidence import still_counting
from iam.services.office_holders import officers_at
from iam.services.people import person_of
from iam.services.readings import PartAsked, Readings
from iam.services.representation import Representation

OFFICE_KINDS: Final = {"withdraw_recognition": "withdraw_recognition", "merge_persons": "correct_identity"}
"""The acts that wait for officers, with the act of the office that each is."""
_ON_PAPER: Final = frozenset({"confirm_paper", "take_over_mandate"})
"""Acts that wait for officers in an enterprise's name: its mandate tells that it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointActView:
    """A waiting act, how many people are still awaited, and whether the actor validated it."""

    act: JointAct
    awaited: int
    validated_by_you: bool

    @classmethod
    def of(cls, act: JointAct, person: str) -> JointActView:
        """The act as one person sees it."""
        awaited = max(0, act.required - len(set(act.validated_by)))
        return cls(act=act, awaited=awaited, validated_by_you=person in act.validated_by)


class _Counting(Protocol):
    """Which acts are shown, and whose validations of them count."""

    def shows(self, kind: str) -> bool: ...

    def counted(self, reading: Reading, act: JointAct, at: datetime) -> JointAct: ...


class _Representatives:
    """Those whom the register lists, with the signing power that it tells."""

    def __init__(self, representation: Representation) -> None:
        self._representation = representation
        self._people: frozenset[str] | None = None

    def shows(self, kind: str) -> bool:
        return kind not in OFFICE_KINDS and kind not in _ON_PAPER

    def counted(self, reading: Reading, act: JointAct, at: datetime) -> JointAct:
        if self._people is None:
            extract = self._representation.extract
            in_office = (one for one in extract.representatives if one.valid.contains(extract.asked_at))
            people = (person_of(reading, Niss.parse(one.niss)) for one in in_office)
            self._people = frozenset(one for one in people if one is not None)
        return replace(still_counting(act, self._people), required=self._representation.required_signatures)


class _Officers:
    """The officers in place for each kind of act."""

    def __init__(self, administration: str, kinds: frozenset[str]) -> None:
        self._administration = administration
        self._kinds = kinds
        self._in_place: dict[str, frozenset[str]] = {}

    def shows(self, kind: str) -> bool:
        return kind in self._kinds

    def counted(self, reading: Reading, act: JointAct, at: datetime) -> JointAct:
        if act.kind not in self._in_place:
            self._in_place[act.kind] = officers_at(reading, self._administration, OFFICE_KINDS[act.kind], at)
        return still_counting(act, self._in_place[act.kind])


class JointActViews:
    """Reading joint acts."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def waiting(
        self, actor: Actor, part: PartAsked, *, representation: Representation | None = None
    ) -> Page[JointActView]:
        """The acts that wait at the instant asked: an enterprise's for its legal representatives, the office's for
        the officers who may do them.

        Each is shown as it would be counted if somebody validated it: by the signing power and the representatives in
        office that the register told in this very request, or by the officers in place at the instant asked.

        Raises:
            StepUpRequired, Forbidden: as judged for a legal representative, or for every act of the office.
            InvalidInput: `instant_in_future`.
        """
        if representation is not None:
            self._judge.require(actor, "access_managers", "designate", representative=True)
            return self._listed(actor, part, _Representatives(representation))
        return self._listed(actor, part, _Officers(actor.enterprise, self._kinds_of_officer(actor)))

    def _listed(self, actor: Actor, part: PartAsked, counting: _Counting) -> Page[JointActView]:
        def view(reading: Reading, one: JointAct, at: datetime) -> JointActView | None:
            waits = one.started_at <= at and (one.done_at is None or one.done_at > at)
            if not waits or not counting.shows(one.kind):
                return None
            return JointActView.of(counting.counted(reading, one, at), actor.person)

        return self._readings.part(JointAct, [{"enterprise": actor.enterprise}], view, part)

    def _kinds_of_officer(self, actor: Actor) -> frozenset[str]:
        """The kinds that the officer may validate; the refusal of the last one asked when there is none."""
        kinds, refused = set(), None
        for kind, action in OFFICE_KINDS.items():
            try:
                self._judge.require(actor, "office", action)
                kinds.add(kind)
            except Forbidden as refusal:
                refused = refusal
        if refused is not None and not kinds:
            raise refused
        return frozenset(kinds)
