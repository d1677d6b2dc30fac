"""Mandates, delegations and appointments that end, as the services that they concern hear of them."""

from __future__ import annotations

from datetime import timedelta

from iam.domain.delegations import Delegation
from iam.services.mandate_force import end_delegation
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER, PROVIDER
from tests.oidc.signals.signal_scene import (
    APPOINTMENT,
    NARROWED,
    OTHER_SERVICE,
    REVOKED,
    SESSION,
    SignalScene,
    only,
)
from tests.storage import records


def test_a_mandate_that_is_closed_is_told_with_its_parties_and_from_when(signals: SignalScene) -> None:
    signals.create()
    at = signals.scene.clock.at + timedelta(days=1)
    signals.close(signals.mandate(), at)
    signals.send()
    event = only(signals.heard())
    assert event["sub_id"] == {
        "format": "complex",
        "tenant": {"format": "opaque", "id": EMPLOYER},
        "mandate": {"format": "opaque", "id": "m1"},
    }
    told = event["events"][REVOKED]
    wanted = {
        "mandate": "m1",
        "version": 2,
        "mandator": EMPLOYER,
        "mandatary": PROVIDER,
        "mandatary_capacity": "service_provider",
        "groups": ["dmfa-dimona"],
        "services": ["dimona"],
        "from": int(at.timestamp()),
        "from_date": "2026-10-02",
        "from_quarter": "2026-Q4",
    }
    assert {name: told[name] for name in wanted} == wanted


def test_an_end_that_is_brought_forward_again_narrows_the_mandate(signals: SignalScene) -> None:
    signals.create()
    signals.close(signals.mandate(), signals.scene.clock.at + timedelta(days=1), "mandate_narrowed")
    signals.send()
    assert signals.events() == [NARROWED]


def test_a_delegation_that_ends_is_told_with_who_held_it(signals: SignalScene) -> None:
    signals.create()
    signals.mandate()
    signals.scene.record(records.delegation("d1", mandate="m1", mandator=EMPLOYER, giver=PROVIDER, receiver=OTHER))
    with signals.scene.archive.writing() as uow:
        delegation = uow.get(Delegation, "d1")
        assert delegation is not None
        end_delegation(uow, signals.actor(), delegation, uow.now)
        uow.commit()
    signals.send()
    told = only(signals.heard())["events"][NARROWED]
    assert (told["delegation"], told["receiver"], told["mandate"]) == ("d1", OTHER, "m1")


def test_each_service_hears_of_its_own_groups_alone(signals: SignalScene) -> None:
    signals.another("declaration_service_works_0406798006_works00000", services=("authorization", "works"))
    signals.create("declaration_service_works_0406798006_works00000")
    signals.another()
    signals.create(OTHER_SERVICE, delivery={"endpoint_url": "https://other.example/signals"})
    signals.close(signals.mandate(), signals.scene.clock.at + timedelta(days=1))
    signals.send()
    assert signals.heard() == []
    assert only(signals.heard("https://other.example/signals"))["events"][REVOKED]["services"] == ["dmfa"]


def test_an_appointment_that_ends_is_told_to_a_service_that_the_person_logged_in_to(signals: SignalScene) -> None:
    signals.create(PORTAL, APPOINTMENT)
    signals.scene.tokens()
    signals.dismiss()
    signals.send()
    event = only(signals.heard())
    sub = signals.scene.house.subjects.sub_for(signals.scene.marie, signals.scene.client().sector)
    assert event["sub_id"]["user"] == {"format": "iss_sub", "iss": ISSUER, "sub": sub}
    assert event["sub_id"]["tenant"] == {"format": "opaque", "id": EMPLOYER}
    told = event["events"][APPOINTMENT]
    assert (told["enterprise"], told["capacity"], told["services"]) == (EMPLOYER, "employer", ["dimona"])
    assert signals.scene.marie not in str(event) and "85073003328" not in str(event)


def test_a_service_that_never_met_the_person_and_may_not_know_numbers_hears_of_no_appointment(
    signals: SignalScene,
) -> None:
    signals.another(services=("authorization", "dimona"))
    signals.create(OTHER_SERVICE, APPOINTMENT, SESSION)
    signals.dismiss()
    assert signals.send() == 0


def test_a_service_that_may_know_numbers_hears_of_the_appointment_of_somebody_it_could_ask_about(
    signals: SignalScene,
) -> None:
    signals.another(services=("authorization", "dimona"), niss_services=("dimona",))
    signals.create(OTHER_SERVICE, APPOINTMENT)
    signals.dismiss()
    assert signals.send() == 1


def test_what_an_appointment_gave_to_others_is_told_with_its_end(signals: SignalScene) -> None:
    signals.create()
    scene = signals.scene
    scene.record(
        records.appointment("boss", person="p9", enterprise=EMPLOYER),
        records.grant("g9", holder="robot", enterprise=EMPLOYER, service="dimona", given_by="boss"),
        records.client("robot", enterprise=EMPLOYER),
    )
    signals.dismiss("boss", with_everything=True)
    signals.send()
    told = [one["sub_id"] for one in signals.heard()]
    assert {"format": "iss_sub", "iss": ISSUER, "sub": "robot"} in told
