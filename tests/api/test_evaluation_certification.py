"""The cases of the AuthZEN certification: Basic, Batch and Discovery."""

from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from tests.api.authzen_certification import BASE_URL, certification_door

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE = {**ONE, "properties": {"status": "active"}}
ARCHIVED = {**TWO, "properties": {"status": "archived"}}
TIME = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


@pytest.fixture
def pdp() -> Client:
    """The decision point under test."""
    return Client(certification_door())


def asked(subject: object, name: str, resource: object, **members: object) -> dict[str, object]:
    return {"subject": subject, "action": {"name": name}, "resource": resource, **members}


def evaluated(pdp: Client, request: object) -> TestResponse:
    return pdp.post("/access/v1/evaluation", json=request)


def evaluations(pdp: Client, request: object) -> list[Any]:
    response = pdp.post("/access/v1/evaluations", json=request)
    assert response.status_code == 200
    assert response.content_type == "application/json"
    told = response.json or {}
    assert "decision" not in told
    decisions = told["evaluations"]
    assert all(isinstance(one["decision"], bool) and isinstance(one.get("context", {}), dict) for one in decisions)
    return list(decisions)


def decisions(pdp: Client, request: object) -> list[bool]:
    return [one["decision"] for one in evaluations(pdp, request)]


SINGLE = {
    "2.2.1 alice reads": (asked(ALICE, "read", ONE), True),
    "1.4 alice writes": (asked(ALICE, "write", ONE), True),
    "1.4 bob reads": (asked(BOB, "read", ONE), True),
    "2.2.2 bob does not write": (asked(BOB, "write", ONE), False),
    "2.2.3 context": (asked(ALICE, "read", ONE, context=TIME), True),
    "2.2.4 alice does not write what is archived": (asked(ALICE, "write", ARCHIVED), False),
    "2.2.5 an admin does": (asked(ADMIN, "write", ARCHIVED), True),
    "2.2.6 soft delete": (
        {**asked(ALICE, "delete", ONE), "action": {"name": "delete", "properties": {"soft": True}}},
        True,
    ),
    "2.2.7 hard delete": (
        {**asked(ALICE, "delete", ONE), "action": {"name": "delete", "properties": {"soft": False}}},
        False,
    ),
    "2.2.8 more properties": (
        {
            "subject": {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
            "action": {"name": "read", "properties": {"method": "GET"}},
            "resource": {**ONE, "properties": {"status": "active", "owner": "bob"}},
        },
        True,
    ),
    "2.2.9 unknown members": (asked(ALICE, "read", ONE, foo="bar", futureField={"nested": True}), True),
}


@pytest.mark.parametrize("case", SINGLE)
def test_a_single_evaluation_is_decided_as_the_scenario_says(pdp: Client, case: str) -> None:
    request, expected = SINGLE[case]
    response = evaluated(pdp, request)
    assert response.status_code == 200
    assert response.content_type == "application/json"
    told = response.json or {}
    assert told["decision"] is expected
    assert isinstance(told.get("context", {}), dict)


def test_members_that_the_specification_does_not_know_are_ignored_and_listed(pdp: Client) -> None:
    told = evaluated(pdp, SINGLE["2.2.9 unknown members"][0]).json or {}
    assert told["context"]["ignored"] == ["foo", "futureField"]


@pytest.mark.parametrize(
    "request_body",
    [
        pytest.param({"action": {"name": "read"}, "resource": ONE}, id="2.4.1 no subject"),
        pytest.param({"subject": ALICE, "resource": ONE}, id="2.4.1 no action"),
        pytest.param({"subject": ALICE, "action": {"name": "read"}}, id="2.4.1 no resource"),
        pytest.param(asked({"id": "alice"}, "read", ONE), id="2.4.2 subject without type"),
        pytest.param(asked({"type": "user"}, "read", ONE), id="2.4.2 subject without id"),
        pytest.param({"subject": ALICE, "action": {}, "resource": ONE}, id="2.4.2 action without name"),
        pytest.param(asked(ALICE, "read", {"id": "record-1"}), id="2.4.2 resource without type"),
        pytest.param(asked(ALICE, "read", {"type": "record"}), id="2.4.2 resource without id"),
        pytest.param(asked("alice", "read", ONE), id="2.4.6 subject of wrong type"),
        pytest.param({"subject": ALICE, "action": {"name": 123}, "resource": ONE}, id="2.4.6 name of wrong type"),
    ],
)
@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/evaluations"])
def test_a_member_that_is_missing_or_of_another_type_is_a_bad_request(
    pdp: Client, path: str, request_body: object
) -> None:
    response = pdp.post(path, json=request_body)
    assert response.status_code == 400
    assert "decision" not in (response.json or {})


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(b'{"subject": {}}', "text/plain", id="2.4.3 another content type"),
        pytest.param(b"{subject", "application/json", id="2.4.4 no JSON"),
        pytest.param(b"", "application/json", id="2.4.5 nothing"),
    ],
)
def test_a_body_that_is_no_json_is_a_bad_request(pdp: Client, data: bytes, content_type: str) -> None:
    assert pdp.post("/access/v1/evaluation", data=data, content_type=content_type).status_code == 400


