"""What officers see of the proxies on paper that wait for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.mandate_states import State
from iam.domain.mandates import Mandate
from iam.ports import Reading
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.mandate_evidence import PAPER, Evidence, paper_key, still_counting
from iam.services.office_holders import officers_at
from iam.services.readings import PartAsked, Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """A mandate whose paper was submitted, with the document and which officers in place confirmed it so far."""

    mandate: Mandate
    evidence: Evidence
    act: JointAct


class PaperViews:
    """Reading proxies on paper."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def waiting(self, officer: Actor, part: PartAsked) -> Page[PaperView]:
        """The proxies on paper that wait for officers.

        Raises:
            StepUpRequired, Forbidden: as judged for `office confirm_paper`. InvalidInput: `instant_in_future`.
        """
        self._judge.require(officer, "office", "confirm_paper")

        in_place: list[frozenset[str]] = []

        def view(reading: Reading, one: Mandate, at: datetime) -> PaperView | None:
            act = reading.get(JointAct, paper_key(one.id))
            if act is None:
                return None
            if not in_place:
                in_place.append(officers_at(reading, officer.enterprise, PAPER, at))
            act = still_counting(act, in_place[0])
            return PaperView(mandate=one.shown_to(None), evidence=Evidence.read(act.content), act=act)

        return self._readings.part(Mandate, [{"state": State.PENDING_ADMINISTRATION}], view, part)
