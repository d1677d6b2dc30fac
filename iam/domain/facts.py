"""Facts: each is a sentence that the law may speak of, with the predicate that tells whether it is the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from iam.domain.applications import Action, Catalogue, Service
from iam.domain.authorization import Exhibit, Proof, Question, Situation, SubjectKind
from iam.domain.clients import ClientKind
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.periods import local_date
from iam.domain.relations import Days, covers_every_day, declared_recently


class Fact(StrEnum):
    """The closed vocabulary of the law, in the order in which a decision looks at them."""

    PERSON = "person"
    CITIZEN = "citizen"
    TECHNICAL_CLIENT = "technical_client"
    DECLARATION_SERVICE = "declaration_service"
    LEGAL_REPRESENTATIVE = "legal_representative"
    LEVEL_REACHED = "level_reached"
    KEY_ADMITTED = "key_admitted"
    CLIENT_ADMITTED = "client_admitted"
    ENTERPRISE_CEASED = "enterprise_ceased"
    CAPACITY_HELD = "capacity_held"
    CAPACITY_ENTITLED = "capacity_entitled"
    MEMBER = "member"
    ACCESS_MANAGER = "access_manager"
    GRANTED = "granted"
    OWN_ENTERPRISE = "own_enterprise"
    OTHER_ENTERPRISE = "other_enterprise"
    CONCERNED_CEASED = "concerned_ceased"
    CONCERNED_ENTITLED = "concerned_entitled"
    ACTIVATED = "activated"
    IN_PORTFOLIO = "in_portfolio"
    MANDATED = "mandated"
    DELEGATED = "delegated"
    CERTIFIED_SECRETARIAT = "certified_secretariat"
    NOT_CERTIFIED = "not_certified"
    FULL_SERVICE_SECRETARIAT = "full_service_secretariat"
    PROVINCIAL_OR_LOCAL = "provincial_or_local"
    NOT_PROVINCIAL_OR_LOCAL = "not_provincial_or_local"
    CLIENT_EXCLUDED = "client_excluded"
    MAIN_CONTRACTOR = "main_contractor"
    WORKS_PARTY = "works_party"
    EMPLOYED_EVERY_DAY = "employed_every_day"
    DECLARED_RECENTLY = "declared_recently"


SENTENCES: dict[Fact, str] = {
    Fact.PERSON: "The subject is a person.",
    Fact.CITIZEN: "The person acts as a citizen, for no enterprise.",
    Fact.TECHNICAL_CLIENT: "The software is an active technical client of the enterprise and capacity acted for.",
    Fact.DECLARATION_SERVICE: "The software is an active, registered declaration service.",
    Fact.LEGAL_REPRESENTATIVE: "The enterprise register confirmed just now that the person represents the enterprise.",
    Fact.LEVEL_REACHED: "The person's login reached the level that the service asks.",
    Fact.KEY_ADMITTED: "The login key is one that the service admits.",
    Fact.CLIENT_ADMITTED: "The act may be done by software without a person.",
    Fact.ENTERPRISE_CEASED: "The enterprise acted for has ceased.",
    Fact.CAPACITY_HELD: "The enterprise acted for holds the capacity in which it acts.",
    Fact.CAPACITY_ENTITLED: "The capacity acted in is one that the service is open to.",
    Fact.MEMBER: "The person has an active appointment in the enterprise acted for, in that capacity.",
    Fact.ACCESS_MANAGER: "The person is an access manager of the enterprise acted for, in that capacity.",
    Fact.GRANTED: "The person or software has an active grant for the act, in that capacity.",
    Fact.OWN_ENTERPRISE: "The employer concerned is the enterprise acted for.",
    Fact.OTHER_ENTERPRISE: "The employer concerned is another enterprise, and the capacity acts for others.",
    Fact.CONCERNED_CEASED: "The employer concerned has ceased.",
    Fact.CONCERNED_ENTITLED: "The employer concerned holds a capacity that the service is open to.",
    Fact.ACTIVATED: "A legal representative activated the service for the employer concerned.",
    Fact.IN_PORTFOLIO: "The employer concerned is in a portfolio of the person or software.",
    Fact.MANDATED: "A mandate of the employer concerned that contains the service is in force.",
    Fact.DELEGATED: "A running delegation covers the quarter concerned.",
    Fact.CERTIFIED_SECRETARIAT: "The enterprise acts as certified social secretariat and is recognised as one.",
    Fact.NOT_CERTIFIED: "The enterprise does not act as a recognised certified social secretariat.",
    Fact.FULL_SERVICE_SECRETARIAT: "The enterprise acts as full-service secretariat.",
    Fact.PROVINCIAL_OR_LOCAL: "The employer concerned is a provincial or local administration.",
    Fact.NOT_PROVINCIAL_OR_LOCAL: "The employer concerned is no provincial or local administration.",
    Fact.CLIENT_EXCLUDED: "The subject is software, and the act asks a person.",
    Fact.MAIN_CONTRACTOR: "The employer concerned is the main contractor of the works.",
    Fact.WORKS_PARTY: "The subject's side is client, main contractor or subcontractor of the works.",
    Fact.EMPLOYED_EVERY_DAY: "The employer's Dimona declarations cover every day asked.",
    Fact.DECLARED_RECENTLY: "The declaration was made within the last six months.",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its situation and the catalogue's entries for it, at one instant."""

    question: Question
    situation: Situation
    service: Service
    action: Action
    followed: Service
    """The service whose mandates and entitlement count: the service itself, or the one it follows."""
    at: datetime
    catalogue: Catalogue

    def shown(self, proof: Proof) -> tuple[Exhibit, ...]:
        """The exhibits of one kind."""
        return self.situation.showing(proof)


