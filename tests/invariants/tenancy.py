"""I6: what one enterprise does leaves the records of every other as they were, but for what both sides accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iam.domain.appointments import (
    Appointment,
    Grant,
    GroupMember,
    JointAct,
    MandatorGroup,
    Portfolio,
)
from iam.domain.clients import Client
from iam.domain.delegations import Delegation
from iam.domain.enterprises import Activation, CapacityHeld, Enterprise, RegisterAnswer
from iam.domain.mandates import Cover, Mandate, Side, Tenure
from iam.domain.persons import Contact, Invitation, Person, PersonNumber
from tests.invariants.chronicle import Step, present
from tests.invariants.houses import ADMINISTRATION

OWN = (Appointment, Grant, Portfolio, MandatorGroup, GroupMember, Client, CapacityHeld, Activation, RegisterAnswer)
OFFICE: dict[str, set[type[Any]]] = {
    "recognised": {CapacityHeld},
    "recognition_withdrawn": {CapacityHeld},
    "persons_merged": {Appointment, Person, PersonNumber},
    "mandate_validated|mandate_paper_confirmed": {Mandate, Cover, Tenure, JointAct, Delegation},
    "mandate_refused": {Mandate},
    "mandate_migrated": {Mandate, Cover, Tenure, JointAct},
    "mandate_migration_prepared": {JointAct},
}
"""What officers may change of others, by their act."""


def check_tenancy(step: Step) -> None:
    """No record of another enterprise changed."""
    if step.actor is None:
        return
    free: set[type[Any]] = OFFICE.get(step.act, set()) if step.actor.enterprise == ADMINISTRATION else set()
    speaking = {step.actor.enterprise, *mandators_who_transfer(step)}
    for kind, old, new in changes(step):
        if kind in free:
            continue
        owners = owners_of(step, kind, old) | owners_of(step, kind, new)
        assert not owners or owners & speaking, f"{step.act} of {step.actor.enterprise}: {old} -> {new}"
        if kind is Cover and old is None:
            check_both_sides(step, new)


def mandators_who_transfer(step: Step) -> set[str]:
    """Whose accepted word ends an older mandate when the successor validates the transfer."""
    validated = [
        new for old, new in step.changed(Mandate) if new and new.validated_at and not (old and old.validated_at)
    ]
    return {one.terms.mandator for one in validated if one.terms.succeeds is not None}


def changes(step: Step) -> Iterator[tuple[type[Any], Any, Any]]:
    """Each record that changed, with its kind."""
    kinds = (*OWN, JointAct, Enterprise, Contact, Invitation, Mandate, Cover, Tenure, Delegation, Person, PersonNumber)
    for kind in kinds:
        yield from ((kind, old, new) for old, new in step.changed(kind))


def owners_of(step: Step, kind: type[Any], record: Any) -> set[str]:
    """The enterprises of which one may change a record; nobody owns a person who was never recorded before."""
    if record is None:
        return set()
    if kind in OWN or kind is JointAct:
        return {record.enterprise}
    if kind is Enterprise:
        return {record.id}
    if kind in (Contact, Invitation):
        appointment = present(step.after, Appointment, record.appointment.removeprefix("responsible:"))
        return {appointment.enterprise} if appointment else set()
    if kind is Mandate:
        return {record.terms.mandator, record.terms.mandatary}
    if kind is Cover:
        return {record.mandator, record.mandatary}
    if kind is Delegation:
        return {record.mandator, record.giver, record.receiver}
    return _owners_of_rest(step, kind, record)


def _owners_of_rest(step: Step, kind: type[Any], record: Any) -> set[str]:
    if kind is Tenure:
        mandate = present(step.after, Mandate, record.mandate)
        return {record.mandator, mandate.terms.mandatary} if mandate else {record.mandator}
    known = present(step.before, kind, record.id if kind is Person else record.niss) is not None
    return {"nobody"} if known else set()


def check_both_sides(step: Step, cover: Cover) -> None:
    """A right over another enterprise comes only with the acceptance of both."""
    mandate = present(step.after, Mandate, cover.mandate)
    assert mandate is not None
    assert {one.side for one in mandate.acceptances} == set(Side), f"{step.act}: one-sided cover {cover}"
