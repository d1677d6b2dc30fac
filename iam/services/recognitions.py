"""Recognition of providers and secretariats by officers of the administration, and its withdrawal by two of them."""

from __future__ import annotations

from dataclasses import dataclass

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, CapacityHeld, Ground
from iam.domain.errors import Conflict, InvalidInput, NotFound
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.acting import in_business, record
from iam.services.authorization import Authorization
from iam.services.ending import end_capacity
from iam.services.joint_acts import JointActs
from iam.services.office_holders import officers_for
from iam.services.people import REQUIRED_OFFICERS

FULL_SERVICE_ADMINISTRATIONS = 5
FULL_SERVICE_FEW_ADMINISTRATIONS = 2
FULL_SERVICE_WORKERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """An officer's recognition of a provider; the figures are asked for the full-service label only."""

    enterprise: CbeNumber
    capacity: Capacity
    file_reference: str
    represented_administrations: int = 0
    represented_workers: int = 0


class Recognitions:
    """Which enterprises may act for others."""

    def __init__(self, archive: Archive, judge: Authorization, randomness: Randomness, joint_acts: JointActs) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._joint_acts = joint_acts

    def recognise(self, officer: Actor, recognition: Recognition) -> CapacityHeld:
        """Recognise an enterprise as service provider, certified social secretariat or full-service secretariat.

        Raises:
            StepUpRequired, Forbidden: as judged for `office recognise`.
            InvalidInput: `not_a_recognition`, `too_few_administrations`. Conflict: `capacity_held_already`.
        """
        _recognisable(recognition)
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "recognise")
            number = recognition.enterprise.value
            in_business(uow, number, uow.now)
            if _held_now(uow, number, recognition.capacity):
                raise Conflict("capacity_held_already", "The enterprise holds this capacity already.")
            held = CapacityHeld(
                id=self._randomness.identifier(),
                enterprise=number,
                capacity=recognition.capacity,
                ground=Ground.RECOGNITION,
                reference=recognition.file_reference,
                valid=Period(uow.now),
            )
            uow.put(held)
            _note(uow, officer, "recognised", held)
            uow.commit()
            return held

    def withdraw(self, officer: Actor, enterprise: CbeNumber, capacity: Capacity, reason: str) -> JointAct:
        """Withdraw a recognition; the first officer's call waits, the second's does it, from that instant.

        Returns:
            The joint act, complete when it is done.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "withdraw_recognition")
            held = [one for one in _held_now(uow, enterprise.value, capacity) if one.ground is Ground.RECOGNITION]
            if not held:
                raise NotFound("not_found", "The enterprise holds no such recognition.")
            content = {"enterprise": enterprise.value, "capacity": capacity.value, "reason": reason}
            act = self._joint_acts.sign(
                uow,
                officer,
                "withdraw_recognition",
                {**content, "recognitions": " ".join(sorted(one.id for one in held))},
                required=REQUIRED_OFFICERS,
                still_entitled=officers_for(uow, officer.enterprise, "withdraw_recognition"),
            )
            if act.complete():
                for one in held:
                    end_capacity(uow, one, uow.now)
                    _note(uow, officer, "recognition_withdrawn", one)
            uow.commit()
            return act


def _recognisable(recognition: Recognition) -> None:
    if recognition.capacity not in MANDATARY_CAPACITIES:
        raise InvalidInput("not_a_recognition", "Officers recognise providers and secretariats only.", field="capacity")
    if recognition.capacity is not Capacity.FULL_SERVICE_SECRETARIAT:
        return
    many = recognition.represented_administrations >= FULL_SERVICE_ADMINISTRATIONS
    few = recognition.represented_administrations >= FULL_SERVICE_FEW_ADMINISTRATIONS
    if not (many or (few and recognition.represented_workers >= FULL_SERVICE_WORKERS)):
        detail = "The label asks five administrations, or two with together 1 000 workers."
        raise InvalidInput("too_few_administrations", detail, field="represented_administrations")


def _held_now(uow: UnitOfWork, enterprise: str, capacity: Capacity) -> list[CapacityHeld]:
    found = uow.find(CapacityHeld, enterprise=enterprise, capacity=capacity)
    return [one for one in found if one.valid.contains(uow.now)]


def _note(uow: UnitOfWork, officer: Actor, act: str, held: CapacityHeld) -> None:
    objects = {"capacity_held": held.id, "enterprise": held.enterprise, "capacity": held.capacity.value}
    record(uow, officer, act, **objects)
    uow.announce(act, objects)
