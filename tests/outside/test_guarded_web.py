"""Guarded web asks configured origins alone, at the address that was judged, and is neither led astray nor flooded."""

import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from iam.domain.errors import Unavailable
from iam.domain.web_answers import WebAnswer
from iam.outside.guarded_web import GuardedWeb
from iam.outside.judged_connections import is_public
from tests.outside.scripted_server import Script, answering, send

SECONDS = 0.5


def asked(script: Script, **limits: int) -> WebAnswer:
    with answering(script) as address:
        web = GuardedWeb(public_only=False, timeout=SECONDS, max_octets=limits.get("max_octets", 262_144))
        return web.get(address + "/x?a=1", origins=frozenset({address}), accept="application/json", bearer="t0ken")


def refused(script: Script, **limits: int) -> str:
    with pytest.raises(Unavailable) as caught:
        asked(script, **limits)
    assert caught.value.code == "server_unavailable"
    return caught.value.detail


def test_an_answer_is_handed_over_as_it_came() -> None:
    seen = []

    def script(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers["Authorization"], request.headers["Host"]))
        send(b"{}", status=404, media_type="Application/JWT; charset=utf-8")(request)

    assert asked(script) == WebAnswer(status=404, media_type="application/jwt", body=b"{}")
    assert seen[0][:2] == ("/x?a=1", "Bearer t0ken")


def test_a_redirect_is_handed_over_and_not_followed() -> None:
    went = []
    with answering(lambda request: went.append(request.path)) as elsewhere:
        assert asked(send(b"", status=302, Location=elsewhere)).status == 302
    assert went == []


def test_an_address_of_another_origin_is_never_asked() -> None:
    went = []
    with answering(lambda request: went.append(request.path)) as address:
        web = GuardedWeb(public_only=False)
        for origins in (frozenset[str](), frozenset({"https://op.example"}), frozenset({address + "0"})):
            with pytest.raises(Unavailable):
                web.get(address + "/x", origins=origins, accept="*/*")
    assert went == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://op.example/x", "https://user@op.example/", "https://op.example/#x", "https://["],
)
def test_what_is_no_plain_https_address_is_never_asked(url: str) -> None:
    with pytest.raises(Unavailable):
        GuardedWeb(public_only=False).get(url, origins=frozenset({"https://op.example", "file://"}), accept="*/*")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "192.88.99.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "::2",
        "fec0::1",
        "1::1",
        "4000::1",
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::a00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_internet_are_public() -> None:
    assert all(is_public(address) for address in ("193.191.245.244", "2001:6a8:3c80::1", "::ffff:8.8.8.8"))


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_production_asks_no_name_that_leads_to_an_inner_address(
    found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]

    def connected(*_: object, **__: object) -> socket.socket:
        raise AssertionError("nobody is asked")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connected)
    web = GuardedWeb(public_only=True)
    with pytest.raises(Unavailable, match="inner network"):
        web.get("https://op.example/x", origins=frozenset({"https://op.example"}), accept="*/*")


def test_a_body_is_read_up_to_its_limit_and_no_further() -> None:
    assert len(asked(send(b"x" * 1000), max_octets=1000).body) == 1000
    assert "more than 1000 octets" in refused(send(b"x" * 1001), max_octets=1000)


def test_a_compressed_or_silent_answer_is_none() -> None:
    assert "compressed" in refused(send(b"x", Content_Encoding="gzip"))
    assert "gave no answer" in refused(lambda _: None)


def dripping(head: bytes, piece: bytes, most: int = 200) -> Script:
    """A server that always sends the next piece just before anybody's patience ends."""

    def script(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            request.wfile.write(head)
            for _ in range(most):
                request.wfile.write(piece)
                time.sleep(SECONDS / 5)

    return script


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 ", b"2"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b" "),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["status line", "headers", "one header", "body", "size of a chunk", "chunks"],
)
def test_an_answer_that_drips_is_given_up_in_time(script: Script) -> None:
    """Each of these would last 20 s at least, for every part comes in time; the guard is generous."""
    began = time.monotonic()
    assert "gave no answer" in refused(script)
    assert time.monotonic() - began < 10


def test_a_form_is_posted_with_its_authorization() -> None:
    seen = []

    def script(request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers["Content-Length"])
        seen.append((request.command, request.rfile.read(length), request.headers["Authorization"]))
        send(b"{}")(request)

    with answering(script) as address:
        web = GuardedWeb(public_only=False)
        web.post_form(address + "/token", {"code": "a&b"}, origins=frozenset({address}), authorization="Basic eA==")
    assert seen == [("POST", b"code=a%26b", "Basic eA==")]
