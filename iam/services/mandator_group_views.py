"""What managers of a provider see of its named groups of mandators."""

from __future__ import annotations

from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import GroupMember, MandatorGroup
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.ports import Reading
from iam.services.acting import own
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import NOW, Moment, PartAsked, Readings, missing


class MandatorGroupViews:
    """Reading groups of mandators.

    Every method raises StepUpRequired or Forbidden as judged for `access_management consult`; InvalidInput
    (`instant_in_future`). Who acts in a capacity that acts for nobody else sees none.
    """

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def get(self, actor: Actor, group_id: str, moment: Moment = NOW) -> MandatorGroup:
        """One group. NotFound (`not_found`)."""
        self._judge.require(actor, "access_management", "consult")
        if not _sees(actor):
            raise missing("group")
        with self._readings.of(moment) as (reading, _):
            return own(reading, MandatorGroup, group_id, actor.enterprise, "group")

    def listing(self, actor: Actor, part: PartAsked) -> Page[MandatorGroup]:
        """The groups of the enterprise."""
        self._judge.require(actor, "access_management", "consult")

        def view(_reading: Reading, one: MandatorGroup, at: datetime) -> MandatorGroup | None:
            return one if _sees(actor) and one.valid.contains(at) else None

        return self._readings.part(MandatorGroup, [{"enterprise": actor.enterprise}], view, part)

    def members(self, actor: Actor, group_id: str, part: PartAsked) -> Page[GroupMember]:
        """The mandators in a group. NotFound (`not_found`) as for the group."""
        self.get(actor, group_id, part.moment)

        def view(_reading: Reading, one: GroupMember, at: datetime) -> GroupMember | None:
            return one if one.valid.contains(at) else None

        return self._readings.part(GroupMember, [{"group": group_id}], view, part)


def _sees(actor: Actor) -> bool:
    return actor.capacity is None or actor.capacity in MANDATARY_CAPACITIES
