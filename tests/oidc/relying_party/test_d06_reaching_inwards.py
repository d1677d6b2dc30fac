"""Whatever a provider says of itself or answers, it makes the service ask nobody but the provider (D06)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from iam.outside.guarded_web import GuardedWeb
from iam.settings import UnsafeSettings
from oidc.relying_party.registration import read_registration
from tests.oidc.relying_party.an_openid_provider import ISSUER, metadata_of
from tests.oidc.relying_party.premises import PROVIDER, SETTINGS, Premises
from tests.outside.scripted_server import answering, send

HOSTS = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "0.0.0.0",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "①②⑦.0.0.1",
]
"""This machine, written in as many ways."""
ADDRESSES = [
    "169.254.169.254",
    "10.0.0.1",
    "[fd00::1]",
    "[fec0::1]",
    "[64:ff9b::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "attacker.example",
    "op.example.attacker.example",
    "op.example@attacker.example",
    "op.example:444",
    "op.example\\@attacker.example",
    "op.example%00.attacker.example",
    "op.example\t.attacker.example",
    "OP.EXAMPLE.attacker.example",
    "оp.example",
]
MEMBERS = ["jwks_uri", "token_endpoint", "userinfo_endpoint", "authorization_endpoint", "end_session_endpoint"]
SCHEMES = ["http://op.example/x", "file:///etc/passwd", "gopher://op.example/x", "ftp://op.example/x", "//op.example/x"]


class Canary:
    """A listener on this machine that nobody should ever reach."""

    def __init__(self) -> None:
        self.hits = 0
        self._listener = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            self.hits += 1
            came.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    with closing(Canary()) as listening:
        yield listening


@pytest.mark.attack("D06")
@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("url", [*(f"https://{one}/x" for one in [*HOSTS, *ADDRESSES]), *SCHEMES])
def test_metadata_lead_nowhere_but_to_the_configured_origin(door: Premises, member: str, url: str) -> None:
    door.op.metadata[member] = url
    assert door.browser.post("/sign-in/oidc/op/start").status_code == 400
    assert [one[1] for one in door.hall.turned] == ["oidc_unavailable"]
    assert [one for one, _ in door.op.asked] == [ISSUER + "/.well-known/openid-configuration"]


@pytest.mark.attack("D06")
@pytest.mark.parametrize("host", HOSTS)
def test_production_asks_no_address_that_is_this_machine_in_whatever_notation(canary: Canary, host: str) -> None:
    """Even where an origin was configured so, which is refused as well."""
    origin = f"https://{host}:{canary.port}"
    door = Premises()
    door.use(GuardedWeb(public_only=True, timeout=2), {"issuer": origin, "origins": [origin.lower()]})
    door.browser.post("/sign-in/oidc/op/start")
    assert [one[1] for one in door.hall.turned] == ["oidc_unavailable"]
    assert canary.hits == 0
    if host not in ("①②⑦.0.0.1", "[::127.0.0.1]"):  # what these are is found out when they are looked up
        with pytest.raises(UnsafeSettings):
            read_registration(replace(PROVIDER, settings={**SETTINGS, "issuer": origin}), production=True)


class Resolver:
    """Names that lead somewhere else each time they are looked up; addresses lead to themselves."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.connected: list[str] = []

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = host if host[0].isdigit() or ":" in host else self.answers.pop(0)
        return [(socket.AF_INET6 if ":" in found else socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        self.connected.append(address[0])
        raise ConnectionRefusedError


@pytest.mark.attack("D06")
@pytest.mark.parametrize(
    ("answers", "connected"),
    [
        (["193.191.245.244", "127.0.0.1"], ["193.191.245.244"]),
        (["2001:6a8:3c80::1", "::1"], ["2001:6a8:3c80::1"]),
        (["127.0.0.1"], []),
        (["::ffff:127.0.0.1"], []),
        (["::ffff:169.254.169.254"], []),
        (["169.254.169.254"], []),
        (["64:ff9b::a9fe:a9fe"], []),
        (["2002:7f00:1::"], []),
        (["::127.0.0.1"], []),
        (["fec0::1"], []),
        (["fe80::1"], []),
        (["0.0.0.0"], []),
        (["100.64.0.1"], []),
    ],
)
def test_a_name_is_looked_up_once_and_judged_where_it_leads(
    answers: list[str], connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes between judging and connecting (rebinding) changes nothing: the judged address is asked."""
    resolver = Resolver(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    monkeypatch.setattr("socket.create_connection", resolver.connect)
    door = Premises()
    door.use(GuardedWeb(public_only=True, timeout=2))
    door.browser.post("/sign-in/oidc/op/start")
    assert [one[1] for one in door.hall.turned] == ["oidc_unavailable"]
    assert resolver.connected == connected and len(resolver.answers) == len(connected)


def playing(answers: Mapping[str, str], redirected: str, elsewhere: str) -> Any:
    """A provider over HTTP that sends whoever asks for one of its documents elsewhere."""

    def script(request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("?")[0]
        if path.endswith(redirected):
            send(b"", status=int(answers.get("status", "302")), Location=elsewhere)(request)
        else:
            send(answers.get(path, "{}").encode())(request)

    return script


@pytest.mark.attack("D06")
@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("redirected", ["/openid-configuration", "/token", "/jwks", "/userinfo"])
def test_no_redirect_is_followed_from_any_endpoint(canary: Canary, redirected: str, status: str) -> None:
    door = Premises(production=False)
    truth = door.op
    documents: dict[str, str] = {"status": status}

    def script(request: BaseHTTPRequestHandler) -> None:
        playing(documents, redirected, f"http://127.0.0.1:{canary.port}/")(request)

    with answering(script) as address:
        issuer = f"{address}/v2"
        truth.issuer = issuer
        web = GuardedWeb(public_only=False)
        door.use(web, {"issuer": issuer})
        documents["/v2/.well-known/openid-configuration"] = json.dumps(metadata_of(issuer))
        documents["/v2/jwks"] = json.dumps({"keys": truth.keys})
        if redirected == "/openid-configuration":
            door.browser.post("/sign-in/oidc/op/start")
        else:
            state = door.leave()["state"]
            tokens = truth.post_form(f"{issuer}/token", {}, origins=frozenset())
            documents["/v2/token"] = tokens.body.decode()
            door.come_back(code="c", state=state)
    assert [one[1] for one in door.hall.turned] == ["oidc_unavailable"]
    assert canary.hits == 0 and door.hall.welcomed == []


@pytest.mark.attack("D06")
@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "iss", "url"])
def test_a_token_makes_nobody_fetch_anything(door: Premises, name: str) -> None:
    door.op.header = {**door.op.header, name: "https://127.0.0.1/jwks"}
    assert door.refused()[0] == "oidc_not_believed"
    assert all(url.startswith(ISSUER + "/") for url, _ in door.op.asked)
