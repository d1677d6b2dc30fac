"""Attacks on streams: another's, addresses that lead inwards, forged headers, oracles, and what is too large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iam.domain.clients import ClientKind
from iam.domain.errors import Unavailable
from iam.domain.signal_streams import SignalStream, WaitingSignal
from iam.outside.guarded_web import GuardedWeb
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import EARS, OTHER_SERVICE, SESSION, SignalScene

STREAMS, STATUS = "/signals/streams", "/signals/status"
PUSH = "urn:ietf:rfc:8935"
REQUESTS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", f"{STREAMS}?stream_id=S", None),
    ("PATCH", STREAMS, {"stream_id": "S", "description": "mine"}),
    ("PUT", STREAMS, {"stream_id": "S"}),
    ("DELETE", f"{STREAMS}?stream_id=S", None),
    ("GET", f"{STATUS}?stream_id=S", None),
    ("POST", STATUS, {"stream_id": "S", "status": "disabled"}),
    ("POST", "/signals/subjects/add", {"stream_id": "S", "subject": {"format": "opaque", "id": "x"}}),
    ("POST", "/signals/subjects/remove", {"stream_id": "S", "subject": {"format": "opaque", "id": "x"}}),
    ("POST", "/signals/verification", {"stream_id": "S", "state": "x"}),
    ("POST", "/signals/poll/S", {"returnImmediately": True}),
)


def asked(signals: SignalScene, stream: str, client: str, request: tuple[str, str, dict[str, Any] | None]) -> Any:
    method, path, sent = request
    more = {"json": {**sent, **({"stream_id": stream} if "stream_id" in sent else {})}} if sent is not None else {}
    return signals.ask(method, path.replace("S", stream) if "S" in path else path, client, **more)


@pytest.mark.attack("W09")
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: f"{one[0]} {one[1]}")
def test_the_stream_of_another_service_is_answered_exactly_as_none(
    refusing: SignalScene, request_: tuple[str, str, dict[str, Any] | None]
) -> None:
    stream = refusing.standing()["stream_id"]
    refusing.another()
    before = refusing.ask("GET", f"{STREAMS}?stream_id={stream}").get_json()
    others = asked(refusing, stream, OTHER_SERVICE, request_)
    none = asked(refusing, "AAAAAAAAAAAAAAAAAAAAAA", OTHER_SERVICE, request_)
    assert others.status_code == none.status_code == 404
    assert others.get_json() == none.get_json() and others.get_json()["code"] == "no_such_stream"
    assert refusing.ask("GET", f"{STREAMS}?stream_id={stream}").get_json() == before
    assert refusing.ask("GET", STREAMS, OTHER_SERVICE).get_json() == []


@pytest.mark.attack("W09")
def test_answers_about_subjects_do_not_tell_who_is_known(refusing: SignalScene) -> None:
    stream = refusing.standing()["stream_id"]
    sub = refusing.scene.house.subjects.sub_for(refusing.scene.marie, refusing.scene.client().sector)
    answers = set()
    for known in (sub, sub[::-1], "nobody"):
        for act in ("remove", "add", "add"):
            subject = {"format": "iss_sub", "iss": ISSUER, "sub": known}
            answer = refusing.ask("POST", f"/signals/subjects/{act}", json={"stream_id": stream, "subject": subject})
            answers.add((act, answer.status_code, answer.data))
    assert answers == {("remove", 204, b""), ("add", 200, b"")}


INWARDS = (
    "http://ears.example/signals",
    "https://127.0.0.1/signals",
    "https://[::1]/signals",
    "https://0x7f.1/signals",
    "https://2130706433/signals",
    "https://[::ffff:127.0.0.1]/signals",
    "https://10.0.0.1/signals",
    "https://169.254.169.254/latest",
    "https://user@ears.example/signals",
    "https://ears.example/signals#there",
    "https://ears.example/a/../b",
    "https://ears.example:0x50/",
    "https://ears.example\\@127.0.0.1/",
    "https://ears.example/\r\nHost: inner",
    "ftp://ears.example/",
    "file:///etc/passwd",
    "https:///signals",
    "nothing",
    "",
    "https://ears.example/" + "x" * 500,
)


@pytest.mark.attack("D06")
@pytest.mark.parametrize("address", INWARDS, ids=range(len(INWARDS)))
def test_no_stream_is_made_for_an_address_that_leads_inwards(refusing: SignalScene, address: str) -> None:
    delivery = {"method": PUSH, "endpoint_url": address}
    answer = refusing.ask("POST", STREAMS, json={"delivery": delivery})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_endpoint_url")


@pytest.mark.attack("D06")
@pytest.mark.parametrize(
    "address", ["https://localhost/signals", "https://10.0.0.1/x", "https://127.0.0.1/x", "http://127.0.0.1/x"]
)
def test_an_address_that_leads_inwards_is_never_connected_to(
    refusing: SignalScene, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    connected: list[object] = []
    monkeypatch.setattr("socket.socket.connect", lambda _, where: connected.append(where))
    with refusing.scene.archive.reading() as reading:
        kept = reading.get(SignalStream, refusing.standing()["stream_id"])
    assert kept is not None
    now = refusing.scene.clock.at
    signal = WaitingSignal(id="a.1", stream=kept.id, services=(), claims="{}", issued_at=now, expires_at=now)
    pushing = replace(refusing.desk.pushing, web=GuardedWeb(public_only=True))
    with pytest.raises(Unavailable):
        pushing.push(replace(kept, endpoint_url=address), refusing.scene.client(), signal)
    assert connected == []


HEADERS = (
    "Bearer x\r\nX-Forwarded-For: 10.0.0.1",
    "Bearer x\nHost: inner",
    "Bearer\tx",
    "Bearer x\x00",
    "Bearer \u00e9",
    " Bearer x",
    "Bearer x ",
    "Bearer  x",
    "B" * 2049,
)


@pytest.mark.attack("D04")
@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_header_that_would_be_more_than_one_is_refused(refusing: SignalScene, header: str) -> None:
    delivery = {"method": PUSH, "endpoint_url": EARS, "authorization_header": header}
    answer = refusing.ask("POST", STREAMS, json={"delivery": delivery})
    assert answer.status_code == 400
    assert answer.get_json()["code"] in ("invalid_authorization_header", "json_bad_character")


@pytest.mark.attack("L02")
def test_the_header_of_a_receiver_is_kept_sealed_and_never_shown(hearing: SignalScene) -> None:
    told = hearing.create(delivery={"authorization_header": "Bearer very-secret-word"})
    assert "very-secret-word" not in str(told)
    with hearing.scene.archive.reading() as reading:
        kept = reading.get(SignalStream, told["stream_id"])
    assert kept is not None and kept.sealed_header and "very-secret-word" not in str(kept)
    assert all("very-secret-word" not in str(leaf) for leaf in hearing.scene.archive.leaves())
    hearing.ask("POST", "/signals/verification", json={"stream_id": told["stream_id"]})
    hearing.send()
    assert hearing.ears.heard[0][1] == "Bearer very-secret-word"


@pytest.mark.attack("H03")
@pytest.mark.parametrize("name", ["client", "aud", "id", "status", "sealed_header", "created_at", "iss"])
def test_a_member_that_decides_more_than_the_receiver_may_is_refused(refusing: SignalScene, name: str) -> None:
    answer = refusing.ask("POST", STREAMS, json={name: OTHER_SERVICE, "events_requested": [SESSION]})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "unknown_member")


@pytest.mark.attack("D04")
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{" + b'"a":1,' * 20_000 + b'"b":2}', "application/json", 413),
        (b'{"stream_id":"a","stream_id":"b"}', "application/json", 400),
        (b"[" * 50 + b"]" * 50, "application/json", 400),
        (b"stream_id=a", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"", "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
    ],
    ids=range(7),
)
def test_a_body_that_is_too_large_or_read_in_two_ways_is_refused(
    refusing: SignalScene, body: bytes, kind: str, status: int
) -> None:
    for path in (STREAMS, STATUS, "/signals/verification", "/signals/subjects/add", "/signals/subjects/remove"):
        answer = refusing.ask("POST", path, data=body, content_type=kind)
        assert answer.status_code == status, path


def test_only_so_many_subjects_are_removed_from_a_stream(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iam.services.signal_streams.MOST_REMOVED", 2)
    stream = hearing.create()["stream_id"]

    def removed(name: str) -> Any:
        subject = {"format": "opaque", "id": name}
        return hearing.ask("POST", "/signals/subjects/remove", json={"stream_id": stream, "subject": subject})

    assert [removed(name).status_code for name in "abc"] == [204, 204, 403]
    assert removed("d").get_json()["code"] == "too_many_subjects"


def test_a_technical_client_receives_nothing_whatever_token_it_shows(hearing: SignalScene) -> None:
    token = hearing.token()
    hearing.scene.record(hearing.scene.client(kind=ClientKind.TECHNICAL, services=(), niss_services=()))
    answer = hearing.scene.present(STREAMS, token)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "caller_not_entitled")


def test_a_token_of_one_client_is_good_for_no_stream_of_another(hearing: SignalScene) -> None:
    hearing.another()
    mine = hearing.create(PORTAL)["stream_id"]
    theirs = hearing.create(OTHER_SERVICE)["stream_id"]
    assert [one["stream_id"] for one in hearing.ask("GET", STREAMS).get_json()] == [mine]
    assert [one["stream_id"] for one in hearing.ask("GET", STREAMS, OTHER_SERVICE).get_json()] == [theirs]
