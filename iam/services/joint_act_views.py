"""What waits for several people, as those see it who may still validate it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Forbidden
from iam.ports import Reading
from iam.services.authorization import Authorization
from iam.services.listings import Page
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

        Raises:
            StepUpRequired, Forbidden: as judged for a legal representative, or for every act of the office.
            InvalidInput: `instant_in_future`.
        """
        if representation is not None:
            self._judge.require(actor, "access_managers", "designate", representative=True)
            return self._listed(actor, part, lambda kind: kind not in OFFICE_KINDS and kind not in _ON_PAPER)
        kinds = self._kinds_of_officer(actor)
        return self._listed(actor, part, lambda kind: kind in kinds)

    def _listed(self, actor: Actor, part: PartAsked, shown: Callable[[str], bool]) -> Page[JointActView]:
        def view(_reading: Reading, one: JointAct, at: datetime) -> JointActView | None:
            waits = one.started_at <= at and (one.done_at is None or one.done_at > at)
            return JointActView.of(one, actor.person) if waits and shown(one.kind) else None

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
