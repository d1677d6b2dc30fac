"""An independent receiver (npm openid-client and jose) hears of a mandate that was revoked, pushed and polled."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from iam.sandbox.tour.guide import Guide
from tests.engines import program
from tests.npm_packages import NODE, node_modules
from tests.peers.conftest import client_of
from tests.peers.mandates_of_directors import given, guide_of, taken_back

VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"
MANY = 60
"""Lines that the receiver may say before it says what is awaited."""


class Receiver:
    """The npm receiver, between its lines of JSON."""

    def __init__(self, sandbox: dict[str, Any], events: list[str]) -> None:
        node_modules()
        chosen = client_of(sandbox, "declarations")
        self.client_id = chosen["client_id"]
        self._process = subprocess.Popen(
            [program("node"), NODE / "signal_receiver.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        given = {"issuer": sandbox["base_url"], "client_id": self.client_id, "jwk": chosen["private_jwk"]}
        self.say({**given, "events": events})
        self.opened = self.hear()

    def say(self, told: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the receiver ended"
        told: dict[str, Any] = json.loads(line)
        return told

    def await_event(self, event: str, **named: str) -> dict[str, dict[str, Any]]:
        """The claims of the event as it was pushed and as it was polled; every token before it was good."""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(MANY):
            told = self.hear()
            assert "refused" not in told, told
            assert told["header"]["typ"] == "secevent+jwt" and told["header"]["alg"] == "ES256"
            content = told["claims"]["events"].get(event, {})
            if event in told["claims"]["events"] and named.items() <= content.items():
                found[told["by"]] = told["claims"]
            if len(found) == 2:
                return found
        raise AssertionError(f"it does not come: {event}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)


@pytest.fixture
def revoked(sandbox: dict[str, Any]) -> str:
    """The kind of event."""
    return f"{sandbox['base_url']}/signals/events/mandate-revoked"


@pytest.fixture
def receiver(sandbox: dict[str, Any], revoked: str) -> Iterator[Receiver]:
    running = Receiver(sandbox, [revoked])
    yield running
    running.close()


@pytest.fixture
def guide(sandbox: dict[str, Any]) -> Guide:
    return guide_of(sandbox)


def test_an_independent_receiver_hears_of_a_revoked_mandate(
    sandbox: dict[str, Any], receiver: Receiver, guide: Guide, revoked: str
) -> None:
    opened = receiver.opened
    for name, method in (("push", "8935"), ("poll", "8936")):
        stream = opened[name]
        assert (stream["iss"], stream["aud"]) == (sandbox["base_url"], receiver.client_id)
        assert stream["delivery"]["method"] == f"urn:ietf:rfc:{method}" and revoked in stream["events_delivered"]
        assert "authorization_header" not in stream["delivery"]
    assert {one["stream_id"] for one in opened["read_again"]} == {
        opened[name]["stream_id"] for name in ("push", "poll")
    }
    heard = receiver.await_event(VERIFICATION)
    for name, claims in heard.items():
        stream_id = opened[name]["stream_id"]
        assert claims["sub_id"] == {"format": "opaque", "id": stream_id}
        assert claims["events"][VERIFICATION]["state"] == f"of {stream_id}"
    mandate = given(guide, "developer", "accountants")
    taken_back(guide, mandate)
    told = receiver.await_event(revoked, mandate=mandate.id)
    for claims in told.values():
        event = claims["events"][revoked]
        assert event["mandator"] == claims["sub_id"]["tenant"]["id"] == mandate.mandator
        assert event["mandatary"] == guide.firm("accountants").number.value
        assert {"dimona", "dmfa"} <= set(event["services"]) and event["from"] <= claims["iat"]
        assert "sub" not in claims and "exp" not in claims
    receiver.say({"end": True})
    while "ended" not in (last := receiver.hear()):
        continue
    assert last["ended"] == [204, 204]


def test_the_metadata_say_what_an_independent_receiver_needs(sandbox: dict[str, Any], receiver: Receiver) -> None:
    told, issuer = receiver.opened["metadata"], sandbox["base_url"]
    assert told["spec_version"] == "1_0" and told["jwks_uri"] == f"{issuer}/oauth2/jwks"
    assert set(told["delivery_methods_supported"]) == {"urn:ietf:rfc:8935", "urn:ietf:rfc:8936"}
    assert {"spec_urn": "urn:ietf:rfc:6749"} in told["authorization_schemes"]
    for name in ("configuration", "status", "verification", "add_subject", "remove_subject"):
        assert told[f"{name}_endpoint"].startswith(f"{issuer}/")
