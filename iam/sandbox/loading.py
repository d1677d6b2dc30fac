"""Loading the country: its start state is reached by use-cases alone, a year of history included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, PortfolioKind, Role
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.mandates import Side, Terms
from iam.domain.periods import Quarter
from iam.sandbox.country import Country
from iam.sandbox.login_services import described_login_services, register_login_service
from iam.sandbox.software import SandboxClient, ServiceDescription, described_services, new_private_jwk, public_set
from iam.sandbox.stage import Stage, stage_at
from iam.services.appointments import ContactData, Designation, NewAppointment
from iam.services.client_orders import NewClient, NewDeclarationService
from iam.services.grants import NewGrant
from iam.services.portfolios import NewPortfolio
from iam.services.recognitions import Recognition
from iam.settings import Settings

LONG_AGO, LATELY = timedelta(days=400), timedelta(days=100)
PHONE = "+32 2 000 00 00"
"""A number that is given to nobody: subscribers' numbers do not begin with a zero."""
PAYROLL = {
    "dimona": ("consult", "declare", "modify"),
    "dmfa": ("consult", "declare", "modify"),
    "drs.unemployment": ("consult", "finalise", "introduce", "modify"),
}
"""What the people and the software of the payroll bureau use."""
GROUPS = ("dmfa-dimona", "drs-unemployment")
"""Application groups of the mandates that the payroll bureau holds."""


def load_country(
    settings: Settings, country: Country, playground: str = "", return_to: Sequence[str] = ()
) -> list[SandboxClient]:
    """Bring an empty archive to the start state; returns the clients that were registered, with their keys.

    `playground` is the address to which declaration services of the web have people return, where it runs; `return_to`
    are more such addresses.

    Raises:
        Refusal: when a use-case refuses a step, which a test would have shown.
    """
    with stage_at(settings, country, LONG_AGO) as stage:
        stage.house.officers.establish()
        stage.house.directory_feed.follow(stage.house.directory)
        _appoint_officers(stage)
        _recognise_providers(stage)
        clients = [_register(stage, one) for one in described_services()]
        clients.append(_open_bureau(stage))
        mandates = {firm: _give_mandate(stage, firm) for firm in ("florist", "haulier")}
    with stage_at(settings, country, LATELY) as stage:
        _close(stage, mandates["florist"], "florist")
        _put_together(stage, "nadia")
    with stage_at(settings, country, timedelta()) as stage:
        described = described_login_services(playground, return_to)
        clients += [register_login_service(stage, one) for one in described]
    return clients


def contact(country: Country, person: str) -> ContactData:
    """What an enterprise types about one of the country's people."""
    return ContactData(label=country.personas[person].name, email=f"{person}@sandbox.example", phone=PHONE)


def _appoint_officers(stage: Stage) -> None:
    """The first officer comes from the server, the others by the administration's own hierarchy."""
    house, capacity = stage.house, Capacity.ADMINISTRATION
    house.officers.add_first(stage.country.niss_of("olga"), stage.country.personas["olga"].name)
    _designate(stage, "regis", "administration", "thea")
    manager = stage.actor("thea", "administration")
    actions = tuple(sorted(house.library.current().catalogue.services["office"].actions))
    for person in ("omar", "odile"):
        user = _appoint_user(stage, manager, person, stage.country.niss_of(person), capacity)
        house.grants.give(manager, NewGrant(holder=user.id, capacity=capacity, service="office", actions=actions))


def _recognise_providers(stage: Stage) -> None:
    officer = stage.actor("olga", "administration", Capacity.ADMINISTRATION)
    for firm in stage.country.firms.values():
        if firm.recognised is not None:
            order = Recognition(
                enterprise=firm.number,
                capacity=firm.recognised,
                file_reference=f"file {firm.alias}",
                represented_administrations=5,
                represented_workers=1500,
            )
            stage.house.recognitions.recognise(officer, order)


def _register(stage: Stage, one: ServiceDescription) -> SandboxClient:
    private_jwk = new_private_jwk(one.algorithm)
    order = NewDeclarationService(
        enterprise=stage.country.number_of(one.operator),
        label=one.label,
        jwks=public_set(private_jwk),
        algorithm=one.algorithm,
        services=one.services,
        niss_services=one.niss_services,
        capacity=one.capacity,
    )
    return _with_key(one.alias, stage.house.clients.register_declaration_service(order), private_jwk)


