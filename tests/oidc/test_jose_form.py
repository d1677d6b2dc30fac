"""A token has one spelling, a bounded size and a strict form (attack families J06, J07, J08 and J11)."""

import time
from collections.abc import Callable
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from oidc import base64url
from oidc.jose import P256_ORDER, InvalidToken, TokenFault, Verified, read_header, read_insecure_claims, verify
from tests.oidc.jose_material import (
    ALL,
    CLAIMS,
    EC_PRIVATE,
    HEADER,
    KEYS,
    RSA_PRIVATE,
    b64,
    es256,
    forge,
    rs256,
)


def read(token: str) -> Verified:
    return verify(token, keys=KEYS, algorithms=ALL, typ="at+jwt")


def fault_of(token: str) -> TokenFault:
    with pytest.raises(InvalidToken) as refusal:
        read(token)
    return refusal.value.code


OUT_OF_RANGE = [0, P256_ORDER, P256_ORDER + 1, 2**256 - 1]


@pytest.mark.parametrize("r", [*OUT_OF_RANGE, 1])
@pytest.mark.parametrize("s", [*OUT_OF_RANGE, 1])
def test_ecdsa_numbers_out_of_range_are_refused(r: int, s: int) -> None:
    expected = TokenFault.WRONG_SIGNATURE if r == s == 1 else TokenFault.MALFORMED_SIGNATURE
    assert fault_of(forge(HEADER, dict(CLAIMS), lambda _: r.to_bytes(32, "big") + s.to_bytes(32, "big"))) is expected


def der(message: bytes) -> bytes:
    return EC_PRIVATE.sign(message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "signature",
    [
        der,
        lambda message: der(message).ljust(72, b"\0"),
        lambda message: es256(message) + b"\0",
        lambda message: es256(message)[:-1],
        lambda message: es256(message)[:32],
        lambda message: b"\0" + es256(message),
        lambda message: b"".join(bytes(16) + half for half in (es256(message)[:32], es256(message)[32:])),
        lambda _: b"",
        lambda _: b"\0" * 4_000,
    ],
)
def test_an_ecdsa_signature_of_another_length_is_refused(signature: Callable[[bytes], bytes]) -> None:
    assert fault_of(forge(HEADER, dict(CLAIMS), signature)) is TokenFault.MALFORMED_SIGNATURE


def test_ecdsa_numbers_swapped_are_refused() -> None:
    token = forge(HEADER, dict(CLAIMS), lambda message: es256(message)[32:] + es256(message)[:32])
    assert fault_of(token) is TokenFault.WRONG_SIGNATURE


RSA_HEADER = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}


@pytest.mark.parametrize(
    ("signature", "fault"),
    [
        (lambda message: b"\0" + rs256(message), TokenFault.MALFORMED_SIGNATURE),
        (lambda message: rs256(message)[:-1], TokenFault.MALFORMED_SIGNATURE),
        (lambda _: b"", TokenFault.MALFORMED_SIGNATURE),
        (lambda _: b"\0" * 256, TokenFault.WRONG_SIGNATURE),
        (lambda _: b"\0" * 255 + b"\1", TokenFault.WRONG_SIGNATURE),
        (lambda _: b"\xff" * 256, TokenFault.WRONG_SIGNATURE),
    ],
)
def test_an_rsa_signature_out_of_form_is_refused(signature: Callable[[bytes], bytes], fault: TokenFault) -> None:
    assert fault_of(forge(RSA_HEADER, dict(CLAIMS), signature)) is fault


@pytest.mark.parametrize(
    "member",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"crit": "b64"},
        {"enc": "A256GCM"},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"epk": {}},
        {"p2c": 10**9},
        {"url": "https://procura.example"},
        {"x5t": "x"},
        {"Alg": "none"},
    ],
)
def test_a_header_with_more_than_algorithm_key_and_type_is_refused(member: dict[str, object]) -> None:
    assert fault_of(forge({**HEADER, **member}, dict(CLAIMS))) is TokenFault.HEADER_MEMBER_REFUSED


