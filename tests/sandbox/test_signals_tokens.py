"""A declaration service believes a signal of its issuer for itself, and nothing that is only like one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.signal_tokens import AHEAD, LIES, OLDEST, IssuerKeys, SignalEarly, SignalRefused
from tests.oidc.jose_material import EC_OTHER, b64, ec_jwk, es256, forge, ps256, rs256, rsa_jwk
from tests.sandbox.conftest import START
from tests.sandbox.signal_material import (
    CAEP,
    EMPLOYER,
    HEADER,
    ISSUER,
    KEYS,
    NOW,
    OF_MANDATE,
    PERSON,
    REVOKED,
    SERVICE,
    SID,
    claims,
    event,
    reader,
    signal,
)


def refused(token: str, keys: dict[str, Any] = KEYS) -> str:
    """The code with which a token is refused."""
    with pytest.raises(SignalRefused) as refusal:
        reader(keys).read(token)
    return refusal.value.err


def test_a_signal_of_the_issuer_is_read() -> None:
    read = reader().read(signal())
    assert (read.jti, read.event, read.name) == ("signal-1", REVOKED, "mandate-revoked")
    assert read.issued_at == datetime.fromtimestamp(NOW, UTC)
    assert (read.told["mandator"], read.subject) == (EMPLOYER, OF_MANDATE)


def test_a_list_of_one_audience_and_another_usual_algorithm_are_taken() -> None:
    by_rsa = forge({**HEADER, "alg": "PS256", "kid": "rsa-1"}, claims(aud=[SERVICE]), ps256)
    assert reader().read(by_rsa).jti == "signal-1"


@pytest.mark.attack("O17", "J10")
@pytest.mark.parametrize(
    ("header", "changed", "err"),
    [
        ({"typ": "JWT"}, {"exp": NOW + 300, "sub": PERSON, "nonce": "n"}, "invalid_request"),
        ({}, {"exp": NOW + 300, "sub": PERSON, "nonce": "n"}, "invalid_request"),
        ({"typ": "at+jwt"}, {"exp": NOW + 300, "sub": PERSON, "client_id": SERVICE, "scope": "x"}, "invalid_request"),
        ({"typ": "logout+jwt"}, {"exp": NOW + 120, "sub": PERSON, "sid": SID}, "invalid_request"),
        ({"typ": None}, {}, "invalid_request"),
        ({}, {"exp": NOW + 300}, "invalid_request"),
        ({}, {"sub": PERSON}, "invalid_request"),
        ({}, {"iss": ISSUER + "/"}, "invalid_issuer"),
        ({}, {"iss": "http://localhost:8081"}, "invalid_issuer"),
        ({}, {"iss": None}, "invalid_issuer"),
        ({}, {"aud": "dimona-2"}, "invalid_audience"),
        ({}, {"aud": [SERVICE, "dimona-2"]}, "invalid_audience"),
        ({}, {"aud": []}, "invalid_audience"),
        ({}, {"aud": None}, "invalid_audience"),
    ],
)
def test_tokens_of_another_kind_issuer_or_audience_are_no_signals(
    header: dict[str, object], changed: dict[str, object], err: str
) -> None:
    assert refused(signal({**HEADER, **header}, **changed)) == err


@pytest.mark.attack("J01", "J02", "J03", "J04", "J05")
@pytest.mark.parametrize(
    "token",
    [
        forge({**HEADER, "alg": "none"}, claims(), lambda octets: b""),
        forge({**HEADER, "alg": "HS256"}, claims(), lambda octets: b"\0" * 32),
        forge({**HEADER, "alg": "RS256", "kid": "rsa-1"}, claims(), rs256),
        forge({**HEADER, "alg": "PS256", "kid": "enc-1"}, claims(), ps256),
        forge({**HEADER, "alg": "PS256"}, claims(), ps256),
        forge({"typ": "secevent+jwt", "alg": "ES256"}, claims()),
        forge({**HEADER, "kid": "ec-2"}, claims()),
        forge({**HEADER, "kid": ["ec-1"]}, claims()),
        forge({**HEADER, "crit": ["exp"], "exp": 1}, claims()),
        forge(HEADER, claims(), lambda octets: es256(octets, EC_OTHER)),
        forge({**HEADER, "jwk": ec_jwk(EC_OTHER)}, claims(), lambda octets: es256(octets, EC_OTHER)),
        forge({**HEADER, "kid": "x", "jku": "https://evil.example"}, claims(), lambda octets: es256(octets, EC_OTHER)),
        forge(HEADER, claims(), lambda octets: b"\0" * 64),
        forge(HEADER, claims(), lambda octets: es256(octets)[:-1]),
    ],
)
def test_only_a_published_key_signs_signals(token: str) -> None:
    assert refused(token) == "invalid_key"


@pytest.mark.attack("J04")
@pytest.mark.parametrize(
    "keys",
    [
        {"keys": []},
        {"keys": [rsa_jwk(kid="ec-1")]},
        {"keys": [ec_jwk(EC_OTHER, kid="ec-1"), ec_jwk(kid="ec-1")]},
        {"keys": [ec_jwk()]},
    ],
)
def test_a_name_that_is_not_one_keys_verifies_nothing(keys: dict[str, Any]) -> None:
    assert refused(signal(), keys) == "invalid_key"


def _payload(octets: bytes) -> str:
    return forge(dict(HEADER), octets)


@pytest.mark.attack("J07", "J11")
@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b",
        signal() + ".x",
        signal() + "=",
        signal().replace(".", ". ", 1),
        signal() + "é",
        _payload(b"[]"),
        _payload(b"\xef\xbb\xbf{}"),
        _payload(b'{"iss":"a","iss":"b"}'),
        _payload(b'{"iat":NaN}'),
        _payload(b"[" * 9000),
        b64(b'{"alg":"ES256","alg":"ES256"}') + "." + signal().partition(".")[2],
        signal(padding="x" * 20_000),
    ],
)
def test_what_two_readers_could_read_differently_is_not_read(token: str) -> None:
    assert refused(token) in ("invalid_request", "invalid_key")


@pytest.mark.attack("J09")
@pytest.mark.parametrize(
    "iat",
    [
        None,
        str(NOW),
        True,
        1e308,
        -1e308,
        253402300800,
        NOW + LIES.total_seconds() + 30,
        NOW - OLDEST.total_seconds() - 30,
        0,
    ],
)
def test_a_signal_from_the_future_or_from_long_ago_is_refused(iat: object) -> None:
    assert refused(signal(iat=iat)) == "invalid_request"


@pytest.mark.parametrize("ahead", [AHEAD + timedelta(seconds=20), timedelta(hours=1), LIES - timedelta(minutes=1)])
def test_a_signal_from_a_clock_that_is_ahead_is_not_refused_for_good(ahead: timedelta) -> None:
    with pytest.raises(SignalEarly):
        reader().read(signal(iat=int((START + ahead).timestamp())))


@pytest.mark.parametrize("age", [-AHEAD + timedelta(seconds=20), timedelta(hours=30), OLDEST - timedelta(minutes=1)])
def test_a_signal_that_was_told_late_still_counts(age: timedelta) -> None:
    assert reader().read(signal(iat=int((START - age).timestamp()))).jti == "signal-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"events": None},
        {"events": {}},
        {"events": [REVOKED]},
        {"events": {**event(), **event(CAEP + "session-revoked")}},
        {"events": {REVOKED: "now"}},
        {"events": {"": {}}},
        {"sub_id": None},
        {"sub_id": PERSON},
        {"sub_id": {"id": "m1"}},
    ],
)
def test_a_signal_has_a_name_one_event_and_a_subject(changed: dict[str, object]) -> None:
    assert refused(signal(**changed)) == "invalid_request"


def test_unknown_keys_are_not_asked_for_again_at_once() -> None:
    asked: list[int] = []

    def read() -> dict[str, Any]:
        asked.append(1)
        return KEYS

    keys = IssuerKeys(read)
    for number in range(50):
        with pytest.raises(SignalRefused):
            keys.find(f"guess-{number}")
    assert len(asked) == 1 and keys.find("ec-1")


def test_keys_that_cannot_be_read_refuse_no_signal_for_good() -> None:
    def silent() -> dict[str, Any]:
        raise FlowBroken("no answer")

    keys = IssuerKeys(silent)
    for _ in range(3):
        with pytest.raises(FlowBroken):
            keys.find("ec-1")
