"""A native client: it keeps no secret, listens on this machine at a port of its own, and uses PKCE (RFC 8252)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from tests.peers.a_person import Person
from tests.peers.conftest import client_of
from tests.peers.test_openid_client_with_people import DECLARE, enterprise

SECONDS = 20


@dataclass
class Listener:
    """The program's own small server, for as long as one login takes."""

    address: str
    told: dict[str, str] = field(default_factory=dict)
    came: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Taken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.told = dict(parse_qsl(urlsplit(self.path).query))
            here.came.set()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You can close this window.")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    here = Listener(f"http://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


def redeemed(sandbox: dict[str, Any], listener: Listener, told_verifier: str = "") -> requests.Response:
    """A whole login, with the verifier that the program made unless another is told."""
    client_id, base_url = client_of(sandbox, "dimona_desktop")["client_id"], sandbox["base_url"]
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": listener.address,
        "scope": f"openid {DECLARE}",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    person = Person("ugo", enterprise(sandbox, "brewery"))
    back = person.visit(f"{base_url}/connect/authorize?{urlencode(asked)}", listener.address)
    assert person.session.get(back, timeout=SECONDS).text == "You can close this window."
    assert listener.came.wait(SECONDS)
    assert (listener.told["state"], listener.told["iss"]) == (state, base_url)
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": listener.told["code"],
        "redirect_uri": listener.address,
        "code_verifier": told_verifier or verifier,
    }
    return requests.post(f"{base_url}/oauth2/token", data=form, timeout=SECONDS)


def test_a_person_logs_in_to_a_program_on_their_own_machine(sandbox: dict[str, Any], listener: Listener) -> None:
    answer = redeemed(sandbox, listener)
    assert answer.status_code == 200, answer.text
    assert {"access_token", "id_token"} <= answer.json().keys() and "refresh_token" not in answer.json()


def test_another_program_that_saw_the_code_gets_nothing_for_it(sandbox: dict[str, Any], listener: Listener) -> None:
    answer = redeemed(sandbox, listener, told_verifier="v" * 43)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8123/callback",
        "http://127.0.0.1:8123/other",
        "https://127.0.0.1:8123/callback",
        "http://127.0.0.2:8123/callback",
    ],
)
def test_no_other_address_of_this_machine_is_returned_to(sandbox: dict[str, Any], address: str) -> None:
    asked = {
        "client_id": client_of(sandbox, "dimona_desktop")["client_id"],
        "response_type": "code",
        "redirect_uri": address,
        "scope": "openid",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    answer = requests.get(
        f"{sandbox['base_url']}/connect/authorize", params=asked, allow_redirects=False, timeout=SECONDS
    )
    assert answer.status_code == 400 and "Location" not in answer.headers