NOT_AN_OBJECT: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "list": b'["alg"]',
    "string": b'"ES256"',
    "number": b"1",
    "two objects": b'{"alg":"ES256"}{"alg":"ES256"}',
    "duplicate member": b'{"alg":"none","alg":"ES256","kid":"ec-1","typ":"at+jwt","sub":"a"}',
    "duplicate member by escape": rb'{"alg":"ES256","al\u0067":"none","kid":"ec-1","typ":"at+jwt"}',
    "byte order mark": b'\xef\xbb\xbf{"alg":"ES256","kid":"ec-1","typ":"at+jwt"}',
    "UTF-16": '{"alg":"ES256","kid":"ec-1","typ":"at+jwt"}'.encode("utf-16"),
    "UTF-16 without mark": '{"alg":"ES256","kid":"ec-1","typ":"at+jwt"}'.encode("utf-16-le"),
    "Latin-1": '{"alg":"ES256","kid":"é","typ":"at+jwt"}'.encode("latin-1"),
    "NaN": b'{"alg":"ES256","kid":"ec-1","typ":"at+jwt","exp":NaN}',
    "depth 1000": b'{"alg":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "comment": b'{"alg":"ES256"/**/}',
}


@pytest.mark.parametrize("name", NOT_AN_OBJECT)
def test_a_header_that_is_no_strict_json_object_is_refused(name: str) -> None:
    assert fault_of(forge(NOT_AN_OBJECT[name], dict(CLAIMS))) is TokenFault.MALFORMED_HEADER


@pytest.mark.parametrize("name", NOT_AN_OBJECT)
def test_a_payload_that_is_no_strict_json_object_is_refused(name: str) -> None:
    assert fault_of(forge(HEADER, NOT_AN_OBJECT[name])) is TokenFault.MALFORMED_PAYLOAD


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub":"a","sub":"b"}',
        b'{"exp":1e999}',
        b'{"exp":' + b"1" * 5_000 + b"}",
        rb'{"sub":"\ud800"}',
        rb'{"sub":"a\u0000"}',
    ],
)
def test_a_payload_with_two_meanings_is_refused(payload: bytes) -> None:
    assert fault_of(forge(HEADER, payload)) is TokenFault.MALFORMED_PAYLOAD


@pytest.mark.parametrize(
    "typ",
    [
        "JWT",
        "jwt",
        "at",
        "at+jwt2",
        "xat+jwt",
        "logout+jwt",
        "application/jwt",
        "text/at+jwt",
        "application/application/at+jwt",
    ],
)
def test_a_token_of_another_type_is_refused(typ: str) -> None:
    assert fault_of(forge({**HEADER, "typ": typ}, dict(CLAIMS))) is TokenFault.TYPE_REFUSED


def test_a_token_without_type_is_refused_unless_it_may_lack_one() -> None:
    token = forge({"alg": "ES256", "kid": "ec-1"}, dict(CLAIMS))
    assert fault_of(token) is TokenFault.TYPE_REFUSED
    assert verify(token, keys=KEYS, algorithms=ALL, typ="jwt", typ_required=False).claims["sub"] == "client-1"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_the_spellings_of_a_media_type_are_one_type(typ: str) -> None:
    token = forge({**HEADER, "typ": typ}, dict(CLAIMS))
    assert verify(token, keys=KEYS, algorithms=ALL, typ=frozenset({"at+jwt", "JWT"})).header["typ"] == typ


def encrypted_tokens() -> dict[str, str]:
    rsa = RSAKey.import_key(RSA_PRIVATE)
    secret = OctKey.import_key(b"k" * 32)
    inside = forge(HEADER, dict(CLAIMS)).encode()
    return {
        "RSA-OAEP around a genuine JWS": jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM"}, inside, rsa),
        "dir": jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, inside, secret),
        "RSA1_5": b64(b'{"alg":"RSA1_5","enc":"A128CBC-HS256"}') + ".AAAA.AAAA.AAAA.AAAA",
        "p2c 10^9": b64(b'{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AA","p2c":1000000000}') + ".AA.AA.AA.AA",
        "zip bomb": b64(b'{"alg":"dir","enc":"A256GCM","zip":"DEF"}') + "..AAAA." + "A" * 10_000 + ".AAAA",
        "off-curve epk": b64(b'{"alg":"ECDH-ES","epk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}') + "..AA.AA.AA",
        "empty": "....",
    }


