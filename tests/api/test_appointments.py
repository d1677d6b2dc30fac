"""Appointing people, inviting users, reading the hierarchy and ending what was made."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.instants import format_instant
from tests.api.administration import API, Country, Human

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
NOTED = {"label": "Ugo of the office", "email": "ugo@example.be", "phone": "+32 2 555 03 03"}


def order(human: Human | None, role: str = "user", **more: Any) -> dict[str, Any]:
    niss = {"niss": human.niss.value} if human else {}
    return {"role": role, "capacity": "employer", **NOTED, **niss, **more}


def appointments(number: str) -> str:
    return f"/enterprises/{number}/appointments"


def test_a_manager_appoints_a_local_manager_who_creates_a_user(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, local, user = country.manager(number), country.human(), country.human()
    made = country.post(appointments(number), top, order(local, "local_manager", domain="social_security"))
    assert made.status_code == 201
    assert made.headers["Location"] == f"{API}{appointments(number)}/{made.json['id']}"
    answer = country.post(appointments(number), local, order(user), capacity=EMPLOYER)
    assert (answer.status_code, answer.json["appointed_by"]) == (201, made.json["id"])
    assert answer.json["contact"] == NOTED
    assert country.found(Appointment, id=answer.json["id"])[0].person == user.person


def test_the_answer_tells_nothing_of_whether_the_person_was_known(country: Country) -> None:
    first, second = country.enterprise(EMPLOYER), country.enterprise(EMPLOYER)
    known, unknown = country.human(), Human("", Niss.parse("17073003384"))
    country.user(second, EMPLOYER, person=known.person)
    top = country.manager(first)
    answers = [country.post(appointments(first), top, order(one)) for one in (known, unknown)]
    assert [one.status_code for one in answers] == [201, 201]
    told = [{**one.json, "id": "", "person": "", "from": ""} for one in answers]
    assert told[0] == told[1]


def test_no_answer_gives_the_number_of_a_person(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.human()
    made = country.post(appointments(number), top, order(user))
    listed = country.get(appointments(number), top)
    one = country.get(f"{appointments(number)}/{made.json['id']}", top)
    for answer in (made, listed, one):
        assert user.niss.value.encode() not in answer.data
        assert b'"niss":"**.**.**-***.**"' in answer.data.replace(b'": "', b'":"')


def test_an_invited_user_accepts_once_with_the_code(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, user, other = country.manager(number), country.human(), country.human()
    made = country.post(appointments(number), top, order(None))
    assert (made.json["niss"], made.json["person"], made.json["invitation_until"]) == (None, None, None)
    where = f"{appointments(number)}/{made.json['id']}"
    void = country.ask("POST", f"{where}/invitations", top)
    code = country.ask("POST", f"{where}/invitations", top).json["code"]
    assert country.get(where, top).json["invitation_until"]
    gone = [country.post("/invitations/acceptances", user, {"code": one}) for one in (void.json["code"], "unknown")]
    assert [one.status_code for one in gone] == [410, 410]
    assert gone[0].data == gone[1].data
    accepted = country.post("/invitations/acceptances", user, {"code": code})
    assert (accepted.status_code, accepted.json["appointment"]) == (201, made.json["id"])
    assert country.post("/invitations/acceptances", other, {"code": code}).status_code == 410
    assert country.found(Appointment, id=made.json["id"])[0].person == user.person
    again = country.ask("POST", f"{where}/invitations", top)
    assert (again.status_code, again.json["code"]) == (410, "invitation_used")


def test_a_manager_of_another_capacity_gets_no_code_for_an_open_invitation(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top, other = country.manager(number), country.manager(number, Role.LOCAL_MANAGER, PROVIDER, "social_security")
    made = country.post(appointments(number), top, order(None))
    where = f"{appointments(number)}/{made.json['id']}/invitations"
    code = country.ask("POST", where, top).json["code"]
    refused = country.ask("POST", where, other, capacity=PROVIDER)
    assert (refused.status_code, refused.json["code"]) == (403, "beyond_own_reach")
    assert country.post("/invitations/acceptances", country.human(), {"code": code}).status_code == 201


def test_a_code_is_good_for_two_weeks(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, user = country.manager(number), country.human()
    made = country.post(appointments(number), top, order(None))
    code = country.ask("POST", f"{appointments(number)}/{made.json['id']}/invitations", top).json["code"]
    country.clock.advance(days=14)
    assert country.post("/invitations/acceptances", user, {"code": code}).status_code == 410


def test_a_manager_sees_the_hierarchy_of_the_capacity_acted_in(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top, local = country.manager(number), country.manager(number, Role.LOCAL_MANAGER, EMPLOYER, "social_security")
    for capacity in (EMPLOYER, PROVIDER):
        country.user_of(number, capacity)
    every = country.get(appointments(number), top).json["items"]
    assert sorted(one["role"] for one in every) == ["local_manager", "principal_access_manager", "user", "user"]
    seen = country.get(appointments(number), local, capacity=EMPLOYER).json["items"]
    assert sorted((one["role"], one["capacity"]) for one in seen) == [
        ("local_manager", "employer"),
        ("user", "employer"),
    ]
    refused = country.get(appointments(number), local)
    assert (refused.status_code, refused.json["code"]) == (403, "not_access_manager")
    hidden = next(one["id"] for one in every if one["capacity"] == "service_provider")
    assert country.get(f"{appointments(number)}/{hidden}", local, capacity=EMPLOYER).status_code == 404
    assert country.get(f"{appointments(number)}/{hidden}", top).status_code == 200


def test_everybody_reads_their_own_appointment(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    user, colleague = country.user_of(number, EMPLOYER), country.user_of(number, EMPLOYER)
    sub = country.get("/me", user).json["sub"]
    mine = country.get(f"{appointments(number)}?person={sub}", user)
    assert [one["person"] for one in mine.json["items"]] == [sub]
    assert country.get(f"{appointments(number)}/{mine.json['items'][0]['id']}", user).status_code == 200
    theirs = country.get("/me", colleague).json
    for path in ("", f"?person={theirs['sub']}", f"/{theirs['contexts'][0]['appointments'][0]['id']}"):
        refused = country.get(f"{appointments(number)}{path}", user)
        assert (refused.status_code, refused.json["code"]) == (403, "not_access_manager")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("role=user", 2),
        ("role=co_manager", 1),
        ("capacity=employer", 2),
        ("capacity=service_provider", 0),
        ("role=user&phase=ended", 1),
        ("role=user&phase=upcoming", 1),
        ("role=user&phase=any", 4),
        ("person=0000000000000000000000", 0),
    ],
)
def test_a_listing_is_filtered(country: Country, query: str, expected: int) -> None:
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    country.manager(number, Role.CO_MANAGER)
    later = format_instant(country.clock.at + timedelta(days=9))
    ids = [country.post(appointments(number), top, order(country.human())).json["id"] for _ in range(3)]
    country.post(appointments(number), top, order(country.human(), **{"from": later}))
    country.post(f"{appointments(number)}/{ids[0]}/end", top)
    answer = country.get(f"{appointments(number)}?{query}", top)
    assert (answer.status_code, len(answer.json["items"])) == (200, expected)


def test_a_listing_is_complete_over_pages_while_facts_change(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    expected = {country.post(appointments(number), top, order(country.human())).json["id"] for _ in range(5)}
    seen, path = [], f"{appointments(number)}?role=user&limit=2"
    while path:
        page = country.get(path, top).json
        seen += [one["id"] for one in page["items"]]
        path = page["next"]
        country.post(f"{appointments(number)}/{min(expected)}/end", top)
        country.post(appointments(number), top, order(country.human()))
    assert sorted(seen) == sorted(expected)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000000000", "limit=-1", "cursor=abc", "sort=niss", "role=king", "limit=1&limit=2"]
)
def test_a_query_that_asks_something_else_is_refused(small_country: Country, query: str) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    assert country.get(f"{appointments(number)}?{query}", country.manager(number)).status_code == 400


def test_a_cursor_of_another_time_gives_nothing_that_may_not_be_seen(country: Country) -> None:
    first, second = country.enterprise(EMPLOYER), country.enterprise(EMPLOYER)
    one, two = country.manager(first), country.manager(second)
    for _ in range(3):
        country.post(appointments(first), one, order(country.human()))
    path = country.get(f"{appointments(first)}?limit=1", one).json["next"]
    stolen = country.get(path.replace(first, second), two).json["items"]
    assert {item["enterprise"] for item in stolen} <= {second}
    forged = "eyJhZnRlciI6ImEiLCJzbmFwc2hvdCI6OTk5OTk5fQ"
    answer = country.get(f"{appointments(first)}?cursor={forged}", one)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


def test_a_listing_is_as_of_one_instant_and_as_known_at_another(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    start = country.clock.advance(days=1)
    made = country.post(appointments(number), top, order(country.human())).json["id"]
    middle = country.clock.advance(days=1)
    country.post(f"{appointments(number)}/{made}/end", top)
    country.clock.advance(days=1)

    def users(query: str) -> list[str]:
        return [one["id"] for one in country.get(f"{appointments(number)}?role=user&{query}", top).json["items"]]

    assert users("limit=9") == []
    assert users(f"as_of={quote(format_instant(middle - timedelta(hours=1)))}") == [made]
    assert users(f"known_at={quote(format_instant(middle))}") == [made]
    assert users(f"as_of={quote(format_instant(start - timedelta(days=1)))}") == []
    assert users(f"known_at={quote(format_instant(start))}&as_of={quote(format_instant(start))}") == []
    one = country.get(f"{appointments(number)}/{made}?known_at={quote(format_instant(middle))}", top)
    assert (one.json["phase"], one.json["until"], one.json["ended_at"]) == ("running", None, None)
    assert country.get(f"{appointments(number)}/{made}", top).json["phase"] == "ended"
    ahead = country.get(f"{appointments(number)}?as_of=2999-01-01T00:00:00Z", top)
    assert (ahead.status_code, ahead.json["code"]) == (400, "instant_in_future")


def test_an_appointment_ends_with_everything_that_it_gave_in_one_act(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top, local = country.manager(number), country.human()
    made = country.post(appointments(number), top, order(local, "local_manager", domain="social_security")).json["id"]
    user = country.post(appointments(number), local, order(country.human()), capacity=EMPLOYER).json["id"]
    ended = country.post(f"{appointments(number)}/{made}/end", top, {"with_everything_given": True})
    assert (ended.status_code, ended.data) == (204, b"")
    assert country.get(f"{appointments(number)}/{user}", top).json["phase"] == "ended"
    again = country.post(f"{appointments(number)}/{made}/end", top)
    assert (again.status_code, again.json["code"]) == (409, "already_ended")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"role": "principal_access_manager", "capacity": None}, 403, "beyond_own_reach"),
        ({"capacity": None}, 400, "invalid_reach"),
        ({"capacity": "administration"}, 403, "capacity_not_held"),
        ({"role": "local_manager", "domain": "no_such"}, 400, "invalid_reach"),
        ({"role": "co_manager", "capacity": None, "niss": None}, 400, "niss_required"),
        ({"from": "2020-01-01T00:00:00Z"}, 400, "invalid_period"),
        ({"niss": "85073003329"}, 400, "invalid_niss"),
        ({"niss": "８５０７３００３３２８"}, 400, "invalid_niss"),
        ({"email": "no address"}, 400, "invalid_input"),
        ({"phone": "call me"}, 400, "invalid_input"),
        ({"label": "two\nlines"}, 400, "invalid_input"),
    ],
)
def test_an_appointment_that_cannot_be_is_refused(
    small_country: Country, change: dict[str, Any], status: int, code: str
) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    body = {**order(country.human()), **change}
    answer = country.post(appointments(number), country.manager(number), body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_without_an_active_top_manager_nobody_is_appointed(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    deputy = country.manager(number, Role.CO_MANAGER)
    answer = country.post(appointments(number), deputy, order(country.human()))
    assert (answer.status_code, answer.json["code"]) == (409, "no_active_principal_access_manager")
    assert answer.json["cure"]["type"] == "designate_principal_access_manager"
