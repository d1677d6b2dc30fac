"""npm openid-client under FAPI 2.0: pushed request, PKCE, private_key_jwt and DPoP, with a person who decides."""

from __future__ import annotations

import json
import subprocess
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.engines import program
from tests.npm_packages import NODE, node_modules
from tests.peers.a_person import Person
from tests.peers.conftest import client_of

DECLARE = "scope:dimona:declaration:declare"


def enterprise(sandbox: dict[str, Any], alias: str) -> str:
    """The number of one of the country's enterprises."""
    return str(next(one["cbe"] for one in sandbox["enterprises"] if one["alias"] == alias))


class Peer:
    """The npm client, between its lines of JSON."""

    def __init__(self, sandbox: dict[str, Any], scope: str) -> None:
        node_modules()
        chosen = client_of(sandbox, "dimona_web")
        self.redirect_uri = chosen["login"]["redirect_uris"][0]
        self.process = subprocess.Popen(
            [program("node"), NODE / "people_client.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        given = {"issuer": sandbox["base_url"], "client_id": chosen["client_id"], "jwk": chosen["private_jwk"]}
        self.say({**given, "redirect_uri": self.redirect_uri, "scope": scope, "prompt": "consent"})

    def say(self, told: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the client ended"
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def peer(sandbox: dict[str, Any]) -> Any:
    running = Peer(sandbox, f"openid profile offline_access {DECLARE}")
    yield running
    running.close()


def test_a_person_logs_in_to_an_independent_client_by_fapi(sandbox: dict[str, Any], peer: Peer) -> None:
    address = peer.hear()["address"]
    assert set(dict(parse_qsl(urlsplit(address).query))) == {"client_id", "request_uri"}
    person = Person("ugo", enterprise(sandbox, "brewery"))
    peer.say({"callback": person.visit(address, peer.redirect_uri)})
    told = peer.hear()
    assert "refused" not in told, told
    assert told["token_type"].lower() == ("dpop" if told["binds"] else "bearer")
    assert told["claims"]["acr"] == "http://eidas.europa.eu/LoA/substantial"
    assert told["userinfo"]["sub"] == told["claims"]["sub"] and told["userinfo"]["family_name"] == "Fabel"
    details = told["introspection"]["authorization_details"]
    assert told["introspection"]["active"] is True
    assert details[0]["enterprise"] == enterprise(sandbox, "brewery")
    assert (told["renewed"], told["rotated"], told["after_revocation"]) == (True, False, {"active": False})


def test_who_declines_is_told_to_an_independent_client(sandbox: dict[str, Any], peer: Peer) -> None:
    person = Person("ugo", enterprise(sandbox, "brewery"), answer="deny")
    peer.say({"callback": person.visit(peer.hear()["address"], peer.redirect_uri)})
    assert peer.hear()["refused"]["error"] == "access_denied"


@pytest.mark.parametrize("name", ["iss", "state"])
def test_an_independent_client_believes_no_answer_whose_issuer_or_state_was_changed(
    sandbox: dict[str, Any], peer: Peer, name: str
) -> None:
    person = Person("ugo", enterprise(sandbox, "brewery"))
    back = urlsplit(person.visit(peer.hear()["address"], peer.redirect_uri))
    changed = {**dict(parse_qsl(back.query)), name: "https://other.example"}
    peer.say({"callback": back._replace(query=urlencode(changed)).geturl()})
    assert "refused" in peer.hear()
