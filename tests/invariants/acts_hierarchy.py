"""Acts inside an enterprise, told to the houses and to the ledger: appointments, invitations, grants, portfolios."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Grant, GroupMember, MandatorGroup, Portfolio, Role
from iam.domain.enterprises import Activation
from iam.domain.errors import Refusal
from iam.domain.identifiers import CbeNumber
from iam.services.appointments import ContactData, Designation, NewAppointment
from iam.services.grants import NewGrant
from iam.services.portfolios import NewPortfolio
from tests.invariants.cast import NUMBERS
from tests.invariants.chronicle import Chronicle
from tests.reference import country
from tests.reference.country import Appointed, Granted, Known, Member, Record

MANAGE = ("access_management", "manage")
TOP = Role.PRINCIPAL_ACCESS_MANAGER
CONTACT = ContactData(label="label", email="someone@example.be", phone="+3220000000")


def shortened(record: Record, at: datetime) -> Record | None:
    """A record whose end is brought forward to an instant; nothing of one that had not begun."""
    if at <= record.start:
        return None
    if isinstance(record, country.Mandated):
        return record._replace(closed=at)
    return record._replace(end=at if record.end is None else min(at, record.end))


def ended_line(known: Known, key: str, at: datetime, *, everything: bool) -> dict[str, Record | None]:
    """An appointment that ends, with all that it gave where that is wished, down the line."""
    ended: dict[str, Record | None] = {key: shortened(known[key], at)}
    if everything:
        given: list[tuple[str, Any]] = [*known.all(Granted), *known.all(country.Portfolio)]
        ended |= {other: shortened(one, at) for other, one in given if one.by == key}
        for other, one in known.all(Appointed):
            if one.by == key and other != key:
                ended |= ended_line(known, other, at, everything=True)
    return ended


class HierarchyActs(Chronicle):
    """What managers and legal representatives do in their own enterprise."""

    def designate(self, actor: Actor, responsible: str, appointee: str) -> Any:
        """A legal representative designates the principal access manager."""
        order = Designation(
            responsible=NUMBERS[responsible],
            responsible_phone="+3220000001",
            appointee=NUMBERS[appointee],
            contact=CONTACT,
            tie="employee",
        )
        outcome = self.attempt(
            "appointed",
            actor,
            lambda house: house.appointments.designate(actor, house.representations.confirm(actor), order),
            needs=("access_managers", "designate"),
            representative=self.represents(actor),
        )
        if not isinstance(outcome, Refusal):
            self.entered(actor.enterprise)
        if isinstance(outcome, Appointment):
            former = [
                (key, one)
                for key, one in self.ledger.known().all(Appointed)
                if (one.enterprise, one.role) == (actor.enterprise, TOP)
            ]
            self.write(**{key: shortened(one, self.now) for key, one in former}, **appointed(outcome))
        return self.noted(outcome, actor)

    def end_principal_access_manager(self, actor: Actor, at: datetime | None, *, everything: bool) -> Any:
        """A legal representative ends the principal access manager, with no successor."""
        last = max(
            (one for one in self.all(Appointment) if (one.enterprise, one.role) == (actor.enterprise, TOP)),
            key=lambda one: one.valid.start,
            default=None,
        )
        outcome = self.attempt(
            self._ending(last.id if last else "", at),
            actor,
            lambda house: house.appointments.end_principal_access_manager(
                actor, house.representations.confirm(actor), at, with_everything=everything
            ),
            needs=("access_managers", "end"),
            representative=self.represents(actor),
        )
        if outcome is None and last is not None:
            self.entered(actor.enterprise)
            self.write(**ended_line(self.ledger.known(), last.id, at or self.now, everything=everything))
        return self.noted(outcome, actor)

    def _ending(self, key: str, at: datetime | None) -> str:
        """The leaf of the end of an appointment; where that ended before, of the end of what it gave."""
        one = self.ledger.known().get(key)
        ended = isinstance(one, Appointed) and one.end is not None and one.end <= (at or self.now)
        return "everything_given_ended" if ended else "appointment_ended"

    def appoint(self, actor: Actor, order: NewAppointment) -> Any:
        """A manager appoints below."""
        outcome = self.attempt("appointed", actor, lambda house: house.appointments.appoint(actor, order), needs=MANAGE)
        if isinstance(outcome, Appointment):
            self.write(**appointed(outcome))
        return outcome

    def end_appointment(self, actor: Actor, key: str, at: datetime | None, *, everything: bool) -> Any:
        """A manager ends an appointment, the own one included."""
        outcome = self.attempt(
            self._ending(key, at),
            actor,
            lambda house: house.appointments.end(actor, key, at, with_everything=everything),
            needs=MANAGE,
        )
        if outcome is None:
            self.write(**ended_line(self.ledger.known(), key, at or self.now, everything=everything))
        return outcome

    def invite(self, actor: Actor, key: str) -> Any:
        """A manager has a code made for a user who is not known yet."""
        return self.attempt("invitation_issued", actor, lambda house: house.invitations.issue(actor, key), needs=MANAGE)

    def accept(self, actor: Actor, code: str) -> Any:
        """Somebody accepts an invitation by its code."""
        outcome = self.attempt(
            "invitation_accepted", None, lambda house: house.invitations.accept(actor.authentication, code, "portal")
        )
        if isinstance(outcome, Appointment):
            invited = self.ledger.known()[outcome.id]
            assert isinstance(invited, Appointed) and invited.person is None, "only an invitation can be accepted"
            assert code not in self.used, "an invitation is good for one use"
            self.used.add(code)
            self.write(**{outcome.id: invited._replace(person=actor.person)})
        return outcome

    def give(self, actor: Actor, order: NewGrant) -> Any:
        """A manager gives the use of an application."""
        outcome = self.attempt("grant_given", actor, lambda house: house.grants.give(actor, order), needs=MANAGE)
        if isinstance(outcome, Grant):
            self.write(
                **{
                    outcome.id: Granted(
                        actor.enterprise,
                        order.holder,
                        order.capacity.value,
                        order.service,
                        frozenset(order.actions),
                        outcome.given_by,
                        order.start or self.now,
                        outcome.valid.end,
                    )
                }
            )
        return outcome

    def take_back(self, actor: Actor, key: str, at: datetime | None) -> Any:
        """A manager takes a grant back."""
        outcome = self.attempt("grant_ended", actor, lambda house: house.grants.take_back(actor, key, at), needs=MANAGE)
        if outcome is None:
            self.write(**{key: shortened(self.ledger.known()[key], at or self.now)})
        return outcome

    def open_group(self, actor: Actor, name: str) -> Any:
        """A provider's manager names a group of mandators."""
        return self.attempt(
            "mandator_group_opened", actor, lambda house: house.portfolios.open_group(actor, name), needs=MANAGE
        )

    def once(self, actor: Actor, key: str, name: str) -> Any:
        """A group is opened under an idempotency key."""
        return self.attempt(
            "mandator_group_opened",
            actor,
            lambda house: house.once.once(key, name, lambda: house.portfolios.open_group(actor, name).id),
            needs=MANAGE,
        )

    def add_member(self, actor: Actor, group: MandatorGroup, mandator: str) -> Any:
        """A mandator is put into a group."""
        number = CbeNumber.parse(mandator)
        outcome = self.attempt(
            "mandator_added", actor, lambda house: house.portfolios.add(actor, group.id, number), needs=MANAGE
        )
        if isinstance(outcome, GroupMember):
            self.write(**{f"{group.id}/{mandator}": Member(group.id, mandator, self.now)})
        return outcome

    def drop_member(self, actor: Actor, group: MandatorGroup, mandator: str) -> Any:
        """A mandator is taken out of a group."""
        number = CbeNumber.parse(mandator)
        outcome = self.attempt(
            "mandator_dropped", actor, lambda house: house.portfolios.drop(actor, group.id, number), needs=MANAGE
        )
        if outcome is None:
            self.write(**{f"{group.id}/{mandator}": None})
        return outcome

    def give_portfolio(self, actor: Actor, order: NewPortfolio) -> Any:
        """A provider's manager says for whom somebody may act."""
        outcome = self.attempt(
            "portfolio_given", actor, lambda house: house.portfolios.give(actor, order), needs=MANAGE
        )
        if isinstance(outcome, Portfolio):
            given = country.Portfolio(
                actor.enterprise,
                order.holder,
                order.kind.value,
                order.group,
                outcome.given_by,
                order.start or self.now,
                outcome.valid.end,
            )
            self.write(**{outcome.id: given})
        return outcome

    def take_back_portfolio(self, actor: Actor, key: str, at: datetime | None) -> Any:
        """A provider's manager takes a portfolio back."""
        outcome = self.attempt(
            "portfolio_ended", actor, lambda house: house.portfolios.take_back(actor, key, at), needs=MANAGE
        )
        if outcome is None:
            self.write(**{key: shortened(self.ledger.known()[key], at or self.now)})
        return outcome

    def switch_on(self, actor: Actor, service: str) -> Any:
        """A legal representative switches a service on."""
        outcome = self.attempt(
            "service_activated",
            actor,
            lambda house: house.activations.switch_on(actor, house.representations.confirm(actor), service),
            needs=(service, "activate"),
            representative=self.represents(actor),
        )
        if not isinstance(outcome, Refusal):
            self.entered(actor.enterprise)
        if isinstance(outcome, Activation):
            self.write(**{outcome.id: country.Activated(actor.enterprise, service, self.now)})
        return self.noted(outcome, actor)

    def represents(self, actor: Actor) -> bool:
        """Whether the register lists the actor under any of the numbers that name them."""
        numbers = [NUMBERS[name].value for name, person in self.people.items() if person == actor.person]
        return any(self.registers.represents(actor.enterprise, one) for one in numbers)

    def noted(self, outcome: Any, actor: Actor) -> Any:
        """What the register said of an enterprise's end is known though the act was refused."""
        ceased = self.registers.ceased.get(actor.enterprise)
        if isinstance(outcome, Refusal) and outcome.code == "enterprise_ceased" and ceased is not None:
            one = self.ledger.known().get(actor.enterprise)
            if isinstance(one, country.Enterprise) and (one.end is None or one.end > ceased):
                self.write(**{actor.enterprise: one._replace(end=ceased)})
        return outcome


def appointed(one: Appointment) -> dict[str, Record]:
    """An appointment as the ledger keeps it."""
    capacity = one.capacity and one.capacity.value
    place = (one.enterprise, one.person, one.role.value, capacity, one.domain, one.appointed_by)
    return {one.id: Appointed(*place, one.valid.start, one.valid.end)}