def case_of(question: Question, situation: Situation, catalogue: Catalogue, at: datetime) -> Case:
    """Put a question before the court. KeyError when the catalogue lacks the service or the action."""
    service = catalogue.services[question.service]
    followed = catalogue.services[followed_service(question, service)]
    return Case(question, situation, service, service.actions[question.action], followed, at, catalogue)


def followed_service(question: Question, service: Service) -> str:
    """The code of the service whose application groups count."""
    return str(question.properties.get("service", service.code)) if service.follows else service.code


def _client(kind: ClientKind) -> Callable[[Case], bool]:
    return lambda case: any(one.detail == kind.value for one in case.shown(Proof.CLIENT))


def _citizen(case: Case) -> bool:
    question = case.question
    return question.subject_kind is SubjectKind.PERSON and question.enterprise is None and question.capacity is None


def _level_reached(case: Case) -> bool:
    login = case.question.authentication
    return login is not None and login.assurance >= case.service.minimum_for(case.action)


def _key_admitted(case: Case) -> bool:
    login = case.question.authentication
    return login is not None and case.service.admits(login.key, case.action)


def _granted(case: Case) -> bool:
    return any(case.action.name in one.detail.split() for one in case.shown(Proof.GRANT))


def _own_enterprise(case: Case) -> bool:
    return case.question.enterprise is not None and case.question.concerned == case.question.enterprise


def _other_enterprise(case: Case) -> bool:
    question = case.question
    differs = question.concerned is not None and question.concerned != question.enterprise
    return differs and question.capacity in MANDATARY_CAPACITIES


def _takes_declarations(case: Case) -> bool:
    """A service that no application group ever contained takes no declarations that an employer could follow."""
    followed = case.followed.code
    return followed == case.service.code or any(link.service == followed for link in case.catalogue.links)


def _concerned_entitled(case: Case) -> bool:
    if _own_enterprise(case) and not _takes_declarations(case):
        return False
    open_to = case.followed.open_to
    return not open_to or any(Capacity(one.detail) in open_to for one in case.shown(Proof.CONCERNED_CAPACITY))


def _capacity_entitled(case: Case) -> bool:
    """Whoever acts for the own enterprise acts in the capacity that the service is for, not in another one it holds."""
    open_to = case.followed.open_to
    return not open_to or case.question.capacity in open_to


def _certified(case: Case) -> bool:
    acting = case.question.capacity is Capacity.CERTIFIED_SOCIAL_SECRETARIAT
    return acting and bool(case.shown(Proof.CAPACITY))


def _provincial_or_local(case: Case) -> bool:
    administration = Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION.value
    return any(one.detail == administration for one in case.shown(Proof.CONCERNED_CAPACITY))


def _main_contractor(case: Case) -> bool:
    concerned = case.question.concerned
    return concerned is not None and case.question.properties.get("main_contractor") == concerned


