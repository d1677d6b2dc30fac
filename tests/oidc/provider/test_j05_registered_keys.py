"""J05: weak and hostile keys and certificates are registered by no door, and nothing of the registration stands."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from iam.services.client_metadata_rules import NAMING
from tests.oidc.jose_material import rsa_jwk_of
from tests.oidc.provider.forgery import EC, OTHER_EC, b64, ec_jwk, number, rsa_jwk
from tests.oidc.provider.premises import EMPLOYER, OTHER
from tests.oidc.provider.registration_scene import RegistrationScene, certificate
from tests.oidc.test_client_keys import FACTORABLE
from tests.storage.clocks import START

GOOD = ec_jwk(kid="k1")
P384 = ec.derive_private_key(0x5EED, ec.SECP384R1()).public_key().public_numbers()
P384_JWK = {"kty": "EC", "crv": "P-384", "x": number(P384.x, 48), "y": number(P384.y, 48)}
SHORT = rsa.generate_private_key(65537, 1024).public_key().public_numbers()

KEYS: dict[str, dict[str, Any]] = {
    "RSA of 1024 bits": {"kty": "RSA", "n": number(SHORT.n), "e": number(SHORT.e)},
    "e is 1": {**rsa_jwk(), "e": number(1)},
    "e is 3": {**rsa_jwk(), "e": number(3)},
    "e is even": {**rsa_jwk(), "e": number(65538)},
    "e is huge": {**rsa_jwk(), "e": number(2**64 + 1)},
    "n is even": {**rsa_jwk(), "n": number(2**2048 - 2)},
    "n of 16384 bits": {**rsa_jwk(), "n": number(2**16384 - 1)},
    "n with a leading zero": {**rsa_jwk(), "n": b64(b"\0" + b"\xff" * 256)},
    **{name: rsa_jwk_of(modulus) for name, modulus in FACTORABLE.items()},
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
    "a shared secret inside": {**GOOD, "k": "c2VjcmV0"},
    "a private member d": {**GOOD, "d": number(0x5EED, 32)},
    "a private member p": {**rsa_jwk(), "p": "AQAB"},
    "P-256 said to be for ES384": {**GOOD, "alg": "ES384"},
    "P-256 said to be for RS256": {**GOOD, "alg": "RS256"},
    "P-384": P384_JWK,
    "P-256 with the point of P-384": {**P384_JWK, "crv": "P-256"},
    "secp256k1": {**GOOD, "crv": "secp256k1"},
    "off the curve": {**GOOD, "y": number(7, 32)},
    "the point at infinity": {**GOOD, "x": number(0, 32), "y": number(0, 32)},
    "OKP": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "alg none": {**GOOD, "alg": "none"},
    "key_ops sign": {**GOOD, "key_ops": ["sign"]},
    "a key from elsewhere x5u": {**GOOD, "x5u": "https://elsewhere.example/"},
    "a key from elsewhere jku": {**GOOD, "jku": "https://elsewhere.example/"},
    "a kid of an object": {**GOOD, "kid": {"$ne": ""}},
    "an empty kid": {**GOOD, "kid": ""},
    "a kid of 300 characters": {**GOOD, "kid": "k" * 300},
    "x padded": {**GOOD, "x": f"{GOOD['x']}="},
    "x of an array": {**GOOD, "x": [GOOD["x"]]},
    "an end without certificate": {**GOOD, "exp": 2_000_000_000},
}

SETS: dict[str, object] = {
    "no key": {"keys": []},
    "10 000 keys": {"keys": [GOOD] * 10_000},
    "21 keys": {"keys": [ec_jwk(kid=f"k{one}") for one in range(21)]},
    "the same name twice": {"keys": [GOOD, ec_jwk(OTHER_EC, kid="k1")]},
    "a member more": {"keys": [GOOD], "jku": "https://elsewhere.example/"},
    "one bad among good": {"keys": [GOOD, KEYS["RSA of 1024 bits"]]},
    "another type than the first": {"keys": [GOOD, rsa_jwk(kid="k2")]},
    "a list": [GOOD],
    "a key in the place of a set": GOOD,
}


def refused(scene: RegistrationScene, jwks: object) -> None:
    token = scene.managers_token()
    before = scene.snapshot()
    answer = scene.register(token, jwks=jwks)
    assert answer.status_code in (400, 413), answer.text
    if answer.status_code == 400:
        assert answer.get_json()["error"] == "invalid_client_metadata"
    assert scene.snapshot() == before


@pytest.mark.attack("J05")
@pytest.mark.parametrize("name", KEYS)
def test_a_weak_or_hostile_key_is_not_registered(refusing: RegistrationScene, name: str) -> None:
    refused(refusing, {"keys": [KEYS[name]]})


@pytest.mark.attack("J05")
@pytest.mark.parametrize("name", SETS)
def test_a_set_that_is_none_is_not_registered(refusing: RegistrationScene, name: str) -> None:
    refused(refusing, SETS[name])


def spoilt(der: str) -> str:
    octets = bytearray(base64.b64decode(der))
    octets[-1] ^= 1
    return base64.b64encode(bytes(octets)).decode()


ANOTHER = certificate(OTHER, START)
CERTIFICATES: dict[str, object] = {
    "in another enterprise's name": [ANOTHER],
    "in two enterprises' names": [
        certificate(
            EMPLOYER,
            START,
            units=tuple(NAMING + one for one in (EMPLOYER, OTHER)),
        )
    ],
    "in nobody's name": [certificate(EMPLOYER, START, units=())],
    "the name in another attribute's form": [certificate(EMPLOYER, START, units=(EMPLOYER,))],
    "of another key": [certificate(EMPLOYER, START, key=OTHER_EC)],
    "signed by somebody else in its own name": [certificate(EMPLOYER, START, signed_by=OTHER_EC)],
    "spoilt": [spoilt(certificate(EMPLOYER, START))],
    "not begun": [certificate(EMPLOYER, START, begun=-timedelta(days=1))],
    "another besides in capitals": [
        certificate(EMPLOYER, START, units=(f"{NAMING}{EMPLOYER}", f"{NAMING.upper()}{OTHER}"))
    ],
    "over": [certificate(EMPLOYER, START, life=-timedelta(seconds=1))],
    "no base64": ["%%%"],
    "no certificate": [base64.b64encode(b"certificate").decode()],
    "too large": [base64.b64encode(b"\x30\x82" + b"\0" * 9_000).decode()],
    "of no list": certificate(EMPLOYER, START),
    "an empty list": [],
    "five of them": [certificate(EMPLOYER, START)] * 5,
    "a number": [7],
}


@pytest.mark.attack("J05")
@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_does_not_fit_is_not_registered(refusing: RegistrationScene, name: str) -> None:
    refused(refusing, {"keys": [{**GOOD, "x5c": CERTIFICATES[name]}]})


def test_a_certificate_that_a_ca_issued_in_the_enterprises_name_is_registered(registering: RegistrationScene) -> None:
    der = certificate(EMPLOYER, registering.clock.at, signed_by=OTHER_EC, issuer="An issuer of certificates")
    told = registering.registered(registering.managers_token(), jwks={"keys": [{**GOOD, "x5c": [der, ANOTHER]}]})
    assert told["jwks"]["keys"][0]["x5c"] == [der]
    assert EC.public_key() != OTHER_EC.public_key()
