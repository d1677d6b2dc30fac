"""Whom we answer for, how a request is named, and what every answer says about itself."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from iam.web import headers
from tests.web.tiny_service import CANARY, NISS, Numbered, TinyService

USERS = "/api/v1/enterprises/0206731645/users"
ANSWERS = [USERS, f"{USERS}/zz", "/nowhere", "/api/v1/misfortunes/crash", f"{USERS}?limit=0", "//"]

FOREIGN_HOSTS = [
    "evil.test",
    "localhost.evil.test",
    "evil.test:80",
    "localhost:81",
    "localhost, evil.test",
    "localhost,localhost",
    "localhost@evil.test",
    "evil.test@localhost",
    "localhost.",
    "localhost/",
    "localhost#evil.test",
    "[::1]",
    "ｌocalhost",
    "",
]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_forbids_storing_framing_and_sniffing(client: FlaskClient, path: str) -> None:
    told = client.get(path).headers
    assert told["Cache-Control"] == "no-store"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in told["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert told["Referrer-Policy"] == "no-referrer"
    assert "max-age=" in told["Strict-Transport-Security"]


def test_without_tls_browsers_are_not_told_to_insist_on_it() -> None:
    app = Flask("plain", static_folder=None)
    headers.install(app, ["localhost"], Numbered(), https=False)
    told = app.test_client().get("/", headers={"Host": "localhost:80"}).headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in told


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_request_for_another_host_is_refused(service: TinyService, host: str) -> None:
    response = service.client().get(USERS, headers={"Host": host})
    assert response.status_code == 400
    assert response.get_json()["code"] == "unknown_host"
    assert "evil" not in response.text + str(response.headers)
    assert len(service.events()) == 1


def test_a_request_without_host_is_refused(client: FlaskClient) -> None:
    assert client.get(USERS, environ_overrides={"HTTP_HOST": ""}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost:443", "api.procura.test:8443"])
def test_a_request_for_one_of_our_hosts_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get(USERS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"X-Forwarded-Host": "evil.test"},
        {"X-Forwarded-Host": "localhost, evil.test"},
        {"Forwarded": "for=1.2.3.4;host=evil.test"},
        {"Forwarded": 'for=1.2.3.4; Host="evil.test:80"'},
        {"Forwarded": "host=localhost, host=evil.test"},
        {"Forwarded": "host=localhost;host = evil.test"},
    ],
)
def test_a_request_forwarded_from_another_host_is_refused(client: FlaskClient, sent: dict[str, str]) -> None:
    response = client.get(USERS, headers=sent)
    assert response.status_code == 400
    assert "evil" not in response.text + str(response.headers)


@pytest.mark.parametrize(
    "sent", [{"X-Forwarded-Host": "localhost"}, {"Forwarded": "for=1.2.3.4;host=localhost;proto=https"}]
)
def test_a_proxy_may_name_our_own_host(client: FlaskClient, sent: dict[str, str]) -> None:
    assert client.get(USERS, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
)
def test_a_header_that_would_change_method_or_path_is_refused(service: TinyService, header: str) -> None:
    response = service.client().post(f"{USERS}/u1", headers={header: "DELETE"})
    assert response.status_code == 400
    assert response.get_json()["issues"][0]["in"] == "header"
    assert [row.id for row in service.rows] == ["u1", "u2", "u3", "b1"]


@pytest.mark.parametrize("path", ANSWERS)
@pytest.mark.parametrize("sent", ["a", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "!" * 128, 'a,b;c="d"'])
def test_the_callers_request_id_is_echoed(client: FlaskClient, path: str, sent: str) -> None:
    assert client.get(path, headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "é", "a\tb", "\x1b[31m", "\u2028"])
def test_a_hostile_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    raw = sent.encode("utf-8").decode("latin-1")
    told = client.get(USERS, environ_overrides={"HTTP_X_REQUEST_ID": raw}).headers["X-Request-ID"]
    assert len(told) == 22 and told.isdigit()


def test_the_log_names_the_request(service: TinyService) -> None:
    service.client().get("/nowhere", headers={"X-Request-ID": "abc"})
    service.client().get("/nowhere", headers={"X-Request-ID": NISS})
    assert [event["request_id"] for event in service.events()] == ["abc", "[NISS]"]


@pytest.mark.parametrize("header", ["Authorization", "Cookie", "Referer", "User-Agent", "X-Anything", "Content-Type"])
@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/misfortunes/crash", f"{USERS}/zz"])
def test_no_header_reaches_the_log(service: TinyService, header: str, path: str) -> None:
    service.client().get(path, headers={header: f"{CANARY} {NISS}"})
    assert len(service.events()) == 1
    assert CANARY not in service.log.getvalue() and NISS not in service.log.getvalue()


@pytest.mark.parametrize("path", [f"/{NISS}/{CANARY}", f"{USERS}?niss={NISS}&token={CANARY}", f"{USERS}/{CANARY}"])
def test_no_part_of_an_address_reaches_the_log(service: TinyService, path: str) -> None:
    service.client().get(path)
    assert len(service.events()) == 1
    assert CANARY not in service.log.getvalue() and NISS not in service.log.getvalue()
