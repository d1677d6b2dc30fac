"""Visits: what a browser began is finished by that browser alone, once, and in time."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from iam.domain.visits import LoginFlow, Visit
from iam.services.visits import FLOW_LIFE, LONGEST_FORM, VISIT_LIFE
from tests.services.login_scenes import Gate
from tests.services.worlds import World

STATE = "state-of-256-bits"


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def test_a_visit_is_found_by_its_secret_alone_until_it_expires(gate: Gate) -> None:
    held = gate.visits.unrecorded(return_to="/mandates", service="dimona", action="declare")
    assert gate.world.found(Visit) == [] and gate.visits.find(held.secret) is None
    gate.visits.keep(held.visit)
    gate.restart()
    assert gate.visits.find(held.secret) == held.visit
    assert gate.visits.find(held.visit.id) is None
    assert held.secret not in repr(gate.world.found(Visit))
    gate.world.clock.at += VISIT_LIFE
    assert gate.visits.find(held.secret) is None


def test_a_form_that_is_too_long_is_not_kept(gate: Gate) -> None:
    with pytest.raises(ValueError, match="too long"):
        gate.visits.keep(replace(gate.visits.unrecorded().visit, kept_form="x" * (LONGEST_FORM + 1)))


def test_a_login_under_way_is_taken_once_with_its_details(gate: Gate) -> None:
    visit = gate.visits.unrecorded().visit
    gate.visits.begin_flow(visit, "itsme", STATE, {"nonce": "n", "verifier": "v"})
    gate.restart()
    assert gate.visits.take_flow(visit, "itsme", STATE) == {"nonce": "n", "verifier": "v"}
    assert gate.visits.take_flow(visit, "itsme", STATE) is None
    assert gate.world.found(LoginFlow) == []


def test_what_a_visit_keeps_of_an_identity_is_kept_under_a_new_secret_alone(gate: Gate) -> None:
    """Whoever planted the visit, or knew of it, does not go on as the person who proved themselves in it."""
    planted = gate.visits.unrecorded("p" * 43, return_to="/mandates")
    gate.visits.begin_flow(planted.visit, "itsme", STATE, {})
    renewed = gate.visits.renew(planted.visit, "somebody")
    assert renewed.secret != planted.secret
    assert gate.visits.find(planted.secret) is None
    assert gate.visits.find(renewed.secret) == renewed.visit
    assert (renewed.visit.pending, renewed.visit.return_to) == ("somebody", "/mandates")


def test_a_visit_that_ended_is_not_kept_again_by_what_comes_late(gate: Gate) -> None:
    visit = gate.visits.keep(gate.visits.unrecorded().visit)
    gate.visits.end(visit)
    gate.visits.keep_pending(visit, "somebody")
    gate.visits.end(visit)
    assert gate.world.found(Visit) == []


def test_a_visit_ends_for_one_of_those_who_end_it(gate: Gate) -> None:
    visit = gate.visits.keep(gate.visits.unrecorded().visit)
    assert [gate.visits.end(visit) for _ in range(3)] == [True, False, False]
    assert gate.visits.end(gate.visits.unrecorded().visit) is False


def test_another_browser_takes_nothing_and_spoils_nothing(gate: Gate) -> None:
    mine, theirs = gate.visits.unrecorded().visit, gate.visits.unrecorded().visit
    gate.visits.begin_flow(mine, "itsme", STATE, {"nonce": "n"})
    assert gate.visits.take_flow(theirs, "itsme", STATE) is None
    assert gate.visits.take_flow(None, "itsme", STATE) is None
    assert gate.visits.take_flow(mine, "card", STATE) is None
    assert gate.visits.take_flow(mine, "itsme", "guessed") is None
    assert gate.visits.take_flow(mine, "itsme", STATE) == {"nonce": "n"}


def test_an_answer_that_comes_too_late_finds_nothing(gate: Gate) -> None:
    visit = gate.visits.unrecorded().visit
    gate.visits.begin_flow(visit, "itsme", STATE, {})
    gate.world.clock.at += FLOW_LIFE
    assert gate.visits.take_flow(visit, "itsme", STATE) is None


def test_of_many_answers_at_once_one_finds_the_login_that_was_begun(gate: Gate) -> None:
    visit = gate.visits.unrecorded().visit
    gate.visits.begin_flow(visit, "itsme", STATE, {"nonce": "n"})
    barrier, outcomes = threading.Barrier(64), []

    def take() -> None:
        barrier.wait()
        outcomes.append(gate.visits.take_flow(visit, "itsme", STATE))

    threads = [threading.Thread(target=take) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in outcomes if one is not None] == [{"nonce": "n"}]
    assert len(outcomes) == 64
