"""A token decides neither its algorithm nor its key (attack families J01 to J04)."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oidc.jose import InvalidToken, KeySet, TokenFault, UnusableKey, verify
from tests.oidc.jose_material import (
    ALL,
    CLAIMS,
    EC_ALONE,
    EC_OTHER,
    EC_PRIVATE,
    HEADER,
    KEYS,
    RSA_PRIVATE,
    b64_number,
    ec_jwk,
    es256,
    forge,
    ps256,
    rs256,
    rsa_jwk,
)


def fault_of(token: str, keys: KeySet = KEYS, algorithms: frozenset[str] = ALL) -> TokenFault:
    with pytest.raises(InvalidToken) as refusal:
        verify(token, keys=keys, algorithms=algorithms, typ="at+jwt")
    return refusal.value.code


@pytest.mark.parametrize(
    ("alg", "kid", "signature"),
    [("ES256", "ec-1", es256), ("RS256", "rsa-1", rs256), ("PS256", "rsa-1", ps256)],
)
def test_an_honest_token_is_believed(alg: str, kid: str, signature: Callable[[bytes], bytes]) -> None:
    header = {"alg": alg, "kid": kid, "typ": "at+jwt"}
    verified = verify(forge(header, dict(CLAIMS), signature), keys=KEYS, algorithms=frozenset({alg}), typ="at+jwt")
    assert dict(verified.header) == header
    assert dict(verified.claims) == CLAIMS


NO_ALGORITHM = [
    "none",
    "None",
    "nOnE",
    "NONE",
    " none",
    "none ",
    "",
    None,
    ["ES256"],
    ["none"],
    {"alg": "ES256"},
    0,
    True,
]


@pytest.mark.parametrize("alg", NO_ALGORITHM)
@pytest.mark.parametrize("signature", [lambda _: b"", es256, lambda _: b"\0" * 64])
def test_no_algorithm_is_no_signature(alg: object, signature: Callable[[bytes], bytes]) -> None:
    expected = {TokenFault.ALGORITHM_REFUSED, TokenFault.MALFORMED_HEADER}
    assert fault_of(forge({**HEADER, "alg": alg}, dict(CLAIMS), signature)) in expected


def test_an_absent_algorithm_is_refused() -> None:
    assert fault_of(forge({"kid": "ec-1", "typ": "at+jwt"}, dict(CLAIMS))) is TokenFault.ALGORITHM_REFUSED


def test_none_is_refused_even_where_a_caller_lists_it() -> None:
    token = forge({**HEADER, "alg": "none"}, dict(CLAIMS), lambda _: b"")
    assert fault_of(token, algorithms=frozenset({"none", "HS256"})) is TokenFault.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    "alg",
    [
        "HS256",
        "HS384",
        "HS512",
        "es256",
        "ES384",
        "ES512",
        "ES256K",
        "EdDSA",
        "RS1",
        "RS384",
        "PS512",
        "Es256",
        "ES256 ",
    ],
)
def test_an_algorithm_outside_the_list_is_refused(alg: str) -> None:
    assert fault_of(forge({**HEADER, "alg": alg}, dict(CLAIMS))) is TokenFault.ALGORITHM_REFUSED


@pytest.mark.parametrize("registered", ["ES256", "PS256"])
def test_rs256_where_another_algorithm_is_registered_is_refused(registered: str) -> None:
    token = forge({"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}, dict(CLAIMS), rs256)
    assert fault_of(token, algorithms=frozenset({registered})) is TokenFault.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    ("alg", "kid", "signature"),
    [("RS256", "ec-1", rs256), ("PS256", "ec-1", ps256), ("ES256", "rsa-1", es256), ("ES256", "ps-only", es256)],
)
def test_an_algorithm_of_another_key_type_is_refused(alg: str, kid: str, signature: Callable[[bytes], bytes]) -> None:
    keys = KeySet.from_jwks({"keys": [ec_jwk(kid="ec-1"), rsa_jwk(kid="rsa-1"), rsa_jwk(kid="ps-only", alg="PS256")]})
    assert (
        fault_of(forge({"alg": alg, "kid": kid, "typ": "at+jwt"}, dict(CLAIMS), signature), keys)
        is TokenFault.KEY_MISMATCH
    )


def test_an_algorithm_other_than_the_key_s_own_is_refused() -> None:
    keys = KeySet.from_jwks({"keys": [rsa_jwk(kid="rsa-1", alg="PS256")]})
    token = forge({"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}, dict(CLAIMS), rs256)
    assert fault_of(token, keys) is TokenFault.KEY_MISMATCH


@pytest.mark.parametrize(("alg", "signature"), [("PS256", rs256), ("RS256", ps256)])
def test_the_two_rsa_paddings_are_not_interchangeable(alg: str, signature: Callable[[bytes], bytes]) -> None:
    token = forge({"alg": alg, "kid": "rsa-1", "typ": "at+jwt"}, dict(CLAIMS), signature)
    assert fault_of(token) is TokenFault.WRONG_SIGNATURE


def public_key_encodings(private: Any, jwk: dict[str, object], number: int) -> dict[str, bytes]:
    public = private.public_key()
    raw_format = PublicFormat.PKCS1 if jwk["kty"] == "RSA" else PublicFormat.UncompressedPoint
    raw_encoding = Encoding.DER if jwk["kty"] == "RSA" else Encoding.X962
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return {
        "PEM": pem,
        "PEM without last newline": pem.rstrip(b"\n"),
        "PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "PEM body": b"".join(pem.splitlines()[1:-1]),
        "DER": der,
        "DER in base64": base64.b64encode(der),
        "raw key in DER or X9.62": public.public_bytes(raw_encoding, raw_format),
        "modulus or x": octets,
        "modulus or x in base64url": b64_number(number).encode(),
        "modulus or x in hexadecimal": octets.hex().encode(),
        "modulus or x in decimal": str(number).encode(),
        "exponent or y": str(jwk.get("e", jwk.get("y"))).encode(),
        "JWK text": json.dumps(jwk).encode(),
        "JWK text, compact": json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode(),
        "JWK set text": json.dumps({"keys": [jwk]}).encode(),
        "PEM in base64": base64.b64encode(pem),
        "kid": str(jwk["kid"]).encode(),
        "nothing": b"",
    }


SECRETS = {
    "ec-1": public_key_encodings(EC_PRIVATE, ec_jwk(kid="ec-1"), EC_PRIVATE.public_key().public_numbers().x),
    "rsa-1": public_key_encodings(RSA_PRIVATE, rsa_jwk(kid="rsa-1"), RSA_PRIVATE.public_key().public_numbers().n),
}


@pytest.mark.parametrize(("kid", "encoding"), [(kid, name) for kid, names in SECRETS.items() for name in names])
@pytest.mark.parametrize(
    ("alg", "digest"), [("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)]
)
def test_a_public_key_is_never_a_shared_secret(kid: str, encoding: str, alg: str, digest: Any) -> None:
    secret = SECRETS[kid][encoding]
    token = forge(
        {"alg": alg, "kid": kid, "typ": "at+jwt"}, dict(CLAIMS), lambda m: hmac.new(secret, m, digest).digest()
    )
    assert fault_of(token) is TokenFault.ALGORITHM_REFUSED
    assert fault_of(token, algorithms=ALL | {alg}) is TokenFault.ALGORITHM_REFUSED


def by_attacker(message: bytes) -> bytes:
    return es256(message, EC_OTHER)


BRINGS_A_KEY: dict[str, object] = {
    "jwk": ec_jwk(EC_OTHER),
    "jku": "https://evil.example/jwks.json",
    "x5u": "https://evil.example/cert.pem",
    "x5c": ["MIIBszCCAVmgAwIBAgIU"],
}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a packet would leave")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("member", BRINGS_A_KEY)
@pytest.mark.parametrize("with_kid", [True, False])
@pytest.mark.parametrize("signature", [by_attacker, es256])
def test_a_header_that_brings_its_key_is_refused(
    member: str, with_kid: bool, signature: Callable[[bytes], bytes]
) -> None:
    header = {**HEADER, member: BRINGS_A_KEY[member]}
    if not with_kid:
        del header["kid"]
    assert fault_of(forge(header, dict(CLAIMS), signature), EC_ALONE) is TokenFault.HEADER_MEMBER_REFUSED


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://evil.example/jwks.json",
        "ec-1' OR '1'='1",
        "x'; DROP TABLE keys; --",
        "${jndi:ldap://evil.example/a}",
        "another-tenant-key",
        "EC-1",
        "ec-1 ",
        " ec-1",
        "ec-1\n",
        "ec-1/",
        "ec-l",
        "x" * 255,
    ],
)
def test_a_kid_is_only_ever_a_name(kid: str) -> None:
    for keys in (KEYS, EC_ALONE):
        assert fault_of(forge({**HEADER, "kid": kid}, dict(CLAIMS)), keys) is TokenFault.KEY_UNKNOWN


@pytest.mark.parametrize("kid", ["", "x" * 256, None, 1, True, ["ec-1"], {"ec-1": 1}])
def test_a_kid_that_is_no_name_is_refused(kid: object) -> None:
    assert fault_of(forge({**HEADER, "kid": kid}, dict(CLAIMS))) is TokenFault.MALFORMED_HEADER


@pytest.mark.attack("J04")
def test_a_token_without_kid_is_refused_where_the_signer_has_several_keys() -> None:
    token = forge({"alg": "ES256", "typ": "at+jwt"}, dict(CLAIMS))
    assert fault_of(token) is TokenFault.KEY_NOT_NAMED
    assert fault_of(token, KeySet(())) is TokenFault.KEY_NOT_NAMED


def test_a_token_without_kid_is_verified_with_the_signer_s_only_key() -> None:
    token = forge({"alg": "ES256", "typ": "at+jwt"}, dict(CLAIMS))
    assert verify(token, keys=EC_ALONE, algorithms=ALL, typ="at+jwt").claims["sub"] == "client-1"


@pytest.mark.attack("J04")
def test_the_right_kid_with_another_key_s_signature_is_refused() -> None:
    assert fault_of(forge(HEADER, dict(CLAIMS), by_attacker)) is TokenFault.WRONG_SIGNATURE


OCT = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "hmac"}
UNUSABLE_SETS: dict[str, object] = {
    "two keys of one name": {"keys": [ec_jwk(kid="a"), ec_jwk(EC_OTHER, kid="a")]},
    "one key twice without a name": {"keys": [ec_jwk(), ec_jwk()]},
    "symmetric": {"keys": [OCT]},
    "symmetric beside asymmetric": {"keys": [ec_jwk(kid="a"), OCT]},
    "for encryption": {"keys": [ec_jwk(kid="a", use="enc")]},
    "use of another type": {"keys": [ec_jwk(kid="a", use=["sig"])]},
    "key_ops sign": {"keys": [ec_jwk(kid="a", key_ops=["sign"])]},
    "key_ops sign and verify": {"keys": [ec_jwk(kid="a", key_ops=["sign", "verify"])]},
    "key_ops for encryption": {"keys": [rsa_jwk(kid="a", key_ops=["encrypt"])]},
    "key_ops empty": {"keys": [rsa_jwk(kid="a", key_ops=[])]},
    "key_ops a string": {"keys": [rsa_jwk(kid="a", key_ops="verify")]},
    "private": {"keys": [ec_jwk(kid="a", d="AQ")]},
    "algorithm of another type": {"keys": [ec_jwk(kid="a", alg="RS256")]},
    "algorithm HS256": {"keys": [rsa_jwk(kid="a", alg="HS256")]},
    "algorithm a list": {"keys": [rsa_jwk(kid="a", alg=["RS256"])]},
    "kid a number": {"keys": [ec_jwk(kid=1)]},
    "kid empty": {"keys": [ec_jwk(kid="")]},
    "kid null": {"keys": [ec_jwk(kid=None)]},
    "21 keys": {"keys": [ec_jwk(kid=str(number)) for number in range(21)]},
    "not a list": {"keys": {"a": ec_jwk()}},
    "a list": [ec_jwk()],
    "a key that is text": {"keys": ["key"]},
    "nothing": {},
}


@pytest.mark.attack("J04")
@pytest.mark.parametrize("name", UNUSABLE_SETS)
def test_a_doubtful_key_set_verifies_nothing(name: str) -> None:
    with pytest.raises(UnusableKey):
        KeySet.from_jwks(UNUSABLE_SETS[name])


def test_a_key_without_kid_is_named_by_its_thumbprint() -> None:
    # The example of RFC 7638 section 3.1.
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    keys = KeySet.from_jwks({"keys": [{"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256"}]})
    assert keys.keys[0].kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
