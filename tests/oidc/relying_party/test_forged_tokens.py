"""Whatever kind of token is forged, and however: nobody is let in, and nobody logged out (families J01 to J08)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.oidc.jose_material import (
    EC_PRIVATE,
    RSA_PRIVATE,
    Signature,
    b64,
    ec_jwk,
    es256,
    forge,
    ps256,
    rs256,
    rsa_jwk,
)
from tests.oidc.relying_party.an_openid_provider import AnOpenIdProvider, Claims
from tests.oidc.relying_party.premises import Premises
from tests.oidc.relying_party.test_logout import living, session, told

ATTACKER = rsa.generate_private_key(65537, 2048)
PUBLIC = RSA_PRIVATE.public_key()
NUMBERS = PUBLIC.public_numbers()
MODULUS = NUMBERS.n.to_bytes(256, "big")
JWK = {name: rsa_jwk()[name] for name in ("kty", "n", "e")}
NO_ALGORITHMS: tuple[object, ...] = ("none", "None", "nOnE", "NONE", "", None, [], ["none"], {}, 0)
Forge = Callable[[Claims], str]


def by_attacker(message: bytes) -> bytes:
    return ATTACKER.sign(message, padding.PKCS1v15(), hashes.SHA256())


def encodings() -> Iterator[bytes]:
    """What everybody knows of the provider's key, in the ways in which it could be taken for a secret."""
    for encoding in (Encoding.PEM, Encoding.DER):
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
            key = PUBLIC.public_bytes(encoding, form)
            yield key
            yield key.strip()
            yield base64.b64encode(key)
    yield MODULUS
    yield b"\0" + MODULUS
    yield b64(MODULUS).encode()
    yield str(NUMBERS.n).encode()
    yield f"{NUMBERS.n:x}".encode()
    yield b"AQAB"
    yield json.dumps(JWK).encode()
    yield json.dumps(JWK, separators=(",", ":")).encode()
    yield json.dumps({"e": JWK["e"], "kty": "RSA", "n": JWK["n"]}, separators=(",", ":")).encode()
    yield b"op-1"
    yield b""


def signed(signature: Signature, **header: Any) -> Forge:
    return lambda claims: forge({"alg": "RS256", "kid": "op-1", **header}, claims, signature)


def symmetric(alg: str, digest: str, key: bytes) -> Forge:
    return signed(lambda message: hmac.digest(key, message, digest), alg=alg)


def unsigned(alg: object) -> Forge:
    return signed(lambda _message: b"", alg=alg)


def inside_another(claims: Claims) -> str:
    """A genuine token as the payload of one that is not."""
    return forge({"alg": "none", "cty": "JWT"}, forge({"alg": "RS256", "kid": "op-1"}, claims, rs256).encode())


def encrypted_first(claims: Claims) -> str:
    """Signed around something encrypted, though signing comes first."""
    return forge({"alg": "RS256", "kid": "op-1", "cty": "JWT"}, b"eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA", rs256)


def five_parts(**header: Any) -> Forge:
    return lambda claims: f"{b64(json.dumps(header).encode())}.AAAA.AAAA.{b64(json.dumps(claims).encode())}.AAAA"


FORGERIES: dict[str, Forge] = {
    **{f"alg {alg!r}": unsigned(alg) for alg in NO_ALGORITHMS},
    **{f"HS256 {place}": symmetric("HS256", "sha256", key) for place, key in enumerate(encodings())},
    **{f"HS512 {place}": symmetric("HS512", "sha512", key) for place, key in enumerate(encodings())},
    "RS256 by another": signed(by_attacker),
    "RS256 with the name of a path": signed(by_attacker, kid="../../../dev/null"),
    "its own jwk": signed(by_attacker, jwk=rsa_jwk(ATTACKER)),
    "its own jwk and no kid": lambda claims: forge({"alg": "RS256", "jwk": rsa_jwk(ATTACKER)}, claims, by_attacker),
    "a jku": signed(by_attacker, jku="https://attacker.example/jwks"),
    "an x5u": signed(by_attacker, x5u="https://attacker.example/x"),
    "an x5c": signed(by_attacker, x5c=["AAAA"]),
    "genuine, with a jwk": signed(rs256, jwk=rsa_jwk()),
    "genuine, with something critical": signed(rs256, crit=["exp"]),
    "genuine, unencoded": signed(rs256, crit=["b64"], b64=False),
    "PS256 where RS256 was agreed": signed(ps256, alg="PS256"),
    "ES256 by a key of the set": signed(lambda message: es256(message, EC_PRIVATE), alg="ES256", kid="op-2"),
    "ES256 by the RSA key's name": signed(es256, alg="ES256"),
    "RS512 by name": signed(rs256, alg="RS512"),
    "an access token": signed(rs256, typ="at+jwt"),
    "a request": signed(rs256, typ="oauth-authz-req+jwt"),
    "a security event": signed(rs256, typ="secevent+jwt"),
    "empty signature": signed(lambda _message: b""),
    "zeros": signed(lambda _message: bytes(256)),
    "one octet more": signed(lambda message: rs256(message) + b"\0"),
    "one inside another": inside_another,
    "encrypted first": encrypted_first,
    "compressed": five_parts(alg="RSA-OAEP-256", enc="A128CBC-HS256", cty="JWT", zip="DEF"),
    "by password": five_parts(alg="PBES2-HS256+A128KW", enc="A128CBC-HS256", cty="JWT", p2c=10**9, p2s="AAAA"),
    "directly": five_parts(alg="dir", enc="A256GCM", cty="JWT"),
}


def spoil(op: AnOpenIdProvider, kind: str, forgery: Forge) -> None:
    """Let a provider forge one kind of token; of the other kind it tells the truth."""
    op.keys.append(ec_jwk(EC_PRIVATE, kid="op-2"))

    def wrap(genuine: str) -> str:
        payload = genuine.split(".")[1]
        claims: Claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return forgery(claims) if ("nonce" in claims) is (kind == "ID token") else genuine

    op.wrap = wrap


@pytest.mark.parametrize("kind", ["ID token", "userinfo"])
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_lets_nobody_in(door: Premises, kind: str, forgery: Forge) -> None:
    spoil(door.op, kind, forgery)
    assert door.refused()[0] == "oidc_not_believed"


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_logs_nobody_out(door: Premises, forgery: Forge) -> None:
    session(door, "s-1")
    genuine = door.op.logout_token()
    payload = genuine.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    door.op.keys.append(ec_jwk(EC_PRIVATE, kid="op-2"))
    assert told(door, forgery(claims)) == 400
    assert len(living(door)) == 1


def test_one_kind_of_token_is_not_taken_for_another(door: Premises) -> None:
    """Userinfo or a logout token in the place of an ID token lacks the nonce; an ID token logs nobody out."""
    for typ in ("JWT", "logout+jwt"):
        door.op.header["typ"] = typ
        door.op.wrap = lambda _genuine: door.op.logout_token()
        assert door.refused()[0] == "oidc_not_believed"
        door.hall.turned.clear()
    assert door.hall.welcomed == []


def test_the_digest_of_an_access_token_is_that_of_this_one(door: Premises) -> None:
    digest = hashlib.sha256(b"another-access-token").digest()[:16]
    door.op.id_claims = lambda claims: claims.update(at_hash=b64(digest))
    assert door.refused()[0] == "oidc_not_believed"
