"""What must hold for a delegation: a current mandatary gives it, and a former one handled each of its quarters."""

from __future__ import annotations

from iam.domain.actors import Actor
from iam.domain.delegations import DelegationTerms
from iam.domain.errors import Conflict, Forbidden, NotFound
from iam.domain.mandates import Cover
from iam.ports import UnitOfWork
from iam.services.acting import held_capacity, in_business


def delegable(uow: UnitOfWork, terms: DelegationTerms, actor: Actor, mandate: str = "") -> Cover | None:
    """Check the terms against what is recorded now; returns the giver's cover, None where it is not shown to exist.

    Args:
        actor: who acts; a giver must be current mandatary in the capacity acted in.
        mandate: the giver's mandate, where the proposal names it.

    Raises:
        Forbidden: `not_current_mandatary`, `quarter_not_handled`, `receiver_not_recognised`.
        Conflict: `receiver_is_current`.
    """
    given = uow.find(Cover, mandator=terms.mandator, mandatary=terms.giver, group=terms.group)
    current = [one for one in given if one.valid.contains(uow.now) and mandate in ("", one.mandate)]
    if actor.enterprise == terms.giver:
        current = [one for one in current if one.mandatary_capacity is actor.capacity]
        if not current:
            detail = "You are not the current mandatary of this enterprise for this application group."
            raise Forbidden("not_current_mandatary", detail, field="mandator")
    _check_receiver(uow, terms)
    if actor.enterprise != terms.giver and not mandate:
        return None
    return max(current, key=lambda one: (one.valid.end is None, one.valid.end or uow.now), default=None)


def _check_receiver(uow: UnitOfWork, terms: DelegationTerms) -> None:
    received = uow.find(Cover, mandator=terms.mandator, mandatary=terms.receiver, group=terms.group)
    handled = [one for one in received if one.mandatary_capacity is terms.receiver_capacity]
    if not terms.handled_in(one.valid for one in handled):
        detail = "The receiver did not handle every one of these quarters for this enterprise and group."
        raise Forbidden("quarter_not_handled", detail, field="first_quarter")
    if any(one.valid.contains(uow.now) for one in received):
        raise Conflict("receiver_is_current", "The receiver is a current mandatary and needs no delegation.")
    try:
        in_business(uow, terms.receiver, uow.now)
        held_capacity(uow, terms.receiver, terms.receiver_capacity, uow.now)
    except (NotFound, Forbidden):
        detail = "The receiver is not recognised in this capacity."
        raise Forbidden("receiver_not_recognised", detail, field="receiver") from None
