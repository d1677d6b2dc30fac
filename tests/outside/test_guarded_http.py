"""Guarded HTTP reads strict JSON from one server and is neither led astray, nor flooded, nor kept waiting."""

import gzip
import time
from http.server import BaseHTTPRequestHandler

import pytest

from iam.outside.guarded_http import BadAnswer, GuardedHttp, UnsafeAddress, parsed_json
from tests.outside.scripted_server import Script, answering, send

SECONDS = 0.5


def asked(script: Script, **limits: int) -> object:
    """What a guarded question to a server with this script yields."""
    with answering(script) as address:
        return GuardedHttp(address, timeout=SECONDS, **limits).get_json("/x", {"after": "1&2"})


def refused(script: Script, **limits: int) -> str:
    """Why the answer of a server with this script is refused."""
    with pytest.raises(BadAnswer) as caught:
        asked(script, **limits)
    return str(caught.value)


def test_a_plain_json_answer_is_read() -> None:
    seen = []

    def script(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers["Accept-Encoding"], request.headers["Cookie"]))
        send(b'{"a": [1, "\xc3\xa9"]}', media_type="application/json; charset=utf-8", Set_Cookie="a=b")(request)

    with answering(script) as address:
        server = GuardedHttp(address + "/", timeout=SECONDS)
        assert server.get_json("/x", {"after": "1&2"}) == server.get_json("/y") == {"a": [1, "é"]}
    assert seen == [("/x?after=1%262", "identity", None), ("/y", "identity", None)]


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 404, 500, 503])
def test_any_other_status_is_no_answer(status: int) -> None:
    assert refused(send(b"{}", status=status)) == f"status {status}"


def test_a_redirect_is_not_followed() -> None:
    asked_there = []

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        asked_there.append(request.path)
        send(b"{}")(request)

    with answering(elsewhere) as other:
        assert refused(send(b"", status=302, Location=other)) == "status 302"
    assert asked_there == []


@pytest.mark.parametrize("media_type", ["text/html", "application/json-seq", "text/json", ""])
def test_another_media_type_is_no_answer(media_type: str) -> None:
    assert refused(send(b"{}", media_type=media_type)) == "not application/json"


def test_a_compressed_body_is_no_answer() -> None:
    assert refused(send(gzip.compress(b"{}"), Content_Encoding="gzip")) == "a compressed body"


def test_a_body_is_read_up_to_its_limit_and_no_further() -> None:
    assert asked(send(b'"' + b"x" * 998 + b'"'), max_octets=1000) == "x" * 998
    assert refused(send(b'"' + b"x" * 999 + b'"'), max_octets=1000) == "more than 1000 octets"


def test_an_endless_body_is_cut_off() -> None:
    def script(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.end_headers()
        try:
            while True:
                request.wfile.write(b" " * 10_000)
        except OSError:
            return

    assert refused(script, max_octets=100_000) == "more than 100000 octets"


def test_a_body_that_drips_is_not_waited_for() -> None:
    def script(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.end_headers()
        try:
            for _ in range(50):
                request.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            return

    started = time.monotonic()
    assert refused(script) == "not complete within 0.5 seconds"
    assert time.monotonic() - started < 3


def test_a_silent_server_is_no_answer() -> None:
    started = time.monotonic()
    assert refused(lambda _: time.sleep(1.5)) == "no answer: ReadTimeout"
    assert time.monotonic() - started < 3


def test_a_truncated_body_is_no_answer() -> None:
    def script(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(b"{}")

    assert refused(script).startswith("no answer")


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with answering(send(b"{}")) as address:
        server = GuardedHttp(address)
    with pytest.raises(BadAnswer, match="no answer: ConnectionError"):
        server.get_json("/x")


def test_proxies_and_netrc_of_the_environment_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert asked(send(b"[]")) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": 1, "a": 2}', b'[{"a": {"b": 1, "b": 1}}]', b"NaN", b"[Infinity]", b"\xff", b"{} {}"],
)
def test_json_that_is_not_strict_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="not strict JSON"):
        parsed_json(body)


def test_json_nested_too_deep_is_refused() -> None:
    with pytest.raises(BadAnswer, match="not strict JSON"):
        parsed_json(b"[" * 200_000 + b"]" * 200_000)


@pytest.mark.parametrize(
    "address",
    [
        "http://register.example",
        "http://127.0.0.1.register.example",
        "http://localhost.register.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "https://user@register.example",
        "https://register.example/?a=b",
        "https://register.example/#a",
        "https://register.example:0",
        "https://register.example:99999",
        "https://[::1",
        "register.example",
        "",
    ],
)
def test_an_unsafe_address_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress):
        GuardedHttp(address)


@pytest.mark.parametrize(
    "address", ["https://register.example/v1", "http://127.0.0.1:80", "http://[::1]:80/a", "http://localhost:80/"]
)
def test_https_and_this_machine_are_accepted(address: str) -> None:
    assert isinstance(GuardedHttp(address), GuardedHttp)
