"""How every story begins: six enterprises with their people, rights, software and two mandates, made by real acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from iam.domain.appointments import Appointment, PortfolioKind, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity, DirectoryChangeKind, Representative
from iam.domain.errors import Refusal
from iam.domain.mandates import Side, Terms
from iam.domain.periods import Period, Quarter
from iam.ports import Law
from iam.services.appointments import NewAppointment
from iam.services.authentications import AuthenticationClaims, Authentications
from iam.services.client_orders import NewDeclarationService
from iam.services.grants import NewGrant
from iam.services.mandate_take_over import StandingMandate
from iam.services.portfolios import NewPortfolio
from tests.invariants.acts_clients import ClientActs
from tests.invariants.acts_hierarchy import CONTACT
from tests.invariants.acts_mandates import MandateActs
from tests.invariants.acts_office import OfficeActs
from tests.invariants.cast import BAKERY, BREWERY, COMPANY, NUMBERS, PROVIDER, SECRETARIAT, TOWN, Seat
from tests.invariants.houses import ADMINISTRATION, START, House

DIRECTORS = {
    "director_bakery": BAKERY,
    "second_director_bakery": BAKERY,
    "director_brewery": BREWERY,
    "director_company": COMPANY,
    "mayor": TOWN,
    "director_provider": PROVIDER,
    "director_secretariat": SECRETARIAT,
    "director_administration": ADMINISTRATION,
}
CHIEFS = {
    BAKERY: ("director_bakery", "chief_bakery"),
    BREWERY: ("director_brewery", "chief_brewery_and_secretariat"),
    PROVIDER: ("director_provider", "chief_provider"),
    SECRETARIAT: ("director_secretariat", "chief_brewery_and_secretariat"),
    ADMINISTRATION: ("director_administration", "director_administration"),
}
EMPLOYER, ACTS_FOR_OTHERS = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
CERTIFIED = Capacity.CERTIFIED_SOCIAL_SECRETARIAT
LISTED = {
    BAKERY: EMPLOYER,
    BREWERY: EMPLOYER,
    COMPANY: Capacity.COMPANY_WITHOUT_STAFF,
    TOWN: Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION,
}


class Story(OfficeActs, ClientActs, MandateActs):
    """Everything that can happen in the country."""

    other_law: Law
    """What the law becomes when the story has ended."""

    def begin(self) -> None:
        """Bring the country to where stories begin."""
        self.registers.representatives = _register()
        self._log_in()
        must(self.add_first_officer("officer_one"))
        for enterprise, capacity in LISTED.items():
            self.tick()
            self.directory_says(DirectoryChangeKind.CAPACITY_STARTED, enterprise, START, capacity)
        for enterprise, (director, chief) in CHIEFS.items():
            self.done(lambda e=enterprise, d=director, c=chief: self.designate(self.seated(d, e), d, c))
        self._second_officer()
        self._recognise()
        self._staff()
        self._mandates()
        self._software()
        self._service = self.done(lambda: self.register_service(_declaration_service()))

    def seated(self, name: str, enterprise: str, capacity: Capacity | None = None) -> Any:
        """Somebody of the cast, logged in well."""
        return Seat(self.people[name], enterprise, capacity).acting(self.now)

    def done(self, act: Any) -> Any:
        """Let the least time pass, act, and expect no refusal."""
        self.tick()
        return must(act())

    def _log_in(self) -> None:
        """Everybody logs in once; the ledger has no word of that."""
        for name, number in NUMBERS.items():
            claims = AuthenticationClaims(
                source="test",
                niss=number,
                key=LoginKey.EID,
                assurance=Assurance.HIGH,
                authenticated_at=self.now,
                reference=name,
                expires_at=self.now + timedelta(minutes=5),
            )
            self.attempt("person_recorded", None, partial(admitted, claims))
        self.meet_everybody()

    def user(self, chief: str, enterprise: str, name: str, capacity: Capacity, **more: Any) -> Appointment:
        """A manager appoints somebody of the cast."""
        order = NewAppointment(
            role=more.get("role", Role.USER),
            capacity=capacity,
            domain=more.get("domain"),
            contact=CONTACT,
            appointee=NUMBERS[name],
        )
        one: Appointment = self.done(lambda: self.appoint(self.seated(chief, enterprise, capacity), order))
        return one

    def grant(self, chief: str, holder: Appointment | Client, capacity: Capacity, right: str) -> None:
        """A manager gives rights written `service:action+action`."""
        service, actions = right.split(":")
        order = NewGrant(holder=holder.id, capacity=capacity, service=service, actions=tuple(actions.split("+")))
        self.done(lambda: self.give(self.seated(chief, holder.enterprise, capacity), order))

    def mandators(self, chief: str, holder: Appointment | Client, capacity: Capacity) -> None:
        """A manager gives a portfolio of all mandators."""
        order = NewPortfolio(holder=holder.id, kind=PortfolioKind.ALL)
        self.done(lambda: self.give_portfolio(self.seated(chief, holder.enterprise, capacity), order))

    def _second_officer(self) -> None:
        capacity = Capacity.ADMINISTRATION
        officer = self.user("director_administration", ADMINISTRATION, "officer_two", capacity)
        actions = "+".join(self.houses[0].library.current().catalogue.services["office"].actions)
        self.grant("director_administration", officer, capacity, f"office:{actions}")

    def _recognise(self) -> None:
        for enterprise, capacity in ((PROVIDER, ACTS_FOR_OTHERS), (SECRETARIAT, CERTIFIED)):
            seat = Seat(self.people["officer_one"], ADMINISTRATION, Capacity.ADMINISTRATION)
            self.done(lambda s=seat, e=enterprise, c=capacity: self.recognise(s.acting(self.now), e, c))

    def _staff(self) -> None:
        chief = self.user("chief_bakery", BAKERY, "clerk_secretariat", EMPLOYER)
        for right in ("dimona:declare+consult", "mahis:manage+consult"):
            self.grant("chief_bakery", chief, EMPLOYER, right)
        manager = {"role": Role.LOCAL_MANAGER, "domain": "social_security"}
        self.user("chief_provider", PROVIDER, "local_manager", ACTS_FOR_OTHERS, **manager)
        clerk = self.user("local_manager", PROVIDER, "clerk_provider", ACTS_FOR_OTHERS)
        for right in ("dimona:declare", "mahis:manage"):
            self.grant("local_manager", clerk, ACTS_FOR_OTHERS, right)
        self.mandators("local_manager", clerk, ACTS_FOR_OTHERS)
        self._clerk_of_works()
        other = self.user("chief_brewery_and_secretariat", SECRETARIAT, "clerk_secretariat", CERTIFIED)
        for right in ("dmfa:collect_contributions+declare", "mahis:manage", "works:consult"):
            self.grant("chief_brewery_and_secretariat", other, CERTIFIED, right)
        self.mandators("chief_brewery_and_secretariat", other, CERTIFIED)

    def _clerk_of_works(self) -> None:
        """Somebody who acts for a named group of mandators, in a domain that is not the local manager's."""
        chief = ("chief_provider", PROVIDER, ACTS_FOR_OTHERS)
        clerk = self.user("chief_provider", PROVIDER, "clerk_of_works", ACTS_FOR_OTHERS)
        self.grant("chief_provider", clerk, ACTS_FOR_OTHERS, "works:consult")
        group = self.done(lambda: self.open_group(self.seated(*chief), "bakeries"))
        self.done(lambda: self.add_member(self.seated(*chief), group, BAKERY))
        order = NewPortfolio(holder=clerk.id, kind=PortfolioKind.GROUP, group=group.id)
        self.done(lambda: self.give_portfolio(self.seated(*chief), order))

    def _mandates(self) -> None:
        parties = (
            (PROVIDER, ACTS_FOR_OTHERS, "clerk_provider", "dmfa-dimona"),
            (SECRETARIAT, CERTIFIED, "clerk_secretariat", "works"),
        )
        for mandatary, capacity, clerk, group in parties:
            terms = Terms(
                mandator=BAKERY,
                mandatary=mandatary,
                mandatary_capacity=capacity,
                groups=(group,),
                first_quarter=Quarter(2026, 1),
                last_quarter=None,
                contract_reference="contract",
            )
            self.agree(terms, self.people["director_bakery"], Seat(self.people[clerk], mandatary, capacity))

        self._former_mandatary()

    def _former_mandatary(self) -> None:
        """The brewery's works: with the secretariat since last year, taken over from before, and now the provider's."""
        old = Terms(
            mandator=BREWERY,
            mandatary=SECRETARIAT,
            mandatary_capacity=CERTIFIED,
            groups=("works",),
            first_quarter=Quarter(2025, 1),
            last_quarter=None,
            contract_reference="older contract",
            evidence_hash="ab" * 32,
        )
        line = StandingMandate(
            terms=old, document_hash="ab" * 32, document_date=START.date(), stood_since=START - timedelta(days=365)
        )
        office = (ADMINISTRATION, Capacity.ADMINISTRATION)
        for officer in ("officer_one", "officer_two"):
            confirm = officer == "officer_two"
            lines = self.done(lambda o=officer, c=confirm: self.take_over(self.seated(o, *office), line, confirm=c))
        self.done(lambda: self.close(self.seated("director_brewery", BREWERY), lines[0][0], None, by_law=True))
        new = replace(old, mandatary=PROVIDER, mandatary_capacity=ACTS_FOR_OTHERS, first_quarter=Quarter(2026, 1))
        seat = Seat(self.people["clerk_provider"], PROVIDER, ACTS_FOR_OTHERS)
        self.agree(new, self.people["director_brewery"], seat)

    def agree(self, terms: Terms, director: str, seat: Seat) -> str:
        """A mandator's representative proposes, and the mandatary's clerk validates; returns the mandate's id."""
        by_law = Seat(director, terms.mandator)
        step = self.done(
            lambda: self.propose(by_law.acting(self.now), Side.MANDATOR, terms, finalise=True, by_law=True)
        )
        key = str(step.mandate.id)
        self.done(lambda: self.validate(seat.acting(self.now), key, step.mandate.terms.content_hash()))
        return key

    def _software(self) -> None:
        chief = self.seated("chief_provider", PROVIDER, ACTS_FOR_OTHERS)
        client = self.done(lambda: self.register(chief, ACTS_FOR_OTHERS))
        self.grant("chief_provider", client, ACTS_FOR_OTHERS, "dimona:declare+consult")
        self.mandators("chief_provider", client, ACTS_FOR_OTHERS)


def must(outcome: Any) -> Any:
    """What an act gave; a refusal is a failure."""
    if isinstance(outcome, Refusal):
        raise AssertionError(f"refused: {outcome}")
    return outcome


def admitted(claims: AuthenticationClaims, house: House) -> str:
    """The person whom a login proves."""
    return Authentications(house.archive, house.randomness).admit(claims).person_id


def _register() -> dict[str, tuple[Representative, ...]]:
    since = Period(START - timedelta(days=3650))
    lists: dict[str, list[Representative]] = {}
    for name, enterprise in DIRECTORS.items():
        entry = Representative(niss=NUMBERS[name].value, function="director", valid=since)
        lists.setdefault(enterprise, []).append(entry)
    return {enterprise: tuple(entries) for enterprise, entries in lists.items()}


def _declaration_service() -> NewDeclarationService:
    return NewDeclarationService(
        enterprise=ADMINISTRATION,
        label="service",
        jwks={"keys": []},
        algorithm="ES256",
        services=("dimona", "works", "dmfa"),
    )
