"""The portal's frame: hosts, caches, errors that say what to do, and routes that nobody forgot to mark."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask

from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound, Refusal, StepUpRequired, Unavailable
from iam.web.markers import public
from iam.web.portal import PortalParts, create_portal
from tests.admin.counter import Counter, post
from tests.services.worlds import CountingRandomness

REFUSALS: dict[int, Refusal] = {
    400: InvalidInput("any", "Any."),
    401: StepUpRequired("any", "Any."),
    403: Forbidden("any", "Any."),
    404: NotFound("any", "Any."),
    409: Conflict("any", "Any."),
    410: Gone("any", "Any."),
    503: Unavailable("any", "Any.", retry_after=7),
}


def failing_portal(*, present: bool = True) -> Flask:
    """A portal that refuses as its address says; asking who is there may fail, too."""
    failing = Blueprint("failing", __name__)

    @failing.get("/refused/<int:status>")
    @public("a test is refused")
    def refused(status: int) -> str:
        raise REFUSALS[status]

    @failing.get("/unmarked")
    def unmarked() -> str:
        return "nobody sees this"

    @failing.post("/taken")
    @public("a test posts")
    def taken() -> str:
        return "taken"

    def who() -> None:
        if not present:
            raise RuntimeError("the database is away")

    parts = PortalParts(
        base_url="http://localhost", randomness=CountingRandomness(), guard=lambda _asked, _request: None, present=who
    )
    return create_portal(parts, [failing])


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("status", REFUSALS)
def test_each_refusal_is_a_page_in_the_readers_language(status: int, language: str) -> None:
    answer = failing_portal().test_client().get(f"/refused/{status}", headers={"Accept-Language": language})
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["Content-Language"] == language
    assert answer.headers["X-Request-ID"] in answer.text
    assert "Any." not in answer.text


def test_what_is_away_says_when_to_come_back() -> None:
    assert failing_portal().test_client().get("/refused/503").headers["Retry-After"] == "7"


def test_a_failure_is_told_by_its_number_alone(counter: Counter) -> None:
    answer = counter.client().get("/broken", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "broken on purpose" not in answer.text and "RuntimeError" not in answer.text


def test_an_error_page_is_shown_though_nobody_can_be_asked_who_is_there() -> None:
    answer = failing_portal(present=False).test_client().get("/nothing", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text


def test_a_route_without_a_marker_answers_nobody() -> None:
    answer = failing_portal().test_client().get("/unmarked")
    assert answer.status_code == 500
    assert "nobody sees this" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"X-Forwarded-Host": "evil.example"}, 400),
        ({"Forwarded": "host=evil.example"}, 400),
        ({"X-HTTP-Method-Override": "POST"}, 400),
        ({}, 303),
    ],
)
def test_it_answers_for_its_own_host_and_plain_headers_alone(
    counter: Counter, headers: dict[str, str], status: int
) -> None:
    answer = counter.client().get("/", headers=headers)
    assert answer.status_code == status
    assert "evil" not in answer.text


def test_a_form_that_is_too_large_is_a_page_too() -> None:
    answer = failing_portal().test_client().post("/taken", data={"x": "y" * 70_000})
    assert answer.status_code == 413
    assert "<h1>" in answer.text


def test_another_method_says_which_one_is_taken() -> None:
    answer = failing_portal().test_client().get("/taken")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"OPTIONS", "POST"})
    assert "<h1>" in answer.text


def test_pages_are_kept_by_no_cache_and_framed_by_nobody(counter: Counter) -> None:
    client = counter.signed_in()
    for path in ("/", "/my/logins", "/sign-in", "/nothing", "/my/logins/x.css"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert {"Cookie", "Accept-Language"} <= {one.strip() for one in headers["Vary"].split(",")}
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == ("DENY", "same-origin")


def test_a_page_with_the_ending_of_a_style_sheet_is_no_page(counter: Counter) -> None:
    client = counter.signed_in()
    assert client.get("/my/logins/x.css").status_code == 404
    assert client.get("/my/logins.css").status_code == 404
    assert client.get("/my/logins;x.css").status_code in (400, 404)


def test_the_choice_of_keys_lets_its_forms_lead_to_the_providers_alone(counter: Counter) -> None:
    policy = counter.client().get("/sign-in").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://idp.example")


def test_logging_out_may_lead_to_the_provider_of_the_session(counter: Counter) -> None:
    policy = counter.signed_in("itsme").get("/sign-out").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://itsme.example")
    policy = counter.signed_in("eid-card").get("/sign-out").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self'")


def test_logging_out_leads_to_the_provider_and_ends_the_session(counter: Counter) -> None:
    client = counter.signed_in("itsme")
    answer = post(client, "/sign-out", at="/sign-out")
    assert answer.headers["Location"].startswith("https://itsme.example/end")
    assert client.get("/").headers["Location"] == "/sign-in"


def test_who_logs_out_where_the_provider_keeps_no_session_is_told_so(counter: Counter) -> None:
    client = counter.signed_in("eid-card")
    assert "You are logged out." not in client.get("/sign-in?signed_out=yes&lang=en").text
    answer = post(client, "/sign-out", at="/sign-out")
    assert answer.headers["Location"] == "/sign-in?signed_out=yes"
    assert "You are logged out." in client.get("/sign-in?signed_out=yes&lang=en").text


def test_who_comes_back_from_logging_out_at_the_provider_is_told_so_once(counter: Counter) -> None:
    client = counter.signed_in("itsme")
    post(client, "/sign-out", at="/sign-out")
    assert "You are logged out." in client.get("/sign-in?lang=en").text
    assert "You are logged out." not in client.get("/sign-in?lang=en").text


def test_the_language_that_was_chosen_is_kept(counter: Counter) -> None:
    client = counter.client()
    client.get("/sign-in/help?lang=de")
    assert '<html lang="de"' in client.get("/sign-in/help", headers={"Accept-Language": "fr"}).text
