"""No route answers without saying what it requires or why it is public."""

import pytest
from flask import Flask, Request

from iam.domain.errors import Forbidden
from iam.web import errors, limits, markers
from iam.web.markers import Public, Requires, public, requires
from tests.web.tiny_service import Numbered, TinyService

ROUTES = [
    ("GET", "/api/v1/enterprises/<enterprise>/users", Requires("read")),
    ("HEAD", "/api/v1/enterprises/<enterprise>/users", Requires("read")),
    ("POST", "/api/v1/enterprises/<enterprise>/users", Requires("manage")),
    ("DELETE", "/api/v1/enterprises/<enterprise>/users/<user>", Requires("manage")),
    ("GET", "/api/v1/enterprises/<enterprise>/users/<user>", Requires("read")),
    ("HEAD", "/api/v1/enterprises/<enterprise>/users/<user>", Requires("read")),
    ("PUT", "/api/v1/enterprises/<enterprise>/users/<user>", Requires("manage")),
    ("GET", "/api/v1/misfortunes/<name>", Public("fails for everybody alike")),
    ("HEAD", "/api/v1/misfortunes/<name>", Public("fails for everybody alike")),
]


def guarded(asked: list[object]) -> Flask:
    """An app with four plain routes, whose guard notes what it is asked and lets in nobody who says no."""
    app = Flask("guarded", static_folder=None)

    def guard(requirement: object, request: Request) -> object:
        asked.append(requirement)
        if "no" in request.args:
            raise Forbidden("not_you", "Not you.")
        return f"caller of {requirement}"

    limits.install(app)
    markers.install(app, guard)
    errors.install(app, Numbered())
    app.add_url_rule("/marked", "marked", requires("it")(lambda: str(markers.caller())))
    app.add_url_rule("/public", "public", public("open day")(lambda: str(markers.caller())))
    app.add_url_rule("/unmarked", "unmarked", lambda: str(markers.caller()))
    return app


def test_the_routes_of_an_app_are_listed_with_their_markers(service: TinyService) -> None:
    assert markers.routes(service.app) == ROUTES


def test_a_route_without_marker_answers_nobody() -> None:
    asked: list[object] = []
    response = guarded(asked).test_client().get("/unmarked")
    assert (response.status_code, asked) == (500, [])
    assert ("GET", "/unmarked", None) in markers.routes(guarded([]))


def test_a_marked_route_asks_the_guard_whichever_door_registered_it() -> None:
    asked: list[object] = []
    client = guarded(asked).test_client()
    assert client.get("/marked").text == "caller of it"
    assert client.get("/marked?no=1").status_code == 403
    assert asked == ["it", "it"]


def test_a_public_route_asks_nobody() -> None:
    asked: list[object] = []
    assert guarded(asked).test_client().get("/public?no=1").text == "None"
    assert asked == []


@pytest.mark.parametrize("path", ["/nowhere", "/marked"])
def test_what_is_no_route_asks_nobody(path: str) -> None:
    asked: list[object] = []
    assert guarded(asked).test_client().post(path).status_code in (404, 405)
    assert asked == []


def test_a_head_request_is_guarded_like_a_get() -> None:
    asked: list[object] = []
    assert guarded(asked).test_client().head("/marked?no=1").status_code == 403


def test_a_public_route_says_why() -> None:
    with pytest.raises(ValueError, match="why"):
        public("  ")


def test_a_view_carries_one_marker() -> None:
    with pytest.raises(ValueError, match="two markers"):
        requires("a")(public("b")(lambda: None))
