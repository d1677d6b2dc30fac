"""A header that is kept as it was read means for the next token what it meant for the first (J03, J07)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc import base64url, jws_reading
from oidc.jose import InvalidToken, TokenFault, read, verify
from oidc.jws_reading import KEPT_HEADER_CHARS, MOST_HEADERS, THUMBPRINTS, take_apart
from tests.oidc.jose_material import ALL, CLAIMS, EC_OTHER, HEADER, KEYS, es256, forge, rs256

TWICE = pytest.mark.parametrize("before", [0, 1, 2])


def fault_of(token: str, **given: object) -> TokenFault:
    with pytest.raises(InvalidToken) as refusal:
        verify(token, **{"keys": KEYS, "algorithms": ALL, "typ": "at+jwt", **given})  # type: ignore[arg-type]
    return refusal.value.code


REFUSED: dict[str, tuple[Mapping[str, object], TokenFault]] = {
    "a certificate's thumbprint": ({**HEADER, "x5t": "a"}, TokenFault.HEADER_MEMBER_REFUSED),
    "another's thumbprint": ({**HEADER, "x5t#S256": "a"}, TokenFault.HEADER_MEMBER_REFUSED),
}


@pytest.mark.attack("J07")
@pytest.mark.parametrize("case", REFUSED)
@TWICE
def test_what_one_reader_passes_over_another_refuses_whoever_read_it_first(case: str, before: int) -> None:
    header, fault = REFUSED[case]
    token = forge(header, dict(CLAIMS))
    for _ in range(before):
        assert verify(token, keys=KEYS, algorithms=ALL, typ="at+jwt", passed_over=THUMBPRINTS).claims == CLAIMS
    assert fault_of(token) is fault
    assert verify(token, keys=KEYS, algorithms=ALL, typ="at+jwt", passed_over=THUMBPRINTS).header == header
    assert fault_of(token) is fault


@pytest.mark.attack("J03")
@pytest.mark.parametrize("member", ["crit", "jwk", "jku", "x5u", "x5c", "b64", "enc", "zip", "cty"])
def test_a_header_that_was_only_taken_apart_is_refused_by_who_judges_it(member: str) -> None:
    """Proofs of possession show a key in their header, which other tokens may not."""
    token = forge({**HEADER, member: "x"}, dict(CLAIMS))
    assert take_apart(token, 8_192).header[member] == "x"
    assert [fault_of(token) for _ in range(2)] == [TokenFault.HEADER_MEMBER_REFUSED] * 2
    assert take_apart(token, 8_192).header[member] == "x"


def test_a_header_that_was_believed_makes_no_other_token_good() -> None:
    verify(forge(HEADER, dict(CLAIMS)), keys=KEYS, algorithms=ALL, typ="at+jwt")
    assert fault_of(forge(HEADER, dict(CLAIMS), lambda told: es256(told, EC_OTHER))) is TokenFault.WRONG_SIGNATURE
    assert fault_of(forge(HEADER, {**CLAIMS, "exp": "x"})) is TokenFault.CLAIM_MALFORMED
    assert fault_of(forge(HEADER, dict(CLAIMS), rs256)) is TokenFault.MALFORMED_SIGNATURE
    assert fault_of(forge(HEADER, dict(CLAIMS)), algorithms=frozenset({"PS256"})) is TokenFault.ALGORITHM_REFUSED
    assert fault_of(forge(HEADER, dict(CLAIMS)), typ="JWT") is TokenFault.TYPE_REFUSED


def test_a_header_is_read_once_and_nobody_changes_it() -> None:
    first, second = (read(forge(HEADER, {**CLAIMS, "jti": jti})).jws.header for jti in ("a", "b"))
    assert first is second
    with pytest.raises(TypeError):
        first["alg"] = "none"  # type: ignore[index]


def test_what_is_kept_is_bounded_and_neither_refused_nor_long_headers_are_kept() -> None:
    kept = (jws_reading._header, jws_reading._checked_header)
    for number in range(MOST_HEADERS + 10):
        token = forge({**HEADER, "kid": str(number)}, {}, lambda _: b"")
        assert read(token).jws.header == take_apart(token, 8_192).header
    assert [one.cache_info().currsize for one in kept] == [MOST_HEADERS] * 2
    for one in kept:
        one.cache_clear()
    for _ in range(3):
        assert fault_of(forge({"alg": 1}, {})) is TokenFault.MALFORMED_HEADER
        assert fault_of(forge({**HEADER, "more": "x"}, {})) is TokenFault.HEADER_MEMBER_REFUSED
        long = forge({**HEADER, "x5t": "x" * KEPT_HEADER_CHARS}, dict(CLAIMS))
        assert fault_of(long) is TokenFault.HEADER_MEMBER_REFUSED
        assert verify(long, keys=KEYS, algorithms=ALL, typ="at+jwt", passed_over=THUMBPRINTS).claims == CLAIMS
        assert take_apart(long, 8_192).header["kid"] == "ec-1"
    assert [one.cache_info().currsize for one in kept] == [0, 0]


READINGS: dict[str, tuple[str, TokenFault]] = {
    "another's signature": (
        forge(HEADER, dict(CLAIMS), lambda told: es256(told, EC_OTHER)),
        TokenFault.WRONG_SIGNATURE,
    ),
    "a short signature": (forge(HEADER, dict(CLAIMS), lambda _: b"x"), TokenFault.MALFORMED_SIGNATURE),
    "no signature": (forge(HEADER, dict(CLAIMS), lambda _: b""), TokenFault.MALFORMED_SIGNATURE),
    "an unknown key": (forge({**HEADER, "kid": "k"}, dict(CLAIMS)), TokenFault.KEY_UNKNOWN),
    "no key named": (forge({"alg": "ES256", "typ": "at+jwt"}, dict(CLAIMS)), TokenFault.KEY_NOT_NAMED),
    "a key of another kind": (forge({**HEADER, "kid": "rsa-1"}, dict(CLAIMS)), TokenFault.KEY_MISMATCH),
    "another type": (forge({**HEADER, "typ": "JWT"}, dict(CLAIMS)), TokenFault.TYPE_REFUSED),
    "no type": (forge({"alg": "ES256", "kid": "ec-1"}, dict(CLAIMS)), TokenFault.TYPE_REFUSED),
    "no algorithm": (forge({**HEADER, "alg": "none"}, dict(CLAIMS)), TokenFault.ALGORITHM_REFUSED),
    "a symmetric algorithm": (forge({**HEADER, "alg": "HS256"}, dict(CLAIMS)), TokenFault.ALGORITHM_REFUSED),
}


@pytest.mark.parametrize("case", READINGS)
def test_a_token_that_was_read_before_is_verified_as_one_that_was_not(case: str) -> None:
    token, fault = READINGS[case]
    with pytest.raises(InvalidToken) as refusal:
        verify(read(token), keys=KEYS, algorithms=ALL, typ="at+jwt")
    assert refusal.value.code is fault is fault_of(token)


def test_a_genuine_token_that_was_read_before_says_what_it_says() -> None:
    token = forge(HEADER, dict(CLAIMS))
    assert verify(read(token), keys=KEYS, algorithms=ALL, typ="at+jwt") == verify(
        token, keys=KEYS, algorithms=ALL, typ="at+jwt"
    )


@pytest.mark.attack("J07")
@given(st.binary(max_size=12) | st.text("AQgwz09-_+/= \n", max_size=12).map(str.encode))
def test_a_text_is_base64url_in_one_spelling_or_not_at_all(text: bytes) -> None:
    try:
        octets = base64url.decode(text)
    except ValueError:
        assert base64.urlsafe_b64encode(_loosely(text)).rstrip(b"=") != text
    else:
        assert base64url.encode(octets) == text


def _loosely(text: bytes) -> bytes:
    """What a reader that passes over everything odd takes a text for."""
    try:
        return base64.urlsafe_b64decode(text + b"==")
    except ValueError:
        return b"?"


@given(st.binary(max_size=200))
def test_octets_are_written_as_others_write_them(octets: bytes) -> None:
    written = base64url.encode(octets)
    assert written == base64.urlsafe_b64encode(octets).rstrip(b"=")
    assert base64url.decode(written) == octets
