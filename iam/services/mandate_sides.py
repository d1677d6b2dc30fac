"""Who may act on which side of a mandate: with the Mahis role, or as legal representative."""

from __future__ import annotations

from collections.abc import Mapping

from iam.domain.actors import Actor, Reader
from iam.domain.appointments import JointAct
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, NotFound, StepUpRequired
from iam.domain.mandates import Channel, Mandate, Side
from iam.ports import Reading, UnitOfWork
from iam.services.acting import known, seen_version
from iam.services.authorization import Authorization
from iam.services.representation import Representation, Representations


class MandateSides:
    """Judges acts on mandates and collects the acceptances of one side."""

    def __init__(self, judge: Authorization, representations: Representations) -> None:
        self._judge = judge
        self._representations = representations

    def managing(self, uow: UnitOfWork, actor: Actor, representation: Representation | None) -> Channel:
        """Judge that the actor may manage the enterprise's mandates; tells through which channel.

        Raises:
            StepUpRequired, Forbidden: as judged for `mahis manage`; `not_legal_representative` when the
                representation is another's.
        """
        _of_actor(actor, representation)
        self._judge.require(actor, "mahis", "manage", representative=representation is not None)
        if representation is None:
            return Channel.MAHIS
        self._representations.enter(uow, actor, representation)
        return Channel.LEGAL_REPRESENTATIVE

    def take_up(
        self,
        uow: UnitOfWork,
        actor: Actor,
        mandate_id: str,
        seen: int | None,
        representation: Representation | None,
    ) -> tuple[Mandate, Side, Channel]:
        """Judge that the actor may manage a mandate of the own side, as the actor saw it.

        Raises:
            NotFound: as `sided`. Conflict: `stale_version`. Others as `managing`.
        """
        channel = self.managing(uow, actor, representation)
        mandate, side = sided(uow, actor, mandate_id, representation)
        seen_version(seen, mandate.version)
        return mandate, side, channel

    def consulting(self, actor: Reader, representation: Representation | None = None) -> None:
        """Judge that the actor may consult the enterprise's mandates; who manages them may. Raises as `managing`."""
        _of_actor(actor, representation)
        if representation is not None:
            self._judge.require(actor, "mahis", "manage", representative=True)
            return
        try:
            self._judge.require(actor, "mahis", "consult")
        except StepUpRequired:
            raise
        except Forbidden as refused:
            if not self._manages(actor):
                raise refused from None

    def accept(
        self,
        uow: UnitOfWork,
        actor: Actor,
        representation: Representation | None,
        kind: str,
        content: Mapping[str, str],
    ) -> JointAct | None:
        """Validate content as one person with the Mahis role (None), or as one of the representatives it asks."""
        if representation is None:
            return None
        return self._representations.sign(uow, actor, representation, kind, content)

    def _manages(self, actor: Reader) -> bool:
        try:
            self._judge.require(actor, "mahis", "manage")
        except Forbidden:
            return False
        return True


def _of_actor(actor: Reader, representation: Representation | None) -> None:
    person = actor.person if isinstance(actor, Actor) else None
    if representation is not None and (representation.enterprise, representation.person) != (actor.enterprise, person):
        raise Forbidden("not_legal_representative", "The register's confirmation is of another person or enterprise.")


def stands(capacity: Capacity | None, side: Side, mandatary_capacity: Capacity, *, representative: bool) -> bool:
    """Whether someone acting in a capacity of the enterprise acts for it on this side of a mandate.

    A legal representative stands above capacities.
    """
    if representative:
        return True
    if side is Side.MANDATARY:
        return capacity is mandatary_capacity
    return capacity is not None and capacity not in MANDATARY_CAPACITIES


def sided(
    reading: Reading, actor: Reader, mandate_id: str, representation: Representation | None
) -> tuple[Mandate, Side]:
    """A mandate with the side that the actor acts for.

    Raises:
        NotFound: `not_found` when there is none, or the actor stands on neither side in the capacity acted in.
    """
    mandate = known(reading, Mandate, mandate_id, "mandate")
    side, capacity = mandate.side_of(actor.enterprise), mandate.terms.mandatary_capacity
    representative = representation is not None
    if side is None or not stands(actor.capacity, side, capacity, representative=representative):
        raise NotFound("not_found", "There is no such mandate.")
    return mandate, side
