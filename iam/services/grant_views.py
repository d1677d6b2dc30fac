"""What managers see of the grants and portfolios in their enterprise, and everybody of what they hold themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Grant, Portfolio
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.ports import Reading
from iam.services.acting import own
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import NOW, Moment, PartAsked, Phase, Readings, in_reach, is_own, missing

Given = TypeVar("Given", Grant, Portfolio)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFilter:
    """Which grants or portfolios to list; None = whichever. Portfolios have neither capacity nor service."""

    holder: str | None = None
    capacity: Capacity | None = None
    service: str | None = None
    phase: Phase | None = Phase.RUNNING


class GrantViews:
    """Reading what was given.

    Every method raises StepUpRequired or Forbidden as judged for `access_management consult`, unless what is asked is
    held by the actor; InvalidInput (`instant_in_future`).
    """

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def grant(self, actor: Actor, grant_id: str, moment: Moment = NOW) -> tuple[Grant, Phase]:
        """One grant. NotFound (`not_found`)."""
        return self._one(actor, Grant, grant_id, moment, "grant")

    def portfolio(self, actor: Actor, portfolio_id: str, moment: Moment = NOW) -> tuple[Portfolio, Phase]:
        """One portfolio. NotFound (`not_found`)."""
        return self._one(actor, Portfolio, portfolio_id, moment, "portfolio")

    def grants(self, actor: Actor, wanted: GivenFilter, part: PartAsked) -> Page[tuple[Grant, Phase]]:
        """The grants of the enterprise in the capacity acted in."""
        given = {"holder": wanted.holder, "capacity": wanted.capacity, "service": wanted.service}
        return self._listed(actor, Grant, wanted, given, part)

    def portfolios(self, actor: Actor, wanted: GivenFilter, part: PartAsked) -> Page[tuple[Portfolio, Phase]]:
        """The portfolios of holders in the capacity acted in."""
        return self._listed(actor, Portfolio, wanted, {"holder": wanted.holder}, part)

    def _one(self, actor: Actor, kind: type[Given], key: str, moment: Moment, what: str) -> tuple[Given, Phase]:
        with self._readings.newest() as reading:
            present = reading.get(kind, key)
            mine = present is not None and is_own(reading, actor, present.holder, self._readings.now())
        if not mine:
            self._judge.require(actor, "access_management", "consult")
        with self._readings.of(moment) as (reading, at):
            found = own(reading, kind, key, actor.enterprise, what)
            if not mine and not in_reach(actor, _capacity(reading, found)):
                raise missing(what)
            return found, Phase.of(found.valid, at)

    def _listed(
        self, actor: Actor, kind: type[Given], wanted: GivenFilter, equal: Mapping[str, object], part: PartAsked
    ) -> Page[tuple[Given, Phase]]:
        mine = self._held_by(actor, wanted.holder)
        if not mine:
            self._judge.require(actor, "access_management", "consult")
        given = {name: value for name, value in equal.items() if value is not None}
        view = _viewer(kind, lambda reading, one: mine or in_reach(actor, _capacity(reading, one)), wanted.phase)
        return self._readings.part(kind, [{"enterprise": actor.enterprise, **given}], view, part)

    def _held_by(self, actor: Actor, holder: str | None) -> bool:
        with self._readings.newest() as reading:
            return holder is not None and is_own(reading, actor, holder, self._readings.now())


def _viewer(
    kind: type[Given], seen: Callable[[Reading, Given], bool], wanted: Phase | None
) -> Callable[[Reading, Given, datetime], tuple[Given, Phase] | None]:
    def view(reading: Reading, one: Given, at: datetime) -> tuple[Given, Phase] | None:
        phase = Phase.of(one.valid, at)
        return (one, phase) if wanted in (None, phase) and seen(reading, one) else None

    return view


def _capacity(reading: Reading, given: Grant | Portfolio) -> Capacity | None:
    """The capacity in which something was given: a grant's own, a portfolio's holder's."""
    if isinstance(given, Grant):
        return given.capacity
    holder = reading.get(Appointment, given.holder) or reading.get(Client, given.holder)
    return holder.capacity if holder else None
