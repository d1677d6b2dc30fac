"""A request of the wrong shape or size is refused before anything costly is done with it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from iam.web.limits import MAX_BODY, MAX_HEADERS
from tests.web.tiny_service import NISS, TinyService

USERS = "/api/v1/enterprises/0206731645/users"
NEW = b'{"name":"A","niss":"%b","phone":{"number":"+32470123456"}}' % NISS.encode()


def sent(client: FlaskClient, body: bytes = NEW, **environ: Any) -> tuple[int, str]:
    """Status and code that answer a body sent with these members of the WSGI environment."""
    overrides = {"CONTENT_TYPE": "application/json"} | environ
    response = client.post(USERS, data=body, environ_overrides=overrides)
    told = response.get_json()
    return response.status_code, told.get("code", "")


PATHS = [
    "/api//v1/enterprises/0206731645/users",
    "/api/v1/enterprises/0206731645/users//u1",
    "/api/v1/enterprises/0206731645/users/../users",
    "/api/v1/./enterprises/0206731645/users",
    "/api/v1/enterprises/0206731645/users/%2e%2e/users",
    "/api/v1/enterprises/0206731645/users/%252e%252e",
    "/api/v1/..;/v1/enterprises",
    "/api/v1;x=1/enterprises",
    "/api/v1/enterprises/0206731645/users/u1%00",
    "/api/v1/enterprises/0206731645/users/u1%0d%0aSet-Cookie:a=b",
    "/api/v1/enterprises/0206731645/users/u1%20",
    "/api/v1/enterprises/0206731645/users/u1%5c..%5cu2",
    "/api/v1/enterprises/0206731645/users/' OR 1=1",
    "/api/v1/enterprises/0206731645/users/%ff",
    "/api/v1/enterprises/０２０６７３１６４５/users",
    "/" + "a" * 3_000,
]


@pytest.mark.attack("D04")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_path_that_two_servers_could_read_differently_is_refused(
    service: TinyService, path: str, method: str
) -> None:
    response = service.client().open(path, method=method)
    assert response.status_code == 400
    assert response.get_json()["code"] == "malformed_path"
    assert len(service.rows) == 4


@pytest.mark.attack("D04")
def test_a_path_that_begins_like_an_address_is_refused(client: FlaskClient) -> None:
    response = client.get(USERS, environ_overrides={"PATH_INFO": f"/{USERS}"})
    assert response.get_json()["code"] == "malformed_path"


@pytest.mark.parametrize("path", [USERS + "/", "/API/v1/enterprises/0206731645/users", "/"])
def test_a_path_that_is_almost_a_route_leads_nowhere(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "Location" not in response.headers


@pytest.mark.attack("D04")
@pytest.mark.parametrize(
    "coding", ["chunked", "gzip, chunked", "identity", "chunked, chunked", " chunked", "xchunked", ""]
)
@pytest.mark.parametrize("length", ["", "4", "60"])
def test_a_body_of_uncertain_end_is_refused(service: TinyService, coding: str, length: str) -> None:
    status, code = sent(service.client(), HTTP_TRANSFER_ENCODING=coding, CONTENT_LENGTH=length)
    assert (status, code) == (400, "transfer_encoding")
    assert len(service.rows) == 4


@pytest.mark.attack("D04")
@pytest.mark.parametrize("length", ["-1", "+5", "5.0", "0x10", "1e3", "٥", "5 5", "9" * 5_000])
def test_a_length_that_is_no_number_is_refused(client: FlaskClient, length: str) -> None:
    assert sent(client, CONTENT_LENGTH=length) == (400, "content_length")


@pytest.mark.attack("D04")
@pytest.mark.parametrize(
    "name",
    [
        "HTTP_HOST",
        "HTTP_AUTHORIZATION",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_IF_MATCH",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
    ],
)
def test_a_header_that_stands_once_is_refused_when_repeated(service: TinyService, name: str) -> None:
    once = {
        "CONTENT_LENGTH": str(len(NEW)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": "Bearer 0206731645",
    }
    value = once.get(name, "localhost")
    status, _code = sent(service.client(), NEW, **{name: f"{value},{value}"})
    assert status == 400
    assert len(service.rows) == 4


def test_a_proof_that_comes_twice_is_left_to_whoever_reads_it(service: TinyService) -> None:
    plain, (status, _code) = sent(service.client(), NEW), sent(service.client(), NEW, HTTP_DPOP="x,x")
    assert status == plain[0] < 300


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
        ),
        *("application/json; charset=utf-16", "application/json; charset=latin-1", "application/problem+json", "*/*"),
        *("application/json; profile=x", "application/json\x0b", "text/json", "application/json; charset=utf-8; x=1"),
    ],
)
def test_a_body_of_another_type_is_refused(service: TinyService, kind: str) -> None:
    assert sent(service.client(), CONTENT_TYPE=kind) == (415, "content_type")
    assert len(service.rows) == 4


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", 'application/json; charset="utf-8"'])
def test_a_body_of_json_is_taken_however_its_type_is_written(client: FlaskClient, kind: str) -> None:
    assert sent(client, CONTENT_TYPE=kind)[0] == 201


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip", ""])
def test_a_packed_body_is_refused(client: FlaskClient, coding: str) -> None:
    assert sent(client, HTTP_CONTENT_ENCODING=coding) == (415, "content_encoding")


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not(client: FlaskClient) -> None:
    padded = NEW[:-1] + b" " * (MAX_BODY - len(NEW)) + b"}"
    assert sent(client, padded)[0] == 201
    assert sent(client, padded + b" ") == (413, "body_too_large")


class Unreadable:
    """A body that must not be read."""

    def read(self, *_size: int) -> bytes:
        """Fail the test."""
        raise AssertionError("the body was read")

    readline = readlines = __iter__ = read


def test_a_body_that_says_it_is_too_large_is_refused_unread(client: FlaskClient) -> None:
    overrides = {"CONTENT_LENGTH": str(100_000_000), "CONTENT_TYPE": "application/json", "wsgi.input": Unreadable()}
    response = client.post(USERS, environ_overrides=overrides)
    assert response.status_code == 413
    assert response.get_json()["limit"] == MAX_BODY


def test_a_body_is_not_read_before_the_caller_is_known(client: FlaskClient) -> None:
    overrides = {"CONTENT_LENGTH": "50", "CONTENT_TYPE": "application/json", "wsgi.input": Unreadable()}
    response = client.post(USERS, environ_overrides=overrides, headers={"Authorization": "Bearer nobody"})
    assert response.status_code == 401


def test_a_body_longer_than_it_says_is_not_read_beyond_its_length(client: FlaskClient) -> None:
    assert sent(client, NEW, CONTENT_LENGTH="10")[0] == 400


@pytest.mark.attack("D04")
@pytest.mark.parametrize("size", [MAX_HEADERS + 1, 1_000_000])
def test_headers_of_any_size_are_refused(service: TinyService, size: int) -> None:
    response = service.client().get(USERS, headers={"User-Agent": "M" * size})
    assert response.status_code == 400
    (event,) = service.events()
    assert event["code"] == "headers_too_large" and len(service.log.getvalue()) < 1_000


def test_a_query_of_any_size_is_refused(client: FlaskClient) -> None:
    assert client.get(f"{USERS}?name={'x' * 100_000}").get_json()["code"] == "query_too_large"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_none_is_taken_is_refused(service: TinyService, method: str) -> None:
    response = service.client().open(f"{USERS}/u1", method=method, json={"id": "u2"})
    assert (response.status_code, response.get_json()["code"]) == (400, "unexpected_body")
    assert len(service.rows) == 4