@pytest.mark.parametrize("name", encrypted_tokens())
def test_an_encrypted_token_is_refused_before_anything_is_decoded(name: str) -> None:
    with patch.object(base64url, "decode", side_effect=AssertionError("decoded")):
        assert fault_of(encrypted_tokens()[name]) is TokenFault.ENCRYPTED


def test_a_signed_encrypted_token_is_refused() -> None:
    inside = encrypted_tokens()["dir"].encode()
    assert fault_of(forge(HEADER, inside)) is TokenFault.MALFORMED_PAYLOAD


def test_nested_tokens_are_refused() -> None:
    token = forge(HEADER, dict(CLAIMS))
    for _ in range(20):
        token = forge(HEADER, token.encode())
        assert fault_of(token) in (TokenFault.MALFORMED_PAYLOAD, TokenFault.TOO_LONG)


OVERSIZE = {
    "header of 1 MB": lambda: forge({**HEADER, "kid": "x" * 1_000_000}, dict(CLAIMS)),
    "payload of 1 MB": lambda: forge(HEADER, {**CLAIMS, "jti": "x" * 1_000_000}),
    "signature of 1 MB": lambda: forge(HEADER, dict(CLAIMS), lambda _: b"\0" * 1_000_000),
    "100 000 dots": lambda: "." * 100_000,
    "100 000 dots behind a token": lambda: forge(HEADER, dict(CLAIMS)) + "." * 100_000,
    "10 000 audiences": lambda: forge(HEADER, {**CLAIMS, "aud": [str(number) for number in range(10_000)]}),
    "header of 8 KB": lambda: forge({**HEADER, "kid": "x" * 8_000}, dict(CLAIMS)),
}


@pytest.mark.parametrize("name", OVERSIZE)
def test_an_overlong_token_is_refused_before_anything_is_decoded(name: str) -> None:
    token = OVERSIZE[name]()
    started = time.monotonic()
    with patch.object(base64url, "decode", side_effect=AssertionError("decoded")):
        assert fault_of(token) is TokenFault.TOO_LONG
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("dots", [0, 1, 3, 5, 6, 1_000, 16_000])
def test_a_token_of_another_number_of_parts_is_refused(dots: int) -> None:
    assert fault_of("." * dots) is TokenFault.NOT_COMPACT


GENUINE = forge(HEADER, dict(CLAIMS))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def copies(token: str) -> dict[str, str]:
    """Other spellings that a lenient reader takes for the same token."""
    spellings: dict[str, str] = {}
    parts = token.split(".")
    for place, part in enumerate(parts):
        variants = {
            "one padding": part + "=",
            "two paddings": part + "==",
            "full padding": part + "=" * (-len(part) % 4),
            "space before": " " + part,
            "space behind": part + " ",
            "newline behind": part + "\n",
            "space inside": part[:8] + " " + part[8:],
            "line break inside": part[:8] + "\r\n" + part[8:],
            "tab inside": part[:8] + "\t" + part[8:],
            "character outside the alphabet": part[:8] + "!" + part[8:],
            "NUL inside": part[:8] + "\0" + part[8:],
            "non-breaking space": part + "\u00a0",
            "full-width letter": part[:-1] + chr(ord(part[-1]) + 0xFEE0),
            "loose bits": part[:-1] + ALPHABET[ALPHABET.index(part[-1]) ^ 1],
            "dangling letter": part + "A",
        }
        if "-" in part or "_" in part:
            variants["standard alphabet"] = part.replace("-", "+").replace("_", "/")
        for name, variant in variants.items():
            if variant != part:
                spellings[f"{('header', 'payload', 'signature')[place]}: {name}"] = ".".join(
                    [*parts[:place], variant, *parts[place + 1 :]]
                )
    return spellings


