"""What must hold of the world for a mandate to be accepted: its parties, its groups, and the one that it succeeds."""

from __future__ import annotations

from iam.domain.applications import ApplicationGroup, Catalogue
from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.mandates import Mandate, Side, Terms
from iam.domain.periods import Quarter
from iam.ports import UnitOfWork
from iam.services.acting import held_capacity, in_business


def acceptable(uow: UnitOfWork, terms: Terms, catalogue: Catalogue, viewer: Side | None) -> Mandate | None:
    """Check the terms against what is recorded now; returns the mandate that they succeed, if any.

    Args:
        viewer: the side that is told of a refusal; None for the administration.

    Raises:
        NotFound: `unknown_enterprise`, `unknown_mandate`. InvalidInput: `unknown_group`.
        Forbidden: `enterprise_ceased`, `mandatary_not_recognised`, `group_not_open`.
        Conflict: `transfer_too_late` and, as `_check_transfer`, what does not fit the mandate succeeded.
    """
    _check_parties(uow, terms)
    _check_groups(uow, terms, catalogue)
    if terms.succeeds is None:
        return None
    try:
        return _check_transfer(uow, terms)
    except (Conflict, NotFound) as refused:
        raise (
            _unexplained() if viewer is Side.MANDATARY and refused.code != "transfer_too_late" else refused
        ) from None


def _check_parties(uow: UnitOfWork, terms: Terms) -> None:
    try:
        in_business(uow, terms.mandator, uow.now)
    except NotFound:
        detail = "No enterprise is known by the mandator's number."
        raise NotFound("unknown_enterprise", detail, field="mandator") from None
    except Forbidden as refused:
        raise refused.at("mandator") from None
    try:
        in_business(uow, terms.mandatary, uow.now)
        held_capacity(uow, terms.mandatary, terms.mandatary_capacity, uow.now)
    except (NotFound, Forbidden):
        detail = f"The mandatary is not recognised as {terms.mandatary_capacity.value.replace('_', ' ')}."
        raise Forbidden("mandatary_not_recognised", detail, field="mandatary") from None


def _check_groups(uow: UnitOfWork, terms: Terms, catalogue: Catalogue) -> None:
    """Groups that the mandator may not use yet are no obstacle: they stay dormant."""
    unknown = [code for code in terms.groups if code not in catalogue.groups]
    if unknown:
        raise InvalidInput("unknown_group", "There is no such application group.", field="groups")
    held = uow.find(CapacityHeld, enterprise=terms.mandator)
    mandator = frozenset(one.capacity for one in held if one.valid.contains(uow.now))
    for group in (catalogue.groups[code] for code in terms.groups):
        if not _open(group, terms.mandatary_capacity, mandator):
            detail = f"A mandatary in this capacity cannot be given '{group.code}' by this mandator."
            raise Forbidden("group_not_open", detail, field="groups")


def _open(group: ApplicationGroup, mandatary: Capacity, mandator: frozenset[Capacity]) -> bool:
    served = group.mandataries_for.get(mandatary)
    return mandatary in group.mandataries and (served is None or not served.isdisjoint(mandator))


def _check_transfer(uow: UnitOfWork, terms: Terms) -> Mandate:
    """The mandate succeeded, which must be in force up to the start of this one and beyond it.

    Raises:
        NotFound: `unknown_mandate`.
        Conflict: `transfer_too_late`, `transfer_gap`, `transfer_lacks_groups`, `transfer_to_same_mandatary`.
    """
    start = terms.first_quarter.start
    if start < uow.now:
        cure: dict[str, object] = {"type": "propose_transfer", "quarter": str(Quarter.of(uow.now).next)}
        raise Conflict(
            "transfer_too_late", "A transfer is validated before the quarter from which it counts.", cure=cure
        )
    old = uow.get(Mandate, terms.succeeds or "")
    if old is None or old.terms.mandator != terms.mandator:
        raise NotFound("unknown_mandate", "The mandator gave no such mandate.", field="succeeds")
    force = old.in_force()
    if force is None or force.start >= start or (force.end is not None and force.end <= start):
        detail = "The mandate to be succeeded is not in force at that change of quarter; propose without naming it."
        raise Conflict("transfer_gap", detail, field="first_quarter")
    if not set(old.terms.groups) <= set(terms.groups):
        detail = "A transfer takes over every application group of the mandate that it succeeds."
        raise Conflict("transfer_lacks_groups", detail, field="groups", cure={"groups": list(old.terms.groups)})
    if (old.terms.mandatary, old.terms.mandatary_capacity) == (terms.mandatary, terms.mandatary_capacity):
        raise Conflict("transfer_to_same_mandatary", "A transfer goes to another mandatary.", field="mandatary")
    return old


def _unexplained() -> Conflict:
    """What a mandatary is told: the mandates of others are not its own to see."""
    detail = "The mandate to be succeeded cannot be transferred like this; the mandator can say why."
    return Conflict("transfer_not_possible", detail, field="succeeds")