def test_the_request_id_is_echoed(pdp: Client) -> None:
    headers = {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    response = pdp.post("/access/v1/evaluation", json=asked(ALICE, "read", ONE), headers=headers)
    assert response.headers["X-Request-ID"] == headers["X-Request-ID"]


def test_a_request_without_request_id_is_answered(pdp: Client) -> None:
    assert evaluated(pdp, asked(ALICE, "read", ONE)).status_code == 200


def test_the_same_request_gets_the_same_decision_each_time(pdp: Client) -> None:
    assert [(evaluated(pdp, asked(BOB, "write", ONE)).json or {})["decision"] for _ in range(5)] == [False] * 5


BATCHES = {
    "3.2.2 two actions": (
        {"subject": BOB, "resource": ONE, "evaluations": [{"action": {"name": "read"}}, {"action": {"name": "write"}}]},
        [True, False],
    ),
    "3.2.3 properties of the resource": (
        {"subject": ALICE, "action": {"name": "write"}, "evaluations": [{"resource": ACTIVE}, {"resource": ARCHIVED}]},
        [True, False],
    ),
    "3.2.4 properties of the subject": (
        {"action": {"name": "write"}, "resource": ARCHIVED, "evaluations": [{"subject": ALICE}, {"subject": ADMIN}]},
        [False, True],
    ),
    "3.2.5 no defaults": ({"evaluations": [asked(ALICE, "read", ONE), asked(BOB, "write", ONE)]}, [True, False]),
    "3.2.7 whole defaults": (
        {**asked(ALICE, "write", ACTIVE), "evaluations": [{}, {"resource": ARCHIVED}]},
        [True, False],
    ),
}


@pytest.mark.parametrize("case", BATCHES)
def test_a_batch_is_decided_item_by_item_in_order(pdp: Client, case: str) -> None:
    request, expected = BATCHES[case]
    assert decisions(pdp, request) == expected


def test_a_batch_over_two_resources_has_two_decisions(pdp: Client) -> None:
    request = {"subject": ALICE, "action": {"name": "read"}, "evaluations": [{"resource": ONE}, {"resource": TWO}]}
    assert len(decisions(pdp, request)) == 2


def test_a_context_for_all_and_one_of_its_own_are_both_taken(pdp: Client) -> None:
    own = {"time": "2025-06-27T19:00-07:00", "source": "batch-override"}
    items = [{"resource": ONE}, {"resource": TWO, "context": own}]
    request = {"subject": ALICE, "action": {"name": "read"}, "context": TIME, "evaluations": items}
    assert len(decisions(pdp, request)) == 2


def test_one_evaluation_that_lacks_a_member_is_denied_by_itself(pdp: Client) -> None:
    options = {"evaluations_semantic": "execute_all"}
    request = {
        "subject": ALICE,
        "action": {"name": "read"},
        "options": options,
        "evaluations": [{"resource": ONE}, {}],
    }
    first, second = evaluations(pdp, request)
    assert (first["decision"], second["decision"]) == (True, False)
    assert second["context"]["error"]["status"] == 400


@pytest.mark.parametrize("evaluations_member", [{}, {"evaluations": []}])
def test_without_evaluations_the_request_is_a_single_one(pdp: Client, evaluations_member: dict[str, object]) -> None:
    response = pdp.post("/access/v1/evaluations", json=asked(ALICE, "read", ONE, **evaluations_member))
    assert response.status_code == 200
    assert (response.json or {})["decision"] is True


def test_the_metadata_tells_where_the_endpoints_are(pdp: Client) -> None:
    response = pdp.get("/.well-known/authzen-configuration")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.json == {
        "policy_decision_point": BASE_URL,
        "access_evaluation_endpoint": f"{BASE_URL}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{BASE_URL}/access/v1/evaluations",
    }