def _open_bureau(stage: Stage) -> SandboxClient:
    """The payroll bureau's people and software, with what they may use."""
    capacity = Capacity.SERVICE_PROVIDER
    _designate(stage, "rosa", "bureau", "ivo")
    manager = stage.actor("ivo", "bureau")
    nadia = stage.country.personas["nadia"]
    users = [("nina", stage.country.niss_of("nina")), ("nadia", nadia.former or nadia.niss)]
    for person, niss in users:
        _equip(stage, manager, _appoint_user(stage, manager, person, niss, capacity).id)
    private_jwk = new_private_jwk("ES256")
    order = NewClient(capacity=capacity, label="Payroll software", jwks=public_set(private_jwk), algorithm="ES256")
    client = stage.house.clients.register(manager, order)
    _equip(stage, manager, client.id)
    return _with_key("payroll", client, private_jwk)


def _equip(stage: Stage, manager: Actor, holder: str) -> None:
    """Grants for the payroll services, and a portfolio of all mandators."""
    for service, actions in PAYROLL.items():
        order = NewGrant(holder=holder, capacity=Capacity.SERVICE_PROVIDER, service=service, actions=actions)
        stage.house.grants.give(manager, order)
    stage.house.portfolios.give(manager, NewPortfolio(holder=holder, kind=PortfolioKind.ALL))


def _designate(stage: Stage, representative: str, firm: str, appointee: str) -> None:
    actor, representation = stage.representative(representative, firm)
    order = Designation(
        responsible=stage.country.niss_of(representative),
        responsible_phone=PHONE,
        appointee=stage.country.niss_of(appointee),
        contact=contact(stage.country, appointee),
        tie="employee",
    )
    stage.house.appointments.designate(actor, representation, order)


def _appoint_user(stage: Stage, manager: Actor, person: str, niss: Niss, capacity: Capacity) -> Appointment:
    order = NewAppointment(
        role=Role.USER, capacity=capacity, domain=None, contact=contact(stage.country, person), appointee=niss
    )
    return stage.house.appointments.appoint(manager, order)


def _give_mandate(stage: Stage, firm: str) -> str:
    """A mandate to the payroll bureau from the present quarter on, accepted by both sides' representatives."""
    terms = Terms(
        mandator=stage.country.number_of(firm),
        mandatary=stage.country.number_of("bureau"),
        mandatary_capacity=Capacity.SERVICE_PROVIDER,
        groups=GROUPS,
        first_quarter=Quarter.of(stage.house.clock.now()),
        last_quarter=None,
        contract_reference=f"Payroll contract {firm}",
    )
    actor, representation = stage.representative(_director(stage, firm), firm)
    proposed = stage.house.proposals.propose(
        actor, Side.MANDATOR, terms, finalise=True, representation=representation
    ).mandate
    other, representation = stage.representative("rosa", "bureau")
    stage.house.proposals.validate(other, proposed.id, terms.content_hash(), representation=representation)
    return proposed.id


def _close(stage: Stage, mandate: str, firm: str) -> None:
    actor, representation = stage.representative(_director(stage, firm), firm)
    stage.house.mandates.close(actor, mandate, representation=representation)


def _put_together(stage: Stage, person: str) -> None:
    """Two officers find that a BIS number and a NISS, with which the person logged in since, name one person."""
    one = stage.country.personas[person]
    stage.login(one.niss)
    for officer in ("olga", "omar"):
        actor = stage.actor(officer, "administration", Capacity.ADMINISTRATION)
        stage.house.desk.people.merge(actor, one.former or one.niss, one.niss)


def _director(stage: Stage, firm: str) -> str:
    return stage.country.firms[firm].functions[0].persona


def _with_key(alias: str, client: Client, private_jwk: dict[str, Any]) -> SandboxClient:
    return SandboxClient(
        alias=alias,
        client_id=client.id,
        kind=client.kind,
        enterprise=client.enterprise,
        capacity=client.capacity,
        algorithm=client.algorithm,
        services=client.services,
        private_jwk=private_jwk,
    )
