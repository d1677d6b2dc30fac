"""Managing streams: each request of a receiver, its answer, and what is refused (Shared Signals Framework 1.0 §8)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from iam.domain.signal_streams import SignalStream
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import (
    EARS,
    EVERY,
    OTHER_SERVICE,
    REVOKED,
    SESSION,
    UPDATED,
    VERIFICATION,
    SignalScene,
    only,
)

STREAMS, STATUS = "/signals/streams", "/signals/status"
PUSH, POLL = "urn:ietf:rfc:8935", "urn:ietf:rfc:8936"


def push_to(url: str, **more: str) -> dict[str, Any]:
    return {"method": PUSH, "endpoint_url": url, **more}


def test_the_metadata_names_every_endpoint_that_is_served(hearing: SignalScene) -> None:
    answer = hearing.scene.browser().get("/.well-known/ssf-configuration", base_url=ISSUER)
    told = answer.get_json()
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    assert (told["spec_version"], told["issuer"], told["default_subjects"]) == ("1_0", ISSUER, "ALL")
    assert told["delivery_methods_supported"] == [PUSH, POLL]
    assert {"spec_urn": "urn:ietf:rfc:6749"} in told["authorization_schemes"]
    for name, address in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            found = hearing.scene.browser().get(address.removeprefix(ISSUER), base_url=ISSUER)
            assert found.status_code in (200, 401, 405), name


def test_a_stream_is_created_and_read_as_it_was_asked_for(signals: SignalScene) -> None:
    told = signals.create(PORTAL, SESSION, "urn:unheard:of", description="Portal")
    assert told["iss"] == ISSUER and told["aud"] == PORTAL
    assert told["delivery"] == {"method": PUSH, "endpoint_url": EARS}
    assert told["events_supported"] == list(EVERY)
    assert (told["events_requested"], told["events_delivered"]) == ([SESSION, "urn:unheard:of"], [SESSION])
    assert (told["description"], told["min_verification_interval"]) == ("Portal", 30)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", told["stream_id"])
    read = signals.ask("GET", f"{STREAMS}?stream_id={told['stream_id']}")
    assert (read.get_json(), read.headers["Cache-Control"]) == (told, "no-store")
    assert signals.ask("GET", STREAMS).get_json() == [told]


def test_a_stream_without_a_delivery_is_polled_at_an_address_of_its_own(signals: SignalScene) -> None:
    told = signals.ask("POST", STREAMS, json={"events_requested": [SESSION]}).get_json()
    assert told["delivery"] == {"method": POLL, "endpoint_url": f"{ISSUER}/signals/poll/{told['stream_id']}"}


def test_a_stream_is_changed_by_what_is_named_and_replaced_by_all(signals: SignalScene) -> None:
    told = signals.create(PORTAL, SESSION, description="Portal", delivery={"authorization_header": "Bearer one"})
    stream = told["stream_id"]
    changed = signals.ask("PATCH", STREAMS, json={"stream_id": stream, "events_requested": [REVOKED]}).get_json()
    assert changed == {**told, "events_requested": [REVOKED], "events_delivered": [REVOKED]}
    signals.ask("POST", "/signals/verification", json={"stream_id": stream})
    signals.send()
    assert signals.ears.heard[-1][1] == "Bearer one"
    replaced = signals.ask("PUT", STREAMS, json={"stream_id": stream, "delivery": push_to(EARS)}).get_json()
    assert replaced["events_requested"] == [] and "description" not in replaced
    with signals.scene.archive.reading() as reading:
        kept = reading.get(SignalStream, stream)
    assert kept is not None and kept.sealed_header == ""


def test_a_stream_may_be_sent_back_as_it_was_read(hearing: SignalScene) -> None:
    for told in (hearing.create(), hearing.polled()):
        for method in ("PATCH", "PUT"):
            answer = hearing.ask(method, STREAMS, json=told)
            assert (answer.status_code, answer.get_json()) == (200, told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://evil.example"),
        ("aud", "somebody"),
        ("events_delivered", []),
        ("events_supported", ["urn:x"]),
        ("min_verification_interval", 0),
    ],
)
def test_what_we_supply_is_not_changed(refusing: SignalScene, name: str, value: object) -> None:
    told = refusing.standing()
    for method in ("PATCH", "PUT"):
        answer = refusing.ask(method, STREAMS, json={**told, name: value})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "property_not_yours")


def test_a_client_has_a_bounded_number_of_streams(signals: SignalScene) -> None:
    for _ in range(4):
        signals.create()
    answer = signals.ask("POST", STREAMS, json={})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_streams")
    stream = signals.ask("GET", STREAMS).get_json()[0]["stream_id"]
    assert signals.ask("DELETE", f"{STREAMS}?stream_id={stream}").status_code == 204
    assert signals.ask("POST", STREAMS, json={}).status_code == 201


def test_a_deleted_stream_takes_along_what_waits_in_it(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    signals.ask("POST", "/signals/verification", json={"stream_id": stream})
    assert len(signals.waiting(stream)) == 1
    signals.ask("DELETE", f"{STREAMS}?stream_id={stream}")
    assert signals.waiting(stream) == [] and signals.send() == 0


def test_statuses_are_read_and_set_with_their_reason(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    assert signals.ask("GET", f"{STATUS}?stream_id={stream}").get_json() == {"stream_id": stream, "status": "enabled"}
    for status in ("paused", "disabled", "enabled"):
        sent = {"stream_id": stream, "status": status, "reason": "Maintenance."}
        assert signals.ask("POST", STATUS, json=sent).get_json() == sent
        assert signals.ask("GET", f"{STATUS}?stream_id={stream}").get_json() == sent


def test_what_happens_while_a_stream_is_paused_is_told_when_it_goes_on(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "paused"})
    signals.close(signals.mandate(), signals.scene.clock.at)
    assert signals.send() == 0 and len(signals.waiting(stream)) == 1
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "enabled"})
    assert signals.send() == 1 and signals.events() == [REVOKED]


def test_what_happens_while_a_stream_is_disabled_is_never_told(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "paused"})
    signals.close(signals.mandate(), signals.scene.clock.at)
    signals.send()
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "disabled"})
    assert signals.waiting(stream) == [] and signals.course(stream).waiting == 0
    signals.close(signals.mandate("m2", ("works-27bis",)), signals.scene.clock.at)
    signals.send()
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "enabled"})
    assert signals.send() == 0 and signals.heard() == []


def test_a_verification_brings_back_the_word_that_was_sent_with_it(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    sent = {"stream_id": stream, "state": "VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo="}
    assert signals.ask("POST", "/signals/verification", json=sent).status_code == 204
    signals.send()
    event = only(signals.heard())
    assert event["sub_id"] == {"format": "opaque", "id": stream}
    assert event["events"] == {VERIFICATION: {"state": sent["state"]}}


def test_verifications_keep_their_interval(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    assert signals.ask("POST", "/signals/verification", json={"stream_id": stream}).status_code == 204
    again = signals.ask("POST", "/signals/verification", json={"stream_id": stream})
    assert again.status_code == 429 and int(again.headers["Retry-After"]) == 30
    signals.scene.clock.at = signals.scene.clock.at.replace(second=31)
    assert signals.ask("POST", "/signals/verification", json={"stream_id": stream}).status_code == 204
    signals.send()
    assert signals.events() == [VERIFICATION, VERIFICATION] and UPDATED not in signals.events()


def test_a_removed_subject_is_told_no_more_until_it_is_added_again(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    other = {"format": "complex", "mandate": {"format": "opaque", "id": "m1"}}
    told = {"stream_id": stream, "subject": other}
    assert signals.ask("POST", "/signals/subjects/remove", json=told).status_code == 204
    signals.close(signals.mandate("m1"), signals.scene.clock.at)
    signals.close(signals.mandate("m2"), signals.scene.clock.at)
    signals.send()
    assert [one["events"][REVOKED]["mandate"] for one in signals.heard()] == ["m2"]
    answer = signals.ask("POST", "/signals/subjects/add", json={**told, "verified": True})
    assert (answer.status_code, answer.data) == (200, b"")
    signals.close(signals.mandate("m3"), signals.scene.clock.at)
    signals.send()
    assert [one["events"][REVOKED]["mandate"] for one in signals.heard()] == ["m2", "m3"]


def test_a_removed_subject_takes_nothing_away_that_it_does_not_name(hearing: SignalScene) -> None:
    stream = hearing.create()["stream_id"]
    for subject in (
        {"format": "complex", "device": {"format": "opaque", "id": "d1"}},
        {"format": "opaque", "id": "m1"},
        {"format": "opaque", "id": stream},
    ):
        hearing.ask("POST", "/signals/subjects/remove", json={"stream_id": stream, "subject": subject})
    hearing.close(hearing.mandate("m1"), hearing.scene.clock.at)
    hearing.ask("POST", "/signals/verification", json={"stream_id": stream})
    hearing.send()
    assert sorted(hearing.events()) == sorted([REVOKED, VERIFICATION])


BAD_BODIES: tuple[tuple[str, str, object, str], ...] = (
    ("POST", STREAMS, [], "wrong_type"),
    ("POST", STREAMS, {"stream_id": "mine"}, "unknown_member"),
    ("POST", STREAMS, {"delivery": "push"}, "invalid_delivery"),
    ("POST", STREAMS, {"delivery": {"method": "urn:ietf:rfc:1149"}}, "delivery_method_not_supported"),
    ("POST", STREAMS, {"delivery": {"method": POLL, "endpoint_url": EARS}}, "invalid_delivery"),
    ("POST", STREAMS, {"delivery": {**push_to(EARS), "secret": "x"}}, "unknown_member"),
    ("POST", STREAMS, {"delivery": {"method": PUSH}}, "invalid_endpoint_url"),
    ("POST", STREAMS, {"events_requested": SESSION}, "wrong_type"),
    ("POST", STREAMS, {"events_requested": ["has blank"]}, "invalid_events_requested"),
    ("POST", STREAMS, {"events_requested": [f"urn:x:{n}" for n in range(33)]}, "invalid_events_requested"),
    ("POST", STREAMS, {"description": "x" * 257}, "invalid_description"),
    ("POST", STREAMS, {"description": 7}, "wrong_type"),
    ("PATCH", STREAMS, {}, "parameter_missing"),
    ("PUT", STREAMS, {}, "parameter_missing"),
    ("POST", STATUS, {"stream_id": "S", "status": "asleep"}, "invalid_status"),
    ("POST", STATUS, {"stream_id": "S"}, "parameter_missing"),
    ("POST", STATUS, {"stream_id": "S", "status": "paused", "reason": "\u0007"}, "invalid_reason"),
    ("POST", "/signals/verification", {"stream_id": "S", "state": 7}, "wrong_type"),
    ("POST", "/signals/verification", {"stream_id": "S", "state": "x" * 1025}, "invalid_state"),
    ("POST", "/signals/subjects/add", {"stream_id": "S"}, "invalid_subject"),
    ("POST", "/signals/subjects/add", {"stream_id": "S", "subject": {"format": "opaque"}}, "invalid_subject"),
    ("POST", "/signals/subjects/remove", {"stream_id": "S", "subject": {"format": "complex"}}, "invalid_subject"),
    (
        "POST",
        "/signals/subjects/add",
        {"stream_id": "S", "subject": {"format": "opaque", "id": "x"}, "verified": "y"},
        "wrong_type",
    ),
)


@pytest.mark.parametrize(("method", "path", "sent", "code"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_what_cannot_be_read_is_refused_with_its_reason(
    refusing: SignalScene, method: str, path: str, sent: Any, code: str
) -> None:
    stream = refusing.standing()["stream_id"]
    if isinstance(sent, dict) and sent.get("stream_id") == "S":
        sent = {**sent, "stream_id": stream}
    answer = refusing.ask(method, path, json=sent)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_streams_need_the_scope_of_receiving_and_a_client_that_may_receive(hearing: SignalScene) -> None:
    nobody = hearing.scene.browser().get(STREAMS, base_url=ISSUER)
    assert nobody.status_code == 401 and nobody.headers["WWW-Authenticate"].startswith("Bearer")
    other = hearing.token(scope="scope:authorization:decision:evaluate")
    refused = hearing.scene.present(STREAMS, other)
    assert refused.status_code == 403 and refused.get_json()["code"] == "missing_scope"
    token = hearing.token()
    hearing.another(OTHER_SERVICE)
    hearing.scene.record(hearing.scene.client(valid=hearing.ended()))
    assert hearing.scene.present(STREAMS, token).status_code == 401
