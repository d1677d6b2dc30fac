"""Acts of the administration and of the state's registers, told to the houses and to the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iam.domain.actors import Actor
from iam.domain.appointments import Grant, JointAct
from iam.domain.enterprises import Capacity, CapacityHeld, DirectoryChange, DirectoryChangeKind
from iam.domain.errors import Refusal
from iam.domain.identifiers import CbeNumber
from iam.domain.persons import NumberReplaced, PersonNumber
from iam.services.recognitions import Recognition
from tests.invariants.acts_hierarchy import appointed, shortened
from tests.invariants.cast import NUMBERS
from tests.invariants.chronicle import Chronicle
from tests.invariants.houses import ADMINISTRATION
from tests.reference import country
from tests.reference.country import Appointed, Enterprise, Granted, Record


class OfficeActs(Chronicle):
    """What officers do, and what the employer directory says."""

    def add_first_officer(self, name: str) -> Any:
        """The operator adds the first officer on the server."""
        outcome = self.attempt(
            "first_officer_added", None, lambda house: house.officers.add_first(NUMBERS[name], "officer")
        )
        if not isinstance(outcome, Refusal):
            grant = next(one for one in self.all(Grant) if one.holder == outcome.id)
            actions = frozenset(self.houses[0].library.current().catalogue.services["office"].actions)
            place = (ADMINISTRATION, outcome.id, "administration", "office", actions, "server_operator", self.now)
            self.write(
                **{ADMINISTRATION: Enterprise(self.now)},
                **{"administration": country.Capacity(ADMINISTRATION, "administration", self.now)},
                **appointed(outcome),
                **{grant.id: Granted(*place)},
            )
        return outcome

    def recognise(self, officer: Actor, enterprise: str, capacity: Capacity) -> Any:
        """An officer recognises a provider."""
        order = Recognition(
            enterprise=CbeNumber.parse(enterprise),
            capacity=capacity,
            file_reference="file",
            represented_administrations=5,
        )
        outcome = self.attempt(
            "recognised",
            officer,
            lambda house: house.recognitions.recognise(officer, order),
            needs=("office", "recognise"),
        )
        if isinstance(outcome, CapacityHeld):
            self.write(**{outcome.id: country.Capacity(enterprise, capacity.value, self.now)})
        return outcome

    def withdraw_recognition(self, officer: Actor, enterprise: str, capacity: Capacity) -> Any:
        """An officer withdraws a recognition; the second one's word does it."""
        number = CbeNumber.parse(enterprise)
        outcome = self.attempt(
            "recognition_withdrawn",
            officer,
            lambda house: house.recognitions.withdraw(officer, number, capacity, "reason"),
            needs=("office", "withdraw_recognition"),
        )
        if isinstance(outcome, JointAct) and outcome.complete():
            held = self.ledger.known().lasting(country.Capacity, self.now)
            gone = {key: shortened(one, self.now) for key, one in held if one[:2] == (enterprise, capacity.value)}
            self.write(**gone)
        return outcome

    def merge(self, officer: Actor, former: str, present: str) -> Any:
        """An officer finds that two records are one person; the second officer's word does it."""
        numbers = NUMBERS[former], NUMBERS[present]
        outcome = self.attempt(
            "persons_merged",
            officer,
            lambda house: house.people.merge(officer, *numbers),
            needs=("office", "correct_identity"),
        )
        if isinstance(outcome, JointAct) and outcome.complete():
            self._made_one(former, present)
        return outcome

    def register_replaces(self, former: str, present: str) -> Any:
        """The register of persons says that somebody's number gave way to another."""
        replaced = self.registers.persons.replaced
        numbers = {"former": NUMBERS[former], "present": NUMBERS[present]}
        replaced.append(NumberReplaced(sequence=len(replaced) + 1, at=self.now, **numbers))
        outcome = self.attempt(
            "persons_merged|number_replaced", None, lambda house: house.person_feed.follow(house.registers.persons)
        )
        self._made_one(former, present)
        return outcome

    def _made_one(self, former: str, present: str) -> None:
        gone, stays = self.people[former], self.people[present]
        moved = {key: one for key, one in self.ledger.known().all(Appointed) if one.person == gone}
        self.write(**{key: one._replace(person=stays) for key, one in moved.items()})
        self.people = {name: stays if one == gone else one for name, one in self.people.items()}

    def directory_says(
        self, kind: DirectoryChangeKind, enterprise: str, at: datetime, capacity: Capacity | None
    ) -> Any:
        """A line of the employer directory's feed is taken in."""
        sequence = len(self.registers.changes) + 1
        change = DirectoryChange(
            sequence=sequence,
            kind=kind,
            enterprise=enterprise,
            at=at,
            capacity=capacity,
            employer_number_kind="nsso",
            employer_number=f"number of {enterprise}",
        )
        self.registers.changes.append(change)
        outcome = self.attempt("directory_change", None, lambda house: house.directory_feed.follow(house.registers))
        self.write(**self._directory_records(change))
        return outcome

    def _directory_records(self, change: DirectoryChange) -> dict[str, Record | None]:
        known, number = self.ledger.known(), change.enterprise
        one = known.get(number)
        if change.kind is DirectoryChangeKind.CEASED:
            stands = isinstance(one, Enterprise) and (one.end is None or one.end > change.at)
            return {number: one._replace(end=change.at)} if stands and isinstance(one, Enterprise) else {}
        capacity = change.capacity.value if change.capacity else ""
        if change.kind is DirectoryChangeKind.CAPACITY_STARTED:
            held = {f"line {change.sequence}": country.Capacity(number, capacity, change.at)}
            return {**held, **({} if one else {number: Enterprise(change.at)})}
        listed = [(key, held) for key, held in known.all(country.Capacity) if key.startswith("line ")]
        return {key: shortened(held, change.at) for key, held in listed if held[:2] == (number, capacity)}

    def meet_everybody(self) -> None:
        """Everybody logs in once, and is known from then on."""
        with self.houses[0].archive.reading() as reading:
            for name, number in NUMBERS.items():
                known = reading.get(PersonNumber, number.value)
                if known is not None:
                    self.people[name] = known.person
