"""A person reads their own logins and failed tries of six months, and nobody reads another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.appointments import Appointment
from iam.domain.enterprises import Capacity
from iam.domain.logins import LoginRecord
from iam.domain.persons import Person
from iam.services.login_history import MOST_FAILED, MOST_TOLD
from iam.services.sign_in import REMEMBERED, LoginRefused
from tests.services.login_scenes import HERE, Gate
from tests.services.worlds import World


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def test_each_login_is_told_with_key_service_country_device_and_result(gate: Gate) -> None:
    (person, niss), (stranger, other) = gate.world.person(), gate.world.person()
    gate.login(niss)
    gate.world.clock.advance(minutes=1)
    gate.login(niss, "card")
    gate.login(other)
    told = gate.history.of(person)
    assert [one.key.value for one in told] == ["eid", "itsme"]
    latest = told[0]
    assert (latest.service, latest.country, latest.device, latest.result) == (
        "dimona",
        "BE",
        "Firefox, Linux",
        "signed_in",
    )
    assert [one.person for one in gate.history.of(stranger)] == [stranger]


def test_a_refused_login_of_somebody_known_is_told_and_makes_nobody_known(gate: Gate) -> None:
    person, niss = gate.world.person()
    proven = gate.proven(niss)
    gate.sign_in.enter(proven, HERE)
    with pytest.raises(LoginRefused) as refusal:
        gate.sign_in.enter(proven, HERE)
    gate.world.clock.advance(seconds=1)
    gate.sign_in.note_refused(proven, HERE, refusal.value.code)
    assert [one.result for one in gate.history.of(person)] == ["login_replayed", "signed_in"]
    assert gate.acts()[-1] == "login_refused"
    before = len(gate.world.found(Person))
    unknown = gate.proven(type(niss).parse(f"850730997{97 - 850730997 % 97:02d}"))
    gate.sign_in.note_refused(unknown, HERE, "provider_off")
    assert len(gate.world.found(Person)) == before
    assert len(gate.world.found(LoginRecord)) == 2


def test_a_login_is_told_for_six_months_and_no_longer(gate: Gate) -> None:
    person, niss = gate.world.person()
    gate.login(niss)
    gate.world.clock.at += REMEMBERED - timedelta(microseconds=1)
    assert len(gate.history.of(person)) == 1
    gate.world.clock.at += timedelta(microseconds=1)
    assert gate.history.of(person) == []


def test_only_the_latest_are_told_and_no_login_hides_among_failed_tries(gate: Gate) -> None:
    """Anybody can make tries fail in somebody's name; a login that succeeded stays to be seen."""
    person, niss = gate.world.person()
    provider = gate.book.providers["password"]
    gate.login(niss, "card")
    with gate.world.archive.writing() as uow:
        for number in range(MOST_TOLD):
            record = LoginRecord(
                id=f"failed {number:04d}",
                person=person,
                provider=provider.id,
                key=provider.key,
                at=uow.now + timedelta(seconds=number),
                result="wrong_password",
                assurance=None,
                issued_in="BE",
                device="",
                country="",
                service="",
                expires_at=uow.now + REMEMBERED,
            )
            uow.put(record)
        uow.commit()
    told = gate.history.of(person)
    assert [one.result for one in told] == ["wrong_password"] * MOST_FAILED + ["signed_in"]
    assert told[0].id == f"failed {MOST_TOLD - 1:04d}"
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)


def test_a_first_login_activates_what_waited_for_it(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    person, niss = gate.world.person()
    gate.world.user(enterprise, Capacity.EMPLOYER, person=person)
    (waiting,) = gate.world.found(Appointment)
    gate.world.record(replace(waiting, activated_at=None))
    gate.world.clock.advance(seconds=1)
    gate.login(niss)
    (active,) = gate.world.found(Appointment)
    assert active.activated_at == gate.world.clock.at
    assert gate.acts() == ["session_begun", "appointment_activated"]


def test_where_a_person_logs_out_at_the_provider_follows_its_kind_and_hint(gate: Gate) -> None:
    _, niss = gate.world.person()
    by_itsme = gate.login(niss, logout_hint="id.token.of-somebody")
    assert "id.token" not in repr(by_itsme.session)
    assert gate.farewells.address(by_itsme.session) == "https://itsme.example/end?hint=id.token.of-somebody"
    assert gate.farewells.address(gate.login(niss, "card").session) is None
    gate.book.switch("itsme", enabled=False)
    assert gate.farewells.address(by_itsme.session) is None


def test_a_try_that_failed_after_somebody_was_recognised_is_told_to_them_alone(gate: Gate) -> None:
    (person, _), (stranger, _) = gate.world.person(), gate.world.person()
    gate.sign_in.note_try(person, gate.book.providers["password"], HERE, "wrong_code")
    (told,) = gate.history.of(person)
    assert (told.provider, told.result, told.assurance, told.device) == (
        "password",
        "wrong_code",
        None,
        "Firefox, Linux",
    )
    assert gate.history.of(stranger) == []