@pytest.mark.parametrize("name", copies(GENUINE))
def test_another_spelling_of_a_genuine_token_is_refused(name: str) -> None:
    assert read(GENUINE).claims["jti"] == CLAIMS["jti"]
    assert fault_of(copies(GENUINE)[name]) in {
        TokenFault.NOT_BASE64URL,
        TokenFault.NOT_COMPACT,
        TokenFault.MALFORMED_HEADER,
        TokenFault.MALFORMED_SIGNATURE,
        TokenFault.WRONG_SIGNATURE,
    }


@given(st.binary(max_size=80))
def test_base64url_has_one_spelling(octets: bytes) -> None:
    assert base64url.decode(base64url.encode(octets)) == octets


@given(st.text(ALPHABET + "+/= \n.", max_size=24))
def test_what_base64url_reads_it_would_write(text: str) -> None:
    try:
        octets = base64url.decode(text.encode())
    except ValueError:
        return
    assert base64url.encode(octets).decode() == text


@given(
    st.integers(0, len(GENUINE) - 1),
    st.sampled_from(ALPHABET + "=. +/\n"),
    st.sampled_from(["replace", "insert", "delete"]),
)
def test_a_genuine_token_altered_anywhere_is_refused(place: int, letter: str, change: str) -> None:
    before, after = GENUINE[:place], GENUINE[place + (change != "insert") :]
    altered = before + ("" if change == "delete" else letter) + after
    if altered != GENUINE:
        assert isinstance(fault_of(altered), TokenFault)


@given(st.text(max_size=200) | st.text("eyJ{}.-_", max_size=200))
def test_any_text_is_refused_in_the_one_way(text: str) -> None:
    assert isinstance(fault_of(text), TokenFault)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit"]), st.sampled_from(["ES256", "ec-1", "at+jwt", 1, None])
    ),
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ),
)
def test_a_wellformed_token_is_believed_or_refused_in_the_one_way(header: dict[str, object], payload: object) -> None:
    try:
        verified = read(forge(header, payload))
    except InvalidToken:
        return
    assert dict(verified.header) == {"alg": "ES256", "kid": "ec-1", "typ": "at+jwt"}
    assert verified.claims == payload


def test_the_mirrored_ecdsa_signature_is_the_same_token_to_a_revocation_by_jti() -> None:
    head, payload, signature = GENUINE.split(".")
    raw = base64url.decode(signature.encode())
    mirrored = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    assert read(f"{head}.{payload}.{b64(mirrored)}").claims["jti"] == read(GENUINE).claims["jti"]


@pytest.mark.parametrize("error", [ValueError, JoseError])
def test_whatever_the_library_makes_of_a_signature_it_is_refused_in_the_one_way(error: type[Exception]) -> None:
    with patch.object(type(JWSRegistry.algorithms["ES256"]), "verify", side_effect=error("odd")):
        assert fault_of(GENUINE) is TokenFault.WRONG_SIGNATURE


def test_a_refusal_never_repeats_the_token() -> None:
    canary = "85073003328"
    for token in (
        forge({**HEADER, canary: canary}, {}),
        forge(HEADER, {"sub": [canary]}),
        forge({**HEADER, "kid": canary}, {}),
    ):
        with pytest.raises(InvalidToken) as refusal:
            read(token)
        assert canary not in str(refusal.value)


def test_unverified_parts_are_read_with_the_same_strictness() -> None:
    assert dict(read_header(GENUINE)) == HEADER
    assert dict(read_insecure_claims(GENUINE)) == CLAIMS
    for token in (
        copies(GENUINE)["payload: one padding"],
        forge(HEADER, {"sub": 1}),
        forge(HEADER, b'{"iss":"a","iss":"b"}'),
    ):
        with pytest.raises(InvalidToken):
            read_insecure_claims(token)
