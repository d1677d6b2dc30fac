"""Bringing a mandate into force and ending it: its covers, the quarters it takes, and what was given under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.applications import Cardinality, Catalogue
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.errors import Conflict, InvalidInput
from iam.domain.mandates import Cover, Mandate, Side, Tenure, covers_of, tenure_of
from iam.domain.periods import Quarter, format_instant
from iam.ports import UnitOfWork
from iam.services.acting import record


def bring_into_force(
    uow: UnitOfWork,
    actor: Actor,
    mandate: Mandate,
    succeeded: Mandate | None,
    catalogue: Catalogue,
    viewer: Side | None,
) -> None:
    """Record a validated mandate with its covers and the quarters it takes; the one that it succeeds ends where it
    begins.

    Raises:
        Conflict: `period_over` when it would never be in force; `group_taken` with the cure for the viewer.
    """
    covers = covers_of(mandate)
    if not covers:
        raise Conflict("period_over", "The last quarter of this mandate has ended; propose it anew.")
    if succeeded is not None:
        start = mandate.terms.first_quarter.start
        end_mandate(uow, actor, succeeded, start, Side.MANDATOR, ("mandate_succeeded", "mandate_revoked"))
    exclusive = [one for one in covers if catalogue.groups[one.group].cardinality is Cardinality.ONE]
    tenures = [tenure_of(one) for one in exclusive]
    _check_free(uow, tenures, viewer)
    for one in (mandate, *covers, *tenures):
        uow.put(one)


def end_mandate(
    uow: UnitOfWork, actor: Actor, mandate: Mandate, at: datetime, side: Side, act: tuple[str, str]
) -> Mandate:
    """End a mandate at an instant, and at the same instant every delegation given under it.

    Args:
        act: what it is called in the audit trail, and as an announcement.

    Raises:
        Conflict, Forbidden: as `Mandate.ended`.
    """
    ended = mandate.ended(at, side, uow.now)
    uow.put(ended)
    for group in ended.terms.groups:
        _shorten(uow, ended, group)
    objects = {**parties(ended), "at": format_instant(at)}
    record(uow, actor, act[0], **objects)
    uow.announce(act[1], objects)
    for one in uow.find(Delegation, mandate=ended.id, state=DelegationState.VALIDATED):
        if one.valid.end is None or one.valid.end > at:
            end_delegation(uow, actor, one, at)
    return ended


def end_delegation(uow: UnitOfWork, actor: Actor, delegation: Delegation, at: datetime) -> Delegation:
    """End a delegation at an instant. Raises as `Delegation.ended`."""
    ended = delegation.ended(at)
    uow.put(ended)
    objects = {**delegation_parties(ended), "at": format_instant(at)}
    record(uow, actor, "delegation_ended", **objects)
    uow.announce("delegation_ended", objects)
    return ended


def parties(mandate: Mandate) -> dict[str, str]:
    """What the audit trail and announcements name of a mandate."""
    terms = mandate.terms
    return {
        "mandate": mandate.id,
        "version": str(mandate.version),
        "mandator": terms.mandator,
        "mandatary": terms.mandatary,
        "content_hash": terms.content_hash(),
    }


def delegation_parties(delegation: Delegation) -> dict[str, str]:
    """What the audit trail and announcements name of a delegation."""
    return {
        "delegation": delegation.id,
        "version": str(delegation.version),
        "mandate": delegation.mandate,
        "mandator": delegation.mandator,
        "giver": delegation.giver,
        "receiver": delegation.receiver,
    }


def _shorten(uow: UnitOfWork, ended: Mandate, group: str) -> None:
    """Bring one group's cover and tenure to the mandate's new end; what was never in force goes."""
    key, force = f"{ended.id}/{group}", ended.in_force()
    cover, tenure = uow.get(Cover, key), uow.get(Tenure, key)
    if cover is None:
        return
    if force is None:
        uow.remove(Cover, key)
        if tenure is not None:
            uow.remove(Tenure, key)
        return
    shorter = replace(cover, valid=force, mandate_version=ended.version)
    uow.put(shorter)
    if tenure is not None:
        uow.put(tenure_of(shorter))


def _check_free(uow: UnitOfWork, tenures: Iterable[Tenure], viewer: Side | None) -> None:
    """Say clearly what the database's own constraint would refuse."""
    for tenure in tenures:
        held = uow.find(Tenure, mandator=tenure.mandator, group=tenure.group)
        holders = [one for one in held if one.shares_quarter(tenure)]
        if holders:
            raise _taken(uow, tenure.group, holders, viewer)


def _taken(uow: UnitOfWork, group: str, holders: list[Tenure], viewer: Side | None) -> Conflict:
    cure = _way_out(uow, holders)
    if viewer is not Side.MANDATARY:
        cure["mandates"] = [one.mandate for one in holders]
    return Conflict(
        "group_taken",
        f"Another mandate holds '{group}' in one of these quarters, and only one mandatary may.",
        field="groups",
        cure={**cure, "group": group},
    )


def _way_out(uow: UnitOfWork, holders: list[Tenure]) -> dict[str, object]:
    lasts = [one.last_quarter for one in holders]
    try:
        if None not in lasts:
            free = Quarter.from_index(max(one for one in lasts if one is not None) + 1)
            return {"type": "propose_from_quarter", "quarter": str(free)}
        begun = max(one.first_quarter for one in holders)
        return {
            "type": "propose_transfer",
            "quarter": str(Quarter.from_index(max(begun, Quarter.of(uow.now).index) + 1)),
        }
    except InvalidInput:
        return {"type": "none"}
