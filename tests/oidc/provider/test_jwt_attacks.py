"""Attack families J01 to J11 at both doors that read tokens: as client assertion and as access token."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import OctKey
from structlog.testing import capture_logs

from oidc.verification_keys import VerificationKey
from tests.oidc.provider.forgery import EC, OTHER_EC, b64, compact, ec_jwk
from tests.oidc.provider.premises import ISSUER, SERVICE, SOFTWARE, Premises

Header = dict[str, Any]
Forge = Callable[[Header, dict[str, Any]], str]


def _header(**more: object) -> Forge:
    return lambda header, claims: compact({**header, **more}, claims)


def _raw_header(raw: bytes) -> Forge:
    return lambda header, claims: compact(raw, claims)


def _raw_claims(spoil: Callable[[bytes], bytes]) -> Forge:
    return lambda header, claims: compact(header, spoil(json.dumps(claims).encode()))


def _unsigned(alg: object) -> Forge:
    def forge(header: Header, claims: dict[str, Any]) -> str:
        return f"{b64(json.dumps({**header, 'alg': alg}).encode())}.{b64(json.dumps(claims).encode())}."

    return forge


def _hmac(secret: bytes) -> Forge:
    def forge(header: Header, claims: dict[str, Any]) -> str:
        message = f"{b64(json.dumps({**header, 'alg': 'HS256'}).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{message}.{b64(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"

    return forge


def _signature(spoil: Callable[[bytes], bytes]) -> Forge:
    def forge(header: Header, claims: dict[str, Any]) -> str:
        token = compact(header, claims)
        return f"{token.rpartition('.')[0]}.{b64(spoil(b'x' * 64))}"

    return forge


def _encrypted(header: Header, claims: dict[str, Any]) -> str:
    key = OctKey.import_key(b"k" * 32)
    return str(jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, json.dumps(claims), key))


PUBLIC_PEM = EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PUBLIC_DER = EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _numbers(r: int, s: int) -> Forge:
    return _signature(lambda _: r.to_bytes(32, "big") + s.to_bytes(32, "big"))


NONES: tuple[object, ...] = ("none", "None", "nOnE", "", None, ["ES256"], 1, {})
KIDS = ("", "/dev/null", "../../k1", "https://evil.example/k1", "k1' OR '1'='1", "k1\0", 1, ["k1"], "k" * 5000)
ATTACKS: dict[str, Forge] = {
    **{f"J01 alg {alg!r}": _unsigned(alg) for alg in NONES},
    "J01 alg absent": lambda header, claims: compact({"kid": header["kid"]}, claims),
    "J02 PEM as secret": _hmac(PUBLIC_PEM),
    "J02 PEM without its last line": _hmac(PUBLIC_PEM.rstrip()),
    "J02 DER as secret": _hmac(PUBLIC_DER),
    "J02 JWK as secret": _hmac(json.dumps(ec_jwk(kid="k1")).encode()),
    "J02 x as secret": _hmac(str(ec_jwk()["x"]).encode()),
    "J02 empty secret": _hmac(b""),
    "J03 own key in jwk": lambda header, claims: compact({**header, "jwk": ec_jwk(OTHER_EC)}, claims, OTHER_EC),
    "J03 jku": lambda header, claims: compact({**header, "jku": "https://evil.example/jwks"}, claims, OTHER_EC),
    "J03 x5u": _header(x5u="https://evil.example/cert"),
    "J03 x5c": _header(x5c=["MIIB"]),
    **{
        f"J03 kid {kid!r:.20}": _header(kid=kid)
        for kid in (
            "",
            "/dev/null",
            "../../k1",
            "https://evil.example/k1",
            "k1' OR '1'='1",
            "k1\0",
            1,
            ["k1"],
            "k" * 5000,
        )
    },
    "J04 kid of another": _header(kid="k2"),
    "J06 r zero": _numbers(0, 1),
    "J06 s zero": _numbers(1, 0),
    "J06 r is n": _numbers(ORDER, 1),
    "J06 s over n": _numbers(1, ORDER + 1),
    "J06 DER for raw": _signature(lambda _: bytes.fromhex("3006020101020101")),
    "J06 no signature": _signature(lambda _: b""),
    "J06 signature of a kilobyte": _signature(lambda _: b"\1" * 1024),
    "J07 crit": _header(crit=["exp"]),
    "J07 b64": _header(b64=False, crit=["b64"]),
    "J07 zip": _header(zip="DEF"),
    "J07 duplicate header": _raw_header(b'{"alg":"ES256","alg":"none","kid":"k1"}'),
    "J07 header of UTF-16": _raw_header(json.dumps({"alg": "ES256", "kid": "k1"}).encode("utf-16")),
    "J07 header with BOM": _raw_header(b"\xef\xbb\xbf" + b'{"alg":"ES256","kid":"k1"}'),
    "J07 header is a list": _raw_header(b'["ES256"]'),
    "J07 header is empty": _raw_header(b""),
    "J07 header deep": _raw_header(b'{"alg":' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "J07 claims twice": _raw_claims(lambda raw: raw[:-1] + b',"sub":"somebody"}'),
    "J07 NaN": _raw_claims(lambda raw: raw[:-1] + b',"x":NaN}'),
    "J07 infinity": _raw_claims(lambda raw: raw[:-1] + b',"x":1e999}'),
    "J07 long integer": _raw_claims(lambda raw: raw[:-1] + b',"x":' + b"9" * 5000 + b"}"),
    "J07 claims of UTF-16": _raw_claims(lambda raw: raw.decode().encode("utf-16")),
    "J07 claims with BOM": _raw_claims(lambda raw: b"\xef\xbb\xbf" + raw),
    "J07 claims a list": _raw_claims(lambda raw: b"[" + raw + b"]"),
    "J07 claims deep": _raw_claims(lambda raw: raw[:-1] + b',"x":' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "J07 trailing bytes": _raw_claims(lambda raw: raw + b" x"),
    "J08 encrypted": _encrypted,
    "J09 exp a text": lambda header, claims: compact(header, {**claims, "exp": "1e308"}),
    "J09 exp a float too large": lambda header, claims: compact(header, {**claims, "exp": 1e308}),
    "J09 exp true": lambda header, claims: compact(header, {**claims, "exp": True}),
    "J09 exp negative": lambda header, claims: compact(header, {**claims, "exp": -1}),
    "J10 sub of 256 characters": lambda header, claims: compact(header, {**claims, "sub": "s" * 256}),
    "J10 aud with another": lambda header, claims: compact(header, {**claims, "aud": [claims["aud"], "https://x"]}),
    "J10 aud of ten thousand": lambda header, claims: compact(header, {**claims, "aud": [f"a{n}" for n in range(900)]}),
    "J10 aud an object": lambda header, claims: compact(header, {**claims, "aud": {"a": 1}}),
    "J11 dots": lambda header, claims: "." * 10_000,
    "J11 four parts": lambda header, claims: compact(header, claims) + ".x",
    "J11 padding": lambda header, claims: compact(header, claims) + "==",
    "J11 blank": lambda header, claims: compact(header, claims).replace(".", ". ", 1),
    "J11 loose trailing bits": lambda header, claims: _loosened(compact(header, claims)),
    "J11 other alphabet": lambda header, claims: compact(header, claims).replace("e", "+", 1),
    "J11 header of a megabyte": _header(kid="k" * 20_000),
}


def _loosened(token: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_assertion_authenticates_nobody(plain_house: Premises, attack: str) -> None:
    revision, head = plain_house.archive.revision(), plain_house.archive.head()
    forged = ATTACKS[attack]({"alg": "ES256", "kid": "k1"}, plain_house.claims(SOFTWARE))
    with capture_logs() as events:
        answer = plain_house.ask(assertion=forged)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert (plain_house.archive.revision(), plain_house.archive.head()) == (revision, head)
    assert [event["event"] for event in events] == ["oauth_refused"]


OF_TOKENS: dict[str, Forge] = {**ATTACKS, "J03 x5t": _header(x5t="abc"), "J03 x5t#S256": _header(**{"x5t#S256": "a"})}


@pytest.mark.parametrize("attack", OF_TOKENS)
def test_a_forged_access_token_opens_no_door(plain_house: Premises, attack: str) -> None:
    now = plain_house.seconds()
    claims = {
        "iss": ISSUER,
        "sub": SERVICE,
        "client_id": SERVICE,
        "aud": "authorization",
        "scope": "scope:authorization:token:introspect",
        "jti": "j" * 22,
        "iat": now,
        "exp": now + 60,
    }
    let_own_key_be_known(plain_house)
    forged = OF_TOKENS[attack]({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}, claims)
    answer = plain_house.introspect("x", forged)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")


def let_own_key_be_known(house: Premises) -> None:
    """Let the house's own key be the one with which the tests forge, so that only the forgery is at fault."""
    object.__setattr__(house.keys.ring().keys[0], "public", VerificationKey.from_jwk(ec_jwk(kid="k1")))


def test_the_same_assertion_and_token_unforged_are_taken(plain_house: Premises) -> None:
    assert plain_house.ask(assertion=compact({"alg": "ES256", "kid": "k1"}, plain_house.claims())).status_code == 200
    let_own_key_be_known(plain_house)
    now = plain_house.seconds()
    claims = {"iss": ISSUER, "sub": "c", "client_id": "c", "aud": "authorization", "scope": "s", "jti": "j"}
    token = compact({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}, {**claims, "iat": now, "exp": now + 60})
    assert plain_house.bearer.verify(f"Bearer {token}").client_id == "c"
