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
from iam.services.mandate_evidence import Evidence, paper_key
from iam.services.readings import PartAsked, Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """A mandate whose paper was submitted, with the document and who confirmed it so far."""

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

        def view(reading: Reading, one: Mandate, _at: datetime) -> PaperView | None:
            act = reading.get(JointAct, paper_key(one.id))
            return PaperView(mandate=one.shown_to(None), evidence=Evidence.read(act.content), act=act) if act else None

        return self._readings.part(Mandate, [{"state": State.PENDING_ADMINISTRATION}], view, part)
