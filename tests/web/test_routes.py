"""Operations hold together when declared, are done once under one key, and only to the version that was seen."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Annotated, Any

import pytest
from pydantic import Field

from iam.web.markers import public, requires
from iam.web.models import Identifier, Input, Line, Output, unbounded
from iam.web.routes import Answer, Api
from tests.web.tiny_service import NISS, TinyService, User

USERS = "/api/v1/enterprises/0206731645/users"
NEW = {"name": "Ann", "niss": NISS, "phone": {"number": "+32470123456"}}


class Short(Input):
    """A bounded body."""

    name: Line


class LongText(Input):
    """A body with a text of any length."""

    name: str


class LongList(Input):
    """A body with a list of any length."""

    names: tuple[Line, ...]


class BigNumber(Input):
    """A body with a number of any size."""

    number: Annotated[int, Field(ge=0)]


class OpenObject(Input):
    """A body with members of any name."""

    properties: dict[str, Line]


class AnyThing(Input):
    """A body with a member of any type."""

    value: Any


class Nested(Input):
    """A body with a part that is not bounded."""

    parts: Annotated[tuple[LongText, ...], Field(max_length=3)] | None = None


@pytest.mark.parametrize("model", [LongText, LongList, BigNumber, OpenObject, AnyThing, Nested])
def test_an_input_of_unbounded_size_is_not_declared(model: type[Input]) -> None:
    with pytest.raises(ValueError, match=r"lacks|takes anything"):
        Api("X").post("/x", summary="X", body=model, answers={204: None})(requires("x")(lambda caller, body: None))


def test_a_bounded_input_has_no_open_places() -> None:
    assert unbounded(Short.model_json_schema()) == []


def _no_caller() -> None: ...
def _right(caller: object) -> None: ...
def _one_more(caller: object, body: object) -> None: ...
def _open_path(caller: object, thing: str) -> None: ...
def _path(caller: object, thing: Identifier) -> None: ...


DECLARATIONS: dict[str, tuple[str, str, dict[str, Any], Callable[..., Any], str]] = {
    "no marker": ("GET", "/x", {}, _right, "needs @requires"),
    "no caller": ("GET", "/x", {}, requires("x")(_no_caller), "should take"),
    "parameter too many": ("POST", "/x", {}, requires("x")(_one_more), "should take"),
    "body of a GET": ("GET", "/x", {"body": Short}, requires("y")(lambda caller, body: None), "takes no body"),
    "input at no place": (
        "POST",
        "/x",
        {"body": Short, "fields": {"a": "nowhere"}},
        requires("y")(lambda caller, body: None),
        "nothing at nowhere",
    ),
    "idempotent GET": ("GET", "/x", {"idempotent": True}, requires("y")(lambda caller: None), "idempotent by itself"),
    "no answer": ("POST", "/x", {"answers": {}}, requires("y")(lambda caller: None), "one at least"),
    "refusal as answer": ("POST", "/x", {"answers": {404: None}}, requires("y")(lambda caller: None), "successful"),
    "unbounded path": ("GET", "/x/<thing>", {}, requires("y")(_open_path), "lacks maxLength"),
    "version unseen": ("PUT", "/x", {"versioned": True}, requires("y")(lambda caller: None), "should take"),
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_declaration_that_does_not_hold_together_is_an_error_of_ours(name: str) -> None:
    method, path, declared, view, complaint = DECLARATIONS[name]
    with pytest.raises(ValueError, match=complaint):
        getattr(Api("X"), method.lower())(path, **{"summary": "X", "answers": {204: None}} | declared)(view)


def test_a_declared_view_stays_as_it_is_for_those_who_call_it_directly() -> None:
    view = requires("x")(_path)
    assert Api("X").get("/x/<thing>", summary="X", answers={204: None})(view) is view


def test_an_answer_carries_its_location_and_version(service: TinyService) -> None:
    response = service.client().post(USERS, json=NEW)
    assert response.status_code == 201
    assert response.headers["Location"] == f"{USERS}/u5"
    assert response.headers["ETag"] == '"1"'
    assert response.get_json() == {"id": "u5", "name": "Ann", "version": 1}


def test_an_answer_without_body_has_no_type(service: TinyService) -> None:
    response = service.client().delete(f"{USERS}/u1")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers


class Other(Output):
    """An answer that nobody declared."""


@pytest.mark.parametrize(
    "returned", [Other(), None, Answer(Other()), Answer(User(id="x", name="x", version=1), status=200)]
)
def test_an_answer_that_was_not_declared_does_not_go_out(service: TinyService, returned: Any) -> None:
    api = Api("Odd")
    api.get("/odd", summary="Odd", answers={201: User})(public("a test")(lambda: returned))
    service.app.register_blueprint(api.blueprint)
    assert service.client().get("/odd").status_code == 500


@pytest.mark.parametrize("key", ["k1", '"k1"', "8e03978e-40d5-43dd-bc93-6894a57f9324", "a" * 128])
def test_a_write_under_one_key_is_done_once(service: TinyService, key: str) -> None:
    first, second = (service.client().post(USERS, json=NEW, headers={"Idempotency-Key": key}) for _ in range(2))
    assert (first.status_code, first.data, first.headers["Location"]) == (201, second.data, second.headers["Location"])
    assert len(service.rows) == 5


def test_writes_under_one_key_at_the_same_time_are_done_once(service: TinyService) -> None:
    barrier, statuses = Barrier(16), []

    def write() -> None:
        barrier.wait()
        statuses.append(service.client().post(USERS, json=NEW, headers={"Idempotency-Key": "k"}).status_code)

    threads = [Thread(target=write) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 16 and len(service.rows) == 5


def test_the_order_of_members_does_not_make_another_request(service: TinyService) -> None:
    for body in (NEW, dict(reversed(NEW.items()))):
        assert service.client().post(USERS, json=body, headers={"Idempotency-Key": "k"}).status_code == 201
    assert len(service.rows) == 5


@pytest.mark.parametrize("changed", [{"name": "Bob"}, {"level": 2}])
def test_one_key_for_two_requests_is_refused(service: TinyService, changed: dict[str, object]) -> None:
    service.client().post(USERS, json=NEW, headers={"Idempotency-Key": "k"})
    response = service.client().post(USERS, json=NEW | changed, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.get_json()["code"]) == (409, "idempotency_key_reused")
    assert len(service.rows) == 5


def test_a_refused_write_is_not_remembered(service: TinyService) -> None:
    service.client().post(USERS, json=NEW | {"level": 9}, headers={"Idempotency-Key": "k"})
    assert service.client().post(USERS, json=NEW, headers={"Idempotency-Key": "k"}).status_code == 201


@pytest.mark.parametrize("key", ["", '""', '"k', 'k"', "a b", "é", "a" * 129, "a,b", "'k'", "../k", "k;x"])
def test_a_key_of_another_form_is_refused(service: TinyService, key: str) -> None:
    response = service.client().post(USERS, json=NEW, environ_overrides={"HTTP_IDEMPOTENCY_KEY": key})
    assert response.status_code == 400
    assert len(service.rows) == 4


def test_a_change_to_the_version_that_was_seen_is_made(service: TinyService) -> None:
    client = service.client()
    seen = client.get(f"{USERS}/u1").headers["ETag"]
    changed = client.put(f"{USERS}/u1", json={"name": "New"}, headers={"If-Match": seen})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    again = client.put(f"{USERS}/u1", json={"name": "Newer"}, headers={"If-Match": seen})
    assert (again.status_code, again.get_json()["code"]) == (412, "stale_version")
    assert client.get(f"{USERS}/u1").get_json()["name"] == "New"


def test_a_change_that_says_no_version_is_refused(service: TinyService) -> None:
    response = service.client().put(f"{USERS}/u1", json={"name": "New"})
    assert (response.status_code, response.get_json()["code"]) == (428, "if_match_missing")
    assert service.rows[0].name == "User 1"


@pytest.mark.parametrize(
    "seen", ["*", "1", 'W/"1"', '"1', '"01"', '"-1"', '"x"', '"1", "2"', '""', '"１"', '"' + "9" * 99 + '"']
)
def test_a_version_of_another_form_is_refused(service: TinyService, seen: str) -> None:
    raw = seen.encode().decode("latin-1")
    response = service.client().put(f"{USERS}/u1", json={"name": "New"}, environ_overrides={"HTTP_IF_MATCH": raw})
    assert response.status_code == 400
    assert service.rows[0].name == "User 1"
