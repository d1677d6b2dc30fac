"""Codes of invitations at the door: what is wrong with one is not told, and nothing else can be sent along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.enterprises import Capacity
from tests.api.administration import Country, Human

pytestmark = pytest.mark.attack("H07")
PATH = "/invitations/acceptances"


def invited(country: Country) -> tuple[str, str, Human]:
    """A place that waits, its code, and the manager who had it made."""
    number = country.enterprise(Capacity.EMPLOYER)
    manager = country.manager(number)
    body = {"role": "user", "capacity": "employer", "label": "Jan", "email": "jan@example.be", "phone": "+3225550000"}
    place = country.post(f"/enterprises/{number}/appointments", manager, body).json["id"]
    code = country.ask("POST", f"/enterprises/{number}/appointments/{place}/invitations", manager).json["code"]
    return place, code, manager


def told(answer: Any) -> tuple[int, str]:
    """An answer but for what is new in each: its status, and its body without its own identifiers."""
    body = {name: value for name, value in answer.json.items() if name not in ("instance", "id", "explanation")}
    return answer.status_code, json.dumps(body, sort_keys=True)


def test_a_code_that_is_used_void_changed_unknown_or_late_is_answered_alike(country: Country) -> None:
    place, code, manager = invited(country)
    number = country.found(Appointment, id=place)[0].enterprise
    again = country.ask("POST", f"/enterprises/{number}/appointments/{place}/invitations", manager).json["code"]
    answers = {told(country.post(PATH, country.human(), {"code": one})) for one in (code, again[:-1], "x", again * 2)}
    assert country.post(PATH, country.human(), {"code": again}).status_code == 201
    answers.add(told(country.post(PATH, country.human(), {"code": again})))
    late_place, late, _ = invited(country)
    country.clock.advance(days=14, seconds=1)
    answers.add(told(country.post(PATH, country.human(), {"code": late})))
    assert len(answers) == 1 and next(iter(answers))[0] == 410
    assert country.found(Appointment, id=late_place)[0].person is None


@pytest.mark.parametrize(
    "more",
    [
        {"enterprise": "0206731645"},
        {"email": "eve@example.org"},
        {"role": "principal_access_manager"},
        {"capacity": "service_provider"},
        {"appointment": "another"},
        {"person": "somebody"},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"code": ["a", "b"]},
        {"code": None},
        {"code": ""},
        {"code": "a b"},
        {"code": "%"},
        {"code": "x" * 129},
    ],
    ids=lambda more: json.dumps(more)[:40],
)
def test_nothing_is_sent_along_with_a_code(small_country: Country, more: dict[str, Any]) -> None:
    country = small_country
    place, code, _ = invited(country)
    before = country.plain.revision()
    answer = country.post(PATH, country.human(), {"code": code, **more})
    assert (answer.status_code, country.found(Appointment, id=place)[0].person) == (400, None)
    assert country.plain.revision() == before
    human = country.human()
    assert country.post(PATH, human, {"code": code}).json["appointment"] == place
