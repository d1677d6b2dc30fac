"""A grown country holds together as the domain asks, is skewed as the real one, and follows from its seed."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import pytest

from iam.domain.appointments import Appointment, Grant, GroupMember, Portfolio
from iam.domain.clients import Client
from iam.domain.enterprises import CapacityHeld, Enterprise
from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss
from iam.domain.mandates import Cover, Mandate, State, Tenure, covers_of, tenure_of
from iam.domain.periods import Quarter
from iam.domain.persons import Person, PersonNumber
from iam.sandbox.country import read_country
from iam.sandbox.growing import GrownCountry
from iam.sandbox.numbers import is_sandbox_employer, is_sandbox_enterprise, is_sandbox_niss
from oidc.client_keys import accept_jwks, canonical_jwks
from policies.catalogue import load_catalogue

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SIZE, SEED = 20_000, 7
CATALOGUE = load_catalogue(Path("policies/catalogue.toml").read_text())
T = TypeVar("T")


@cache
def grown(size: int = SIZE, seed: int = SEED) -> tuple[GrownCountry, tuple[Any, ...]]:
    """A country with its records."""
    country = GrownCountry(size, seed, NOW, CATALOGUE)
    return country, tuple(country.records())


def of_kind(kind: type[T]) -> list[T]:
    """The records of one kind."""
    return [one for one in grown()[1] if isinstance(one, kind)]


def test_a_country_has_exactly_the_mandates_asked_for() -> None:
    for size in (1, 2, 999, SIZE):
        assert sum(isinstance(one, Mandate) for one in grown(size)[1]) == size


@pytest.mark.parametrize("size", [0, -1, 2_000_000])
def test_a_size_that_the_numbers_do_not_hold_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="a grown country has 1 to"):
        GrownCountry(size, SEED, NOW, CATALOGUE)


def test_the_same_seed_grows_the_same_country_and_another_seed_another() -> None:
    again = tuple(GrownCountry(500, SEED, NOW, CATALOGUE).records())
    assert again == grown(500)[1]
    assert [one for one in again if isinstance(one, Cover)] != [
        one for one in grown(500, 8)[1] if isinstance(one, Cover)
    ]


def test_no_record_comes_twice() -> None:
    keys = Counter((type(one), one.niss if isinstance(one, PersonNumber) else _key(one)) for one in grown()[1])
    assert [key for key, count in keys.items() if count > 1] == []


def _key(record: Any) -> str:
    if isinstance(record, Tenure):
        return f"{record.mandate}/{record.group}"
    return str(getattr(record, "id", None) or record.appointment)


def test_covers_and_tenures_follow_from_the_mandates_as_the_domain_makes_them() -> None:
    exclusive = {code for code, group in CATALOGUE.groups.items() if group.cardinality.value == "one"}
    covers = [cover for mandate in of_kind(Mandate) for cover in covers_of(mandate)]
    assert covers == of_kind(Cover)
    assert [tenure_of(one) for one in covers if one.group in exclusive] == of_kind(Tenure)


def test_an_exclusive_group_has_one_mandatary_in_a_quarter() -> None:
    held = defaultdict(list)
    for tenure in of_kind(Tenure):
        held[tenure.mandator, tenure.group].append(tenure)
    assert any(len(tenures) > 1 for tenures in held.values())
    assert not any(a.shares_quarter(b) for tenures in held.values() for a, b in combinations(tenures, 2))


def test_both_sides_accepted_the_same_content_by_different_people() -> None:
    for mandate in of_kind(Mandate):
        first, second = mandate.acceptances
        assert first.content_hash == second.content_hash == mandate.terms.content_hash()
        assert (first.side.other, first.person == second.person) == (second.side, False)
        assert mandate.proposed_at <= first.at <= second.at == mandate.validated_at


def test_every_group_is_open_between_its_two_sides() -> None:
    held = {one.enterprise: one.capacity for one in of_kind(CapacityHeld)}
    for cover in of_kind(Cover):
        assert held[cover.mandatary] is cover.mandatary_capacity
        assert CATALOGUE.groups[cover.group].open_between([held[cover.mandator]], cover.mandatary_capacity)


def test_a_successor_begins_where_the_one_before_ends() -> None:
    mandates = {one.id: one for one in of_kind(Mandate)}
    successors = [one for one in mandates.values() if one.terms.succeeds]
    assert len(successors) > SIZE // 20
    for one in successors:
        before = mandates[one.terms.succeeds or ""]
        assert before.state is State.CLOSED
        assert before.closed_at == one.terms.first_quarter.start
        assert (before.terms.mandator, before.terms.groups) == (one.terms.mandator, one.terms.groups)
        assert before.terms.mandatary != one.terms.mandatary


def test_nothing_lies_ahead_of_the_present_quarter() -> None:
    present = Quarter.of(NOW)
    assert max(one.terms.first_quarter for one in of_kind(Mandate)) == present
    assert max(one.closed_at for one in of_kind(Mandate) if one.closed_at) <= present.start


def test_few_providers_have_many_clients_and_most_employers_one_mandate() -> None:
    clients = Counter(one.terms.mandatary for one in of_kind(Mandate))
    assert max(clients.values()) > 2 * median(clients.values())
    assert sum(count for _, count in clients.most_common(len(clients) // 5)) > SIZE // 3
    mandates = Counter(one.terms.mandator for one in of_kind(Mandate))
    assert sum(count == 1 for count in mandates.values()) > 0.8 * len(mandates)
    assert set(mandates.values()) == {1, 2}


def test_every_number_is_valid_and_nobodys_not_even_the_described_countrys() -> None:
    described = {firm.number.value for firm in read_country(NOW.date()).firms.values()}
    numbers = {one.id for one in of_kind(Enterprise)}
    assert all(is_sandbox_enterprise(CbeNumber(number)) for number in numbers)
    assert not numbers & described
    people = [Niss(one.niss) for one in of_kind(PersonNumber)]
    assert all(is_sandbox_niss(number) and int(number.value[6:9]) >= 500 for number in people)
    references = [one.reference for one in of_kind(CapacityHeld) if one.reference != "grown"]
    for reference in references:
        employer = EmployerNumber.parse(EmployerNumberKind.NSSO, reference.removeprefix("nsso:"))
        assert is_sandbox_employer(employer)
    assert len(set(references)) == len(references)


def test_every_person_and_enterprise_that_is_named_is_there() -> None:
    people, enterprises = {one.id for one in of_kind(Person)}, {one.id for one in of_kind(Enterprise)}
    assert {one.person for mandate in of_kind(Mandate) for one in mandate.acceptances} <= people
    assert {one.person for one in of_kind(Appointment)} <= people
    assert {name for one in of_kind(Mandate) for name in (one.terms.mandator, one.terms.mandatary)} <= enterprises


def test_providers_have_people_and_software_that_may_act() -> None:
    country, _ = grown()
    granted = {one.holder for one in of_kind(Grant)}
    kept = {one.holder: one for one in of_kind(Portfolio)}
    for provider in country.providers:
        assert {f"{provider.employee}-appointment", provider.client_id} <= granted & kept.keys()
    services = {one.service for one in of_kind(Grant)}
    assert services == {link.service for link in CATALOGUE.links}


def test_software_has_a_key_that_a_client_may_register() -> None:
    for client in of_kind(Client):
        assert canonical_jwks(accept_jwks(json.loads(client.jwks), algorithm="ES256")) == client.jwks
    keys = [client.jwks for client in of_kind(Client)]
    assert len(set(keys)) == len(keys)


def test_an_employees_desk_holds_mandators_whose_mandates_stand() -> None:
    country, _ = grown()
    standing = {(one.mandatary, one.mandator) for one in of_kind(Cover) if one.valid.contains(NOW)}
    members = of_kind(GroupMember)
    assert {(one.enterprise, one.mandator) for one in members} <= standing
    assert sum(len(country.desk(one)) for one in country.providers) == len(members) > 0
