"""Giving and taking back the use of applications, and portfolios of mandators."""

from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment, Grant, Portfolio, Role
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from tests.api.administration import API, Country, Human

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER


def holder_of(country: Country, human: Human) -> str:
    return country.found(Appointment, person=human.person)[0].id


def order(holder: str, **more: Any) -> dict[str, Any]:
    return {"holder": holder, "capacity": "employer", "service": "dimona", "actions": ["declare", "consult"], **more}


def test_a_manager_gives_the_use_of_an_application_and_takes_it_back(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.user_of(number, EMPLOYER)
    path, holder = f"/enterprises/{number}/grants", holder_of(country, user)
    made = country.post(path, top, order(holder))
    assert (made.status_code, made.json["actions"]) == (201, ["consult", "declare"])
    assert made.headers["Location"] == f"{API}{path}/{made.json['id']}"
    assert country.get(f"{path}/{made.json['id']}", top).json["phase"] == "running"
    assert country.post(f"{path}/{made.json['id']}/end", top).status_code == 204
    again = country.post(f"{path}/{made.json['id']}/end", top)
    assert (again.status_code, again.json["code"]) == (409, "already_ended")
    assert country.get(path, top).json["items"] == []
    assert [one["id"] for one in country.get(f"{path}?phase=ended", top).json["items"]] == [made.json["id"]]


def test_a_grant_may_begin_and_end_later(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.user_of(number, EMPLOYER)
    path, holder = f"/enterprises/{number}/grants", holder_of(country, user)
    start, end = (format_instant(country.clock.at + timedelta(days=days)) for days in (5, 9))
    made = country.post(path, top, order(holder, **{"from": start, "until": end}))
    assert (made.json["phase"], made.json["from"], made.json["until"]) == ("upcoming", start, end)
    assert country.get(path, top).json["items"] == []
    assert len(country.get(f"{path}?phase=upcoming", top).json["items"]) == 1
    past = country.post(f"{path}/{made.json['id']}/end", top, {"at": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json["code"]) == (400, "instant_in_past")


def test_a_user_reads_what_they_hold_and_nothing_else(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    user, other = (country.user_of(number, EMPLOYER, "dimona:declare") for _ in range(2))
    for kind, what in ((Grant, "grants"), (Portfolio, "portfolios")):
        path = f"/enterprises/{number}/{what}"
        mine, theirs = holder_of(country, user), holder_of(country, other)
        held = country.get(f"{path}?holder={mine}", user)
        assert [one["holder"] for one in held.json["items"]] == [mine]
        assert country.get(f"{path}/{held.json['items'][0]['id']}", user).status_code == 200
        hidden = country.found(kind, holder=theirs)[0].id  # type: ignore[attr-defined]
        for query in ("", f"?holder={theirs}", f"/{hidden}"):
            refused = country.get(path + query, user)
            assert (refused.status_code, refused.json["code"]) == (403, "not_access_manager")


def test_a_local_manager_sees_the_grants_of_the_own_capacity(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    local = country.manager(number, Role.LOCAL_MANAGER, EMPLOYER, "social_security")
    country.user_of(number, EMPLOYER, "dimona:declare")
    country.user_of(number, PROVIDER, "dmfa:declare")
    for what, key in (("grants", "capacity"), ("portfolios", "kind")):
        path = f"/enterprises/{number}/{what}"
        seen = country.get(path, local, capacity=EMPLOYER)
        assert [one[key] for one in seen.json["items"]] == ["employer" if key == "capacity" else "all"]
        hidden = [one["id"] for one in country.get(path, country.manager(number, Role.CO_MANAGER)).json["items"]]
        answers = [country.get(f"{path}/{one}", local, capacity=EMPLOYER).status_code for one in hidden]
        assert sorted(answers) == [200, 404]


@pytest.mark.parametrize("query", ["service=dimona", "capacity=employer", "service=dimona&capacity=employer"])
def test_grants_are_filtered(country: Country, query: str) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    country.user_of(number, EMPLOYER, "dimona:declare")
    country.user_of(number, PROVIDER, "dmfa:declare")
    found = country.get(f"/enterprises/{number}/grants?{query}", top).json["items"]
    assert [(one["service"], one["capacity"]) for one in found] == [("dimona", "employer")]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"service": "no_such"}, 400, "unknown_service"),
        ({"service": "access_management", "actions": ["manage"]}, 400, "not_granted"),
        ({"service": "authorization", "actions": ["administer"]}, 400, "not_granted"),
        ({"service": "office", "actions": ["migrate"]}, 403, "capacity_not_held"),
        ({"actions": ["fly"]}, 400, "unknown_action"),
        ({"actions": []}, 400, "invalid_input"),
        ({"capacity": "service_provider"}, 403, "capacity_not_held"),
        ({"holder": "nobody"}, 404, "not_found"),
        ({"until": "2020-01-01T00:00:00Z"}, 400, "invalid_period"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(
    small_country: Country, change: dict[str, Any], status: int, code: str
) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.user_of(number, EMPLOYER)
    answer = country.post(f"/enterprises/{number}/grants", top, {**order(holder_of(country, user)), **change})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_provider_groups_its_mandators_and_gives_portfolios(country: Country) -> None:
    number, first, second = country.enterprise(PROVIDER), country.enterprise(EMPLOYER), country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.user_of(number, PROVIDER)
    groups = f"/enterprises/{number}/mandator-groups"
    group = country.post(groups, top, {"name": "North"})
    assert group.status_code == 201
    twice = country.post(groups, top, {"name": "North"})
    assert (twice.status_code, twice.json["code"]) == (409, "record_exists")
    where = f"{groups}/{group.json['id']}"
    assert country.get(where, top).json["name"] == "North"
    for mandator in (first, second):
        assert country.ask("PUT", f"{where}/members/{mandator}", top).status_code == 200
    assert country.ask("PUT", f"{where}/members/{first}", top).status_code == 409
    page = country.get(f"{where}/members?limit=1", top).json
    assert [one["mandator"] for one in page["items"]] == [first]
    assert [one["mandator"] for one in country.get(page["next"], top).json["items"]] == [second]
    assert country.ask("DELETE", f"{where}/members/{first}", top).status_code == 204
    assert country.ask("DELETE", f"{where}/members/{first}", top).status_code == 404
    path = f"/enterprises/{number}/portfolios"
    given = country.post(path, top, {"holder": holder_of(country, user), "kind": "group", "group": group.json["id"]})
    assert (given.status_code, given.json["group"]) == (201, group.json["id"])
    assert country.get(f"{path}/{given.json['id']}", top).json["kind"] == "group"
    assert country.post(f"{path}/{given.json['id']}/end", top).status_code == 204
    assert country.post(f"{path}/{given.json['id']}/end", top).status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "group"}, 400, "group_required"),
        ({"kind": "all", "group": "g"}, 400, "group_not_taken"),
        ({"kind": "group", "group": "g"}, 404, "not_found"),
        ({"kind": "some"}, 400, "invalid_input"),
        ({"holder": "nobody"}, 404, "not_found"),
    ],
)
def test_a_portfolio_that_cannot_be_is_refused(
    small_country: Country, change: dict[str, Any], status: int, code: str
) -> None:
    country = small_country
    number = country.enterprise(PROVIDER)
    top, user = country.manager(number), country.user_of(number, PROVIDER)
    body = {"holder": holder_of(country, user), "kind": "all", **change}
    answer = country.post(f"/enterprises/{number}/portfolios", top, body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_groups_are_not_seen_in_a_capacity_that_acts_for_nobody_else(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    group = country.post(f"/enterprises/{number}/mandator-groups", top, {"name": "North"}).json["id"]
    path = f"/enterprises/{number}/mandator-groups"
    assert country.get(path, top, capacity=EMPLOYER).json["items"] == []
    assert country.get(f"{path}/{group}", top, capacity=EMPLOYER).status_code == 404
    assert country.get(f"{path}/{group}/members", top, capacity=EMPLOYER).status_code == 404
    assert len(country.get(path, top, capacity=PROVIDER).json["items"]) == 1
