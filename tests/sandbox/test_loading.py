"""The country's start state is reached by use-cases alone, with a history in which the past is answered as it was."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from iam.app import build, fresh_sandbox
from iam.domain.appointments import Appointment, Grant, Role
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.audit import verify_chain
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.client_metadata import AuthMethod, ClientMetadata
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise
from iam.domain.identifiers import Niss
from iam.domain.mandates import Mandate, State
from iam.domain.periods import local_date
from iam.house import House
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import sandbox_environment
from iam.sandbox.loading import load_country
from iam.sandbox.software import SandboxClient
from iam.sandbox.state_server import playing_the_state
from iam.services.authorization import Ask
from iam.services.client_metadata_rules import check_metadata
from iam.services.people import person_of
from tests.sandbox.conftest import BASE_URL, START
from tests.surroundings import arrange


@dataclass(frozen=True)
class Loaded:
    """A house with the country in it."""

    house: House
    country: Country
    clients: list[SandboxClient]

    def person(self, niss: Niss) -> str:
        """The person whom a number names, or nothing."""
        with self.house.archive.reading() as reading:
            return person_of(reading, niss) or ""

    def decide(self, subject: str, firm: str, as_of: datetime | None = None, action: str = "declare") -> Decision:
        """Whether the payroll bureau's person or software may declare to Dimona for an employer."""
        client = subject == "payroll"
        person = "" if client else self.person(self.country.niss_of(subject))
        now = self.house.clock.now()
        login = Authentication(person, LoginKey.EID, Assurance.HIGH, now, "test", "once")
        question = Question(
            subject_kind=SubjectKind.CLIENT if client else SubjectKind.PERSON,
            subject=next(one.client_id for one in self.clients if one.alias == subject) if client else person,
            enterprise=self.country.number_of("bureau"),
            capacity=Capacity.SERVICE_PROVIDER,
            service="dimona",
            action=action,
            concerned=self.country.number_of(firm),
            authentication=None if client else login,
        )
        return self.house.judge.decide(Ask(question=question, as_of=as_of))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The country, loaded into a fresh sandbox."""
    country, clock = read_country(local_date(START)), ShiftedClock.starting_at(START)
    with playing_the_state(country, clock, BASE_URL) as state, pytest.MonkeyPatch.context() as patch:
        data = tmp_path_factory.mktemp("sandbox")
        arrange(patch, sandbox_environment(data, 8080, BASE_URL, state, country, clock.offset))
        settings = fresh_sandbox()
        clients = load_country(settings, country)
        house = build(settings)
        yield Loaded(house, country, clients)
        house.archive.close()


def test_the_country_stands_as_it_is_described(loaded: Loaded) -> None:
    country, now = loaded.country, loaded.house.clock.now()
    with loaded.house.archive.reading() as reading:
        held = {(one.enterprise, one.capacity) for one in reading.find(CapacityHeld) if one.valid.contains(now)}
        printer = reading.get(Enterprise, country.number_of("printer"))
        mandates = {one.terms.mandator: one for one in reading.find(Mandate)}
    told = {(firm.number.value, one.capacity) for firm in country.firms.values() for one in firm.capacities}
    recognised = {(firm.number.value, firm.recognised) for firm in country.firms.values() if firm.recognised}
    assert held == told | recognised | {(country.number_of("administration"), Capacity.ADMINISTRATION)}
    assert printer is not None
    assert not printer.valid.contains(now)
    assert mandates[country.number_of("florist")].state is State.CLOSED
    assert mandates[country.number_of("haulier")].state is State.VALIDATED


def test_three_officers_hold_every_act_of_the_office(loaded: Loaded) -> None:
    actions = set(loaded.house.library.current().catalogue.services["office"].actions)
    with loaded.house.archive.reading() as reading:
        grants = reading.find(Grant, service="office")
        officers = {appointment.person for one in grants if (appointment := reading.get(Appointment, one.holder))}
    assert officers == {loaded.person(loaded.country.niss_of(alias)) for alias in ("olga", "omar", "odile")}
    assert all(set(one.actions) == actions for one in grants)


def test_nobody_of_the_tour_is_known_before_it_begins(loaded: Loaded) -> None:
    with loaded.house.archive.reading() as reading:
        for firm in ("brewery", "accountants", "cooperative", "bakery"):
            known = reading.get(Enterprise, loaded.country.number_of(firm))
            assert known is not None
            assert known.entered_at is None
            assert reading.find(Appointment, enterprise=known.id) == []


@pytest.mark.parametrize("subject", ["nina", "nadia", "payroll"])
def test_a_standing_mandate_lets_the_bureau_act_and_a_closed_one_did_until_it_was_closed(
    loaded: Loaded, subject: str
) -> None:
    now = loaded.house.clock.now()
    assert loaded.decide(subject, "haulier").allowed
    assert loaded.decide(subject, "florist").reason == "no_mandate_in_force"
    assert loaded.decide(subject, "florist", now - timedelta(days=101)).allowed
    assert loaded.decide(subject, "florist", now - timedelta(days=99)).reason == "no_mandate_in_force"
    assert not loaded.decide(subject, "florist", now - timedelta(days=401)).allowed


def test_a_bis_number_and_a_niss_were_put_together_by_two_officers(loaded: Loaded) -> None:
    nadia, milan = (loaded.country.personas[alias] for alias in ("nadia", "milan"))
    assert nadia.former is not None
    assert milan.former is not None
    assert loaded.person(nadia.former) == loaded.person(nadia.niss) != ""
    assert loaded.person(milan.former) == loaded.person(milan.niss) == ""


def test_declaration_services_and_software_are_registered_with_keys_of_their_own(loaded: Loaded) -> None:
    with loaded.house.archive.reading() as reading:
        registered = {one.id: one for one in reading.find(Client)}
    assert {one.client_id for one in loaded.clients} == registered.keys()
    assert {one.alias: one.algorithm for one in loaded.clients} == {
        "portal": "ES256",
        "declarations": "ES256",
        "social_risks": "PS256",
        "works": "RS256",
        "payroll": "ES256",
        "dimona_web": "ES256",
        "dimona_older": "RS256",
        "newsletter": "RS256",
        "dimona_desktop": "ES256",
    }
    for one in loaded.clients:
        assert one.private_jwk["kid"] in registered[one.client_id].jwks
        assert one.private_jwk["d"] not in registered[one.client_id].jwks
        assert (one.kind is ClientKind.TECHNICAL) is (one.alias == "payroll")


def test_services_to_which_people_log_in_stand_in_each_profile_with_what_they_keep_secret(loaded: Loaded) -> None:
    with loaded.house.archive.reading() as reading:
        kept = {one.alias: (reading.get(Client, one.client_id), one.login) for one in loaded.clients if one.login}
        metadata = {one.alias: reading.get(ClientMetadata, one.client_id) for one in loaded.clients if one.login}
    stand = {
        alias: (client.profile, login.auth_method) for alias, (client, login) in kept.items() if client is not None
    }
    assert stand == {
        "dimona_web": (Profile.DEFAULT, AuthMethod.PRIVATE_KEY_JWT),
        "dimona_older": (Profile.OLDER, AuthMethod.PRIVATE_KEY_JWT),
        "newsletter": (Profile.OIDC_BASIC, AuthMethod.CLIENT_SECRET_BASIC),
        "dimona_desktop": (Profile.OLDER, AuthMethod.NONE),
    }
    for alias, (client, login) in kept.items():
        told = metadata[alias]
        assert client is not None and told is not None and client.usable(loaded.house.clock.now())
        assert told.redirect_uris == login.redirect_uris and told.scopes == login.scopes
        assert told.secret_hash == (hashlib.sha256(login.secret.encode()).hexdigest() if login.secret else "")
        check_metadata(client, told, loaded.house.library.current().catalogue, local=True)


def test_the_audit_trail_tells_the_whole_history_in_its_own_time(loaded: Loaded) -> None:
    archive, now = loaded.house.archive, loaded.house.clock.now()
    leaves = list(archive.leaves())
    assert verify_chain(leaves, archive.head()) == len(leaves) > 50
    assert leaves[0].at < now - timedelta(days=399)
    assert [one.leaf.act for one in leaves if one.leaf.act == "mandate_closed"] == ["mandate_closed"]
    assert leaves[-1].at <= now


def test_whoever_is_said_to_hold_a_place_holds_it(loaded: Loaded) -> None:
    people, firms = loaded.country.personas.values(), loaded.country.firms
    told = {
        (loaded.person(one.niss), firms[one.place.firm].number.value, one.place.role, one.place.capacity)
        for one in people
        if one.place
    }
    with loaded.house.archive.reading() as reading:
        found = {(one.person, one.enterprise, one.role, one.capacity) for one in reading.find(Appointment)}
    assert found == told


def test_no_manager_reaches_beyond_the_own_enterprise(loaded: Loaded) -> None:
    with loaded.house.archive.reading() as reading:
        top = reading.find(Appointment, role=Role.PRINCIPAL_ACCESS_MANAGER)
    assert {one.enterprise for one in top} == {loaded.country.number_of(firm) for firm in ("administration", "bureau")}
