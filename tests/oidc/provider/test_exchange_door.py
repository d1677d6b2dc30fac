"""At the door of exchanges, what is refused or fails is answered as everywhere else in the house."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from iam.domain.errors import Unavailable
from iam.web import logs
from oidc.provider.bearer import BearerTokens
from oidc.provider.client_authentication import ClientAuthentication
from tests.oidc.provider.premises import Premises

PATHS = ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par", "/oauth2/device_authorization")
HOST = "http://localhost"


@pytest.fixture
def written(plain_house: Premises) -> Iterator[io.StringIO]:
    """What goes to the log."""
    log = io.StringIO()
    logs.configure(log, plain_house.clock.now)
    yield log


def fail(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """Let whoever proves who asks fail."""

    def proves(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(ClientAuthentication, "prove", proves)
    monkeypatch.setattr(BearerTokens, "verify", proves)


FORM = {"grant_type": "client_credentials", "token": "x", "client_assertion": "x"}


@pytest.mark.parametrize("path", PATHS)
def test_a_failure_of_ours_is_a_problem_with_an_instance_and_one_event_with_the_id_of_the_request(
    plain_house: Premises, written: io.StringIO, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    fail(monkeypatch, RuntimeError("canary"))
    answer = Client(plain_house.app).post(path, data=FORM, base_url=HOST, headers={"X-Request-ID": "asked-1"})
    told = json.loads(answer.get_data())
    assert (answer.status_code, told["status"]) == (500, 500)
    assert told["instance"].startswith("urn:procura:incident:")
    (event,) = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (event["instance"], event["request_id"], event["route"]) == (told["instance"], "asked-1", path)
    assert "canary" not in written.getvalue() + answer.get_data(as_text=True)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_there_now_is_said_with_when_to_ask_again(
    plain_house: Premises, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    fail(monkeypatch, Unavailable("archive_unavailable", "The archive does not answer."))
    answer = Client(plain_house.app).post(path, data=FORM, base_url=HOST)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_every_answer_of_the_house_says(plain_house: Premises, path: str) -> None:
    client = Client(plain_house.app)
    refused, elsewhere = client.post(path, data=FORM, base_url=HOST), client.get("/oauth2/jwks", base_url=HOST)
    assert refused.status_code in (400, 401)
    ours = {"content-security-policy", "strict-transport-security", "x-content-type-options", "x-request-id"}
    assert ours <= {name.lower() for name, _ in refused.headers}
    assert refused.headers["Cache-Control"] == "no-store"
    for name in ours - {"x-request-id"}:
        assert refused.headers.getlist(name) == elsewhere.headers.getlist(name)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [
        ("GET", {}, "method_not_allowed"),
        ("PUT", {}, "method_not_allowed"),
        ("POST", {"Host": "evil.example"}, "unknown_host"),
        ("POST", {"X-Forwarded-Host": "evil.example"}, "unknown_host"),
        ("POST", {"X-HTTP-Method-Override": "GET"}, "override_header"),
        ("POST", {"Transfer-Encoding": "chunked"}, "transfer_encoding"),
        ("POST", {"Content-Encoding": "gzip"}, "content_encoding"),
        ("POST", {"Authorization": "Bearer a, Bearer b"}, "repeated_header"),
    ],
)
def test_what_is_not_plain_is_refused_as_everywhere(
    plain_house: Premises, path: str, method: str, headers: dict[str, str], code: str
) -> None:
    answer = Client(plain_house.app).open(path, method=method, data=FORM, base_url=HOST, headers=headers)
    assert answer.status_code in (400, 405, 415)
    assert json.loads(answer.get_data())["code"] == code


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_breaks_off_is_no_request(plain_house: Premises, path: str) -> None:
    client, whole = Client(plain_house.app), b"grant_type=client_credentials&token=x"
    form = {"content_type": "application/x-www-form-urlencoded", "base_url": HOST}
    length = {"CONTENT_LENGTH": str(len(whole))}
    answer = client.post(path, input_stream=io.BytesIO(whole[:-1]), environ_overrides=length, **form)
    told = json.loads(answer.get_data())
    assert (answer.status_code, told["error"]) == (400, "invalid_request")
    assert "whole body" in told["error_description"]
