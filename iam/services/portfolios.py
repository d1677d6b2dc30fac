"""Portfolios: for which of a provider's mandators a person or software may act, alone or by named groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import (
    Appointment,
    GroupMember,
    MandatorGroup,
    Portfolio,
    PortfolioKind,
)
from iam.domain.clients import Client
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.domain.errors import Conflict, InvalidInput, NotFound
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.acting import end_of, governed, in_business, manager_who, own, period_within, record
from iam.services.authorization import Authorization
from iam.services.ending import end_given
from iam.services.holders import Holder, holder_of, not_above, reaches_what_it_holds

BEYOND = ("beyond_own_reach", "You can only give mandators to people below your own level, in your own capacity.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPortfolio:
    """What a manager gives: which mandators a holder may act for, and how long."""

    holder: str
    kind: PortfolioKind
    group: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Portfolios:
    """Who acts for which mandators inside a provider."""

    def __init__(self, archive: Archive, judge: Authorization, library: Library, randomness: Randomness) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness

    def open_group(self, actor: Actor, name: str) -> MandatorGroup:
        """Make a named group of mandators. Conflict (`record_exists`) when the name is taken in this enterprise."""
        with self._archive.writing() as uow:
            self._manager(uow, actor)
            if any(one.name == name for one in uow.find(MandatorGroup, enterprise=actor.enterprise)):
                raise Conflict("record_exists", "A group with this name exists already.")
            group = MandatorGroup(
                id=self._randomness.identifier(), enterprise=actor.enterprise, name=name, valid=Period(uow.now)
            )
            uow.put(group)
            record(uow, actor, "mandator_group_opened", group=group.id, enterprise=actor.enterprise)
            uow.commit()
            return group

    def add(self, actor: Actor, group_id: str, mandator: CbeNumber) -> GroupMember:
        """Put a mandator into a group. Conflict (`record_exists`) when it is there already."""
        with self._archive.writing() as uow:
            self._manager(uow, actor, group_id)
            group = own(uow, MandatorGroup, group_id, actor.enterprise, "group")
            key = f"{group.id}/{mandator.value}"
            if uow.get(GroupMember, key) is not None:
                raise Conflict("record_exists", "This mandator is in the group already.")
            member = GroupMember(
                id=key, group=group.id, enterprise=actor.enterprise, mandator=mandator.value, valid=Period(uow.now)
            )
            uow.put(member)
            _note(uow, actor, "mandator_added", group=group.id, mandator=mandator.value)
            uow.commit()
            return member

    def drop(self, actor: Actor, group_id: str, mandator: CbeNumber) -> None:
        """Take a mandator out of a group from now on. NotFound when it is not in it."""
        with self._archive.writing() as uow:
            self._manager(uow, actor, group_id)
            group = own(uow, MandatorGroup, group_id, actor.enterprise, "group")
            member = uow.get(GroupMember, f"{group.id}/{mandator.value}")
            if member is None:
                raise NotFound("not_found", "This mandator is not in the group.")
            uow.remove(GroupMember, member.id)
            _note(uow, actor, "mandator_dropped", group=group.id, mandator=mandator.value)
            uow.commit()

    def give(self, actor: Actor, order: NewPortfolio) -> Portfolio:
        """Give a portfolio to an appointment or client of the same enterprise.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`; `beyond_own_reach`, `beyond_own_end`.
            InvalidInput: `group_required`, `group_not_taken`. NotFound: no such holder or group here.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            self._check_group(uow, actor, order)
            holder = holder_of(uow, order.holder, actor.enterprise)
            manager = manager_who(uow, actor, lambda one: self._may_give(uow, one, holder), *BEYOND)
            portfolio = Portfolio(
                id=self._randomness.identifier(),
                holder=order.holder,
                enterprise=actor.enterprise,
                kind=order.kind,
                group=order.group,
                given_by=manager.id,
                valid=period_within(order.start, order.end, manager, uow.now),
            )
            uow.put(portfolio)
            _note(uow, actor, "portfolio_given", portfolio=portfolio.id, holder=order.holder)
            uow.commit()
            return portfolio

    def take_back(self, actor: Actor, portfolio_id: str, at: datetime | None = None) -> None:
        """End a portfolio, now or at an instant ahead. Raises as `give`; Conflict (`already_ended`)."""
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            portfolio = own(uow, Portfolio, portfolio_id, actor.enterprise, "portfolio")
            holder = holder_of(uow, portfolio.holder, actor.enterprise)
            manager_who(uow, actor, lambda one: self._may_give(uow, one, holder), *BEYOND)
            instant = at or uow.now
            end_of(uow, portfolio.valid, instant)
            if portfolio.valid.end is not None and portfolio.valid.end <= instant:
                raise Conflict("already_ended", "This portfolio ends already at that instant or before.")
            end_given(uow, portfolio, instant)
            _note(uow, actor, "portfolio_ended", portfolio=portfolio.id, holder=portfolio.holder)
            uow.commit()

    def _manager(self, uow: UnitOfWork, actor: Actor, group: str | None = None) -> Appointment:
        """Who changes a group changes every portfolio that names it, and must be able to give them all."""
        self._judge.require(actor, "access_management", "manage")
        in_business(uow, actor.enterprise, uow.now)
        governed(uow, actor.enterprise, uow.now)
        named = uow.find(Portfolio, enterprise=actor.enterprise, group=group) if group else []
        running = [one for one in named if one.valid.end is None or one.valid.end > uow.now]
        holders = [holder for one in running if (holder := _standing(uow, one.holder)) is not None]

        def may(one: Appointment) -> bool:
            mandatary = one.capacity is None or one.capacity in MANDATARY_CAPACITIES
            return mandatary and all(self._may_give(uow, one, holder) for holder in holders)

        return manager_who(uow, actor, may, *BEYOND)

    def _may_give(self, uow: UnitOfWork, manager: Appointment, holder: Holder) -> bool:
        """A portfolio widens all that its holder was granted: the manager must reach each of these grants."""
        if manager.capacity not in (None, holder.capacity) or not not_above(manager, holder):
            return False
        return reaches_what_it_holds(uow, manager, holder.id, self._library.current().catalogue)

    def _check_group(self, uow: UnitOfWork, actor: Actor, order: NewPortfolio) -> None:
        if order.kind is PortfolioKind.ALL:
            if order.group is not None:
                raise InvalidInput("group_not_taken", "A portfolio of all mandators names no group.", field="group")
            return
        if order.group is None:
            raise InvalidInput("group_required", "Name the group of mandators.", field="group")
        own(uow, MandatorGroup, order.group, actor.enterprise, "group")


def _standing(uow: UnitOfWork, holder: str) -> Holder | None:
    """The holder of a portfolio while it stands."""
    found: Holder | None = uow.get(Appointment, holder) or uow.get(Client, holder)
    ended = found is None or (found.valid.end is not None and found.valid.end <= uow.now)
    return None if ended else found


def _note(uow: UnitOfWork, actor: Actor, act: str, **objects: str) -> None:
    named = {**objects, "enterprise": actor.enterprise}
    record(uow, actor, act, **named)
    uow.announce(act, named)