def _works_party(case: Case) -> bool:
    """As citizen only the client's own NISS counts; for an enterprise, the CBE number of the employer concerned."""
    sent = case.question.properties
    if _citizen(case):
        return sent.get("client") in {f"niss:{number}" for number in case.question.numbers}
    concerned = case.question.concerned
    subcontractors = sent.get("subcontractors", frozenset())
    listed = isinstance(subcontractors, frozenset) and concerned in subcontractors
    return concerned is not None and (listed or concerned in (sent.get("main_contractor"), sent.get("client")))


def _employed_every_day(case: Case) -> bool:
    requested, dimona = case.question.properties.get("requested"), case.question.properties.get("dimona")
    return isinstance(requested, Days) and isinstance(dimona, tuple) and covers_every_day(requested, dimona)


def _declared_recently(case: Case) -> bool:
    declared, service = case.question.properties.get("declared_on"), case.question.properties.get("service")
    return isinstance(declared, date) and service is not None and declared_recently(declared, local_date(case.at))


def _shown(proof: Proof) -> Callable[[Case], bool]:
    return lambda case: any(one.proof is proof for one in case.situation.exhibits)


PREDICATES: dict[Fact, Callable[[Case], bool]] = {
    Fact.PERSON: lambda case: case.question.subject_kind is SubjectKind.PERSON,
    Fact.CITIZEN: _citizen,
    Fact.TECHNICAL_CLIENT: _client(ClientKind.TECHNICAL),
    Fact.DECLARATION_SERVICE: _client(ClientKind.DECLARATION_SERVICE),
    Fact.LEGAL_REPRESENTATIVE: lambda case: case.question.representative,
    Fact.LEVEL_REACHED: _level_reached,
    Fact.KEY_ADMITTED: _key_admitted,
    Fact.CLIENT_ADMITTED: lambda case: case.action.client,
    Fact.ENTERPRISE_CEASED: _shown(Proof.ENTERPRISE_CEASED),
    Fact.CAPACITY_HELD: _shown(Proof.CAPACITY),
    Fact.CAPACITY_ENTITLED: _capacity_entitled,
    Fact.MEMBER: _shown(Proof.APPOINTMENT),
    Fact.ACCESS_MANAGER: lambda case: any(one.detail != "user" for one in case.shown(Proof.APPOINTMENT)),
    Fact.GRANTED: _granted,
    Fact.OWN_ENTERPRISE: _own_enterprise,
    Fact.OTHER_ENTERPRISE: _other_enterprise,
    Fact.CONCERNED_CEASED: _shown(Proof.CONCERNED_CEASED),
    Fact.CONCERNED_ENTITLED: _concerned_entitled,
    Fact.ACTIVATED: _shown(Proof.ACTIVATION),
    Fact.IN_PORTFOLIO: _shown(Proof.PORTFOLIO),
    Fact.MANDATED: _shown(Proof.MANDATE),
    Fact.DELEGATED: _shown(Proof.DELEGATION),
    Fact.CERTIFIED_SECRETARIAT: _certified,
    Fact.NOT_CERTIFIED: lambda case: not _certified(case),
    Fact.FULL_SERVICE_SECRETARIAT: lambda case: case.question.capacity is Capacity.FULL_SERVICE_SECRETARIAT,
    Fact.PROVINCIAL_OR_LOCAL: _provincial_or_local,
    Fact.NOT_PROVINCIAL_OR_LOCAL: lambda case: not _provincial_or_local(case),
    Fact.CLIENT_EXCLUDED: lambda case: case.question.subject_kind is SubjectKind.CLIENT and not case.action.client,
    Fact.MAIN_CONTRACTOR: _main_contractor,
    Fact.WORKS_PARTY: _works_party,
    Fact.EMPLOYED_EVERY_DAY: _employed_every_day,
    Fact.DECLARED_RECENTLY: _declared_recently,
}


def establish(case: Case) -> frozenset[Fact]:
    """All facts that are the case."""
    return frozenset(fact for fact, holds in PREDICATES.items() if holds(case))


NEEDS: dict[Fact, tuple[str, ...]] = {
    Fact.MAIN_CONTRACTOR: ("main_contractor",),
    Fact.WORKS_PARTY: ("main_contractor", "client", "subcontractors"),
    Fact.EMPLOYED_EVERY_DAY: ("requested", "dimona"),
    Fact.DECLARED_RECENTLY: ("service", "declared_on"),
}
"""The properties that a fact is made from: when one is missing the cure is to send it."""
