"""npm oidc-provider with itsme's habits: we log in there, with tokens that are signed and then encrypted for us."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from iam.domain.assurance import Assurance
from iam.outside.guarded_web import GuardedWeb
from oidc.relying_party.logout import farewell_address
from tests.engines import program
from tests.npm_packages import NODE, node_modules
from tests.oidc.relying_party.an_openid_provider import CLIENT_ID, NUMBER
from tests.oidc.relying_party.premises import BASE, Premises
from tests.storage.clocks import SetClock

CALLBACK = f"{BASE}/sign-in/oidc/op/callback"
PERSON = {"family_name": "Zomaar", "given_name": "Zita", "birthdate": "1903-03-15", "number": NUMBER, "country": "BE"}
SECONDS = 10


@dataclass
class Peer:
    """The provider, our door, and a browser between them."""

    process: subprocess.Popen[str]
    door: Premises
    browser: requests.Session

    def told(self) -> dict[str, Any]:
        """What the provider's script says next; notices of the library itself are passed over."""
        assert self.process.stdout is not None
        line = next(one for one in self.process.stdout if one.startswith("{"))
        told: dict[str, Any] = json.loads(line)
        return told

    def login(self) -> None:
        """From our door to the provider and back."""
        address = self.door.browser.post("/sign-in/oidc/op/start").location
        for _ in range(8):
            if address.startswith(CALLBACK):
                break
            answer = self.browser.get(address, allow_redirects=False, timeout=SECONDS)
            assert answer.is_redirect, answer.text
            address = requests.compat.urljoin(address, answer.headers["Location"])
        self.door.come_back(**dict(parse_qsl(urlsplit(address).query)))


@pytest.fixture
def peer() -> Iterator[Peer]:
    node_modules()
    door = Premises(
        production=False,
        settings={
            "scopes": ["openid", "profile", "service:PROCURA"],
            "encryptions": ["A128CBC-HS256"],
            "issuer": "http://127.0.0.1:1",
        },
        clock=SetClock(datetime.now(UTC)),
    )
    levels = {level: name for name, level in (("basic", "substantial"), ("advanced", "high"), ("weak", "low"))}
    given = {"client_id": CLIENT_ID, "base_url": BASE, "callback": CALLBACK, "person": PERSON, "acr": levels}
    process = subprocess.Popen(
        [program("node"), NODE / "encrypting_provider.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({**given, "jwks": door.keys.published()}) + "\n")
    process.stdin.flush()
    running = Peer(process, door, requests.Session())
    try:
        issuer = running.told()["issuer"]
        door.use(GuardedWeb(public_only=False), {"issuer": issuer})
        yield running
    finally:
        process.kill()
        process.wait(SECONDS)


def test_a_login_at_an_independent_provider_that_encrypts_proves_number_and_level(peer: Peer) -> None:
    peer.door.hall.asked = replace(peer.door.hall.asked, minimum=Assurance.HIGH)
    peer.login()
    assert peer.door.hall.turned == []
    [proven] = peer.door.hall.welcomed
    assert proven.niss is not None and proven.niss.value == NUMBER
    assert (proven.assurance, proven.issued_in) == (Assurance.HIGH, "BE")
    assert proven.personal is not None and proven.personal.family_name == "Zomaar"
    assert proven.provider_session != "person-1"


def test_an_independent_provider_lets_a_person_show_the_key_anew(peer: Peer) -> None:
    peer.login()
    peer.door.hall.asked = replace(peer.door.hall.asked, again=True)
    peer.login()
    assert peer.door.hall.turned == []
    first, second = peer.door.hall.welcomed
    assert first.reference != second.reference and second.authenticated_at >= first.authenticated_at


def test_who_declines_at_an_independent_provider_is_led_back(peer: Peer) -> None:
    peer.door.hall.asked = replace(peer.door.hall.asked, language="de")
    peer.login()
    assert [(one[1]) for one in peer.door.hall.turned] == ["oidc_cancelled"]


def test_a_log_out_there_is_told_by_a_logout_token_that_is_obeyed_once(peer: Peer) -> None:
    peer.login()
    [proven] = peer.door.hall.welcomed
    address = farewell_address(peer.door.party, peer.door.provider, proven.logout_hint)
    assert address is not None
    page = peer.browser.get(address, timeout=SECONDS).text
    secret = re.search(r'name="xsrf" value="([^"]+)"', page)
    action = re.search(r'action="([^"]+)"', page)
    assert secret and action, page
    left = peer.browser.post(
        action[1], data={"xsrf": secret[1], "logout": "yes"}, allow_redirects=False, timeout=SECONDS
    )
    assert left.headers["Location"].startswith(f"{BASE}/sign-in")
    told = peer.told()
    assert told["sent_to"] == CALLBACK.replace("callback", "logout")
    token = parse_qs(told["body"])["logout_token"][0]
    statuses = [
        peer.door.browser.post("/sign-in/oidc/op/logout", data={"logout_token": token}).status_code for _ in range(2)
    ]
    assert statuses == [200, 400]
