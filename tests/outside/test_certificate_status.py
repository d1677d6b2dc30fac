"""Status servers are asked at judged addresses, within bounds, and nothing but an OCSP answer is taken (D06)."""

from __future__ import annotations

import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from iam.domain.errors import Unavailable
from iam.outside.certificate_status import ANSWERING, ASKING, MAX_OCTETS, HttpCertificateStatus
from tests.outside.scripted_server import answering, send


def ask(url: str, *, timeout: float = 5.0, public_only: bool = False) -> bytes:
    return HttpCertificateStatus(public_only=public_only, timeout=timeout).ask(url, b"question")


def test_the_request_is_posted_and_the_answer_returned() -> None:
    seen: list[tuple[Any, ...]] = []

    def script(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        seen.append((request.command, request.path, request.headers["Content-Type"], request.headers["Host"], body))
        send(b"answer", media_type=ANSWERING)(request)

    with answering(script) as url:
        assert ask(f"{url}/eid/brca6?x=1") == b"answer"
    assert seen == [("POST", "/eid/brca6?x=1", ASKING, url.removeprefix("http://"), b"question")]


@pytest.mark.parametrize(
    "script",
    [
        send(b"answer", media_type="text/html"),
        send(b"answer", media_type="application/octet-stream"),
        send(b"answer", status=500, media_type=ANSWERING),
        send(b"answer", status=204, media_type=ANSWERING),
        send(b"", status=302, media_type=ANSWERING, Location="http://127.0.0.1:1/"),
        send(b"x" * (MAX_OCTETS + 1), media_type=ANSWERING),
    ],
    ids=["HTML", "another type", "500", "204", "redirect", "too large"],
)
def test_what_is_no_ocsp_answer_is_not_taken(script: Any) -> None:
    with answering(script) as url, pytest.raises(Unavailable):
        ask(url)


def test_a_redirect_is_not_followed() -> None:
    reached: list[str] = []

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        reached.append(request.path)
        send(b"answer", media_type=ANSWERING)(request)

    with (
        answering(elsewhere) as other,
        answering(send(b"", status=307, Location=other)) as url,
        pytest.raises(Unavailable),
    ):
        ask(url)
    assert reached == []


def test_an_answer_that_drips_is_given_up() -> None:
    def script(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", ANSWERING)
        request.end_headers()
        for _ in range(40):
            try:
                request.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.05)

    with answering(script) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            ask(url, timeout=0.3)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.1.1/",
        "http://0.0.0.0/",
    ],
)
def test_addresses_of_inner_networks_are_not_asked_in_production(url: str) -> None:
    with pytest.raises(Unavailable, match=r"inner network|gaierror"):
        ask(url, public_only=True)


def test_no_packet_leaves_for_an_address_that_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with answering(send(b"answer", media_type=ANSWERING)) as url, pytest.raises(Unavailable):
        ask(url, public_only=True)
    assert connected == []


def test_a_name_is_looked_up_once_and_its_judged_address_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere the second time (rebinding) gains nothing."""
    looked_up: list[str] = []
    with answering(send(b"answer", media_type=ANSWERING)) as url:
        port = int(url.rpartition(":")[2])
        real = socket.getaddrinfo

        def changing(host: str, *rest: Any, **more: Any) -> Any:
            if host != "ocsp.example":
                return real(host, *rest, **more)
            looked_up.append(host)
            address = "127.0.0.1" if len(looked_up) == 1 else "192.0.2.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", changing)
        assert ask(f"http://ocsp.example:{port}/") == b"answer"
    assert looked_up == ["ocsp.example"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ldap://ocsp.example/",
        "gopher://127.0.0.1/",
        "//ocsp.example/",
        "",
        "http://",
        "http://user@ocsp.example/",
        "http://ocsp.example/#x",
        "http://ocsp.example:0/",
        "http://ocsp.example:99999/",
        "http://ocsp.example/ a",
        "http://ocsp.example/\r\nX: y",
        "http://ocsp.exämple/",
    ],
)
def test_an_address_that_is_none_is_not_asked(url: str) -> None:
    with pytest.raises(Unavailable):
        ask(url)
