"""What a client may register as its public keys (attack family J05)."""

import json
from math import prod

import pytest

from iam.domain.errors import InvalidInput
from oidc import client_keys
from oidc.client_keys import accept_jwks, canonical_jwks
from oidc.jose import read_key_set, verify
from oidc.weak_rsa import SMALL_PRIMES, has_close_factors, has_roca_fingerprint, has_small_factor
from tests.oidc.jose_material import (
    ALL,
    CLAIMS,
    EC_OTHER,
    EC_PRIVATE,
    RSA_PRIVATE,
    b64,
    b64_number,
    ec_jwk,
    forge,
    rsa_jwk,
    rsa_jwk_of,
)

MODULUS = RSA_PRIVATE.public_key().public_numbers().n
FIRST_126_PRIMES = 2 * prod(prime for prime in SMALL_PRIMES if prime <= 701)
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1


def faulty_prime(start: int, exponent: int) -> int:
    """A number of 1024 bits in the form of CVE-2017-15361: k * M + (65537 ** a mod M)."""
    return start * FIRST_126_PRIMES + pow(65537, exponent, FIRST_126_PRIMES)


ROCA = faulty_prime(2**54 + 12_345, 98_765) * faulty_prime(2**54 + 54_321, 4_321)
BIG_PRIME = 2**1279 - 1
"""A Mersenne prime."""


FACTORABLE = {
    "fingerprint of CVE-2017-15361": ROCA,
    "a square": BIG_PRIME**2,
    "factors close to each other": BIG_PRIME * (BIG_PRIME + 1_000_000),
    "divisible by 3": 3 * (2**2200 - 1),
    "divisible by 751": 751 * BIG_PRIME * (2**1000 + 1),
}


def test_an_honest_modulus_is_not_taken_for_a_weak_one() -> None:
    assert not has_roca_fingerprint(MODULUS)
    assert not has_small_factor(MODULUS)
    assert not has_close_factors(MODULUS)


def test_each_weakness_is_seen_by_its_own_test() -> None:
    assert has_roca_fingerprint(ROCA)
    assert not has_small_factor(ROCA)
    assert has_small_factor(3 * BIG_PRIME)
    assert has_close_factors(BIG_PRIME**2)
    assert has_close_factors(BIG_PRIME * (BIG_PRIME + 1_000_000))


@pytest.mark.parametrize("name", FACTORABLE)
def test_a_modulus_that_can_be_factored_is_refused(name: str) -> None:
    assert refused({"keys": [rsa_jwk_of(FACTORABLE[name])]}).field == "jwks.keys[0]"


def refused(document: object, algorithm: str | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as refusal:
        accept_jwks(document, algorithm=algorithm)
    assert refusal.value.code == "invalid_client_metadata"
    return refusal.value


EC_NUMBERS = EC_PRIVATE.public_key().public_numbers()
HOSTILE_KEYS: dict[str, object] = {
    "RSA of 512 bits": rsa_jwk_of(2**511 + 111),
    "RSA of 1024 bits": rsa_jwk_of(2**1023 + 1155),
    "RSA of 2047 bits": rsa_jwk_of(2**2046 + 1),
    "RSA of 8193 bits": rsa_jwk_of(2**8192 + 1),
    "RSA of 16384 bits": rsa_jwk_of(2**16383 + 1),
    "RSA of a million bits": rsa_jwk_of(2**1_000_000 + 1),
    "RSA with even modulus": rsa_jwk_of(MODULUS + 1),
    "RSA with modulus 0": rsa_jwk() | {"n": "AA"},
    "RSA with empty modulus": rsa_jwk() | {"n": ""},
    "RSA with leading zero octet": rsa_jwk() | {"n": b64(b"\0" + MODULUS.to_bytes(256, "big"))},
    "e = 0": rsa_jwk_of(MODULUS) | {"e": "AA"},
    "e = 1": rsa_jwk_of(MODULUS, 1),
    "e = 2": rsa_jwk_of(MODULUS, 2),
    "e = 3": rsa_jwk_of(MODULUS, 3),
    "e = 17": rsa_jwk_of(MODULUS, 17),
    "e = 65535": rsa_jwk_of(MODULUS, 65535),
    "e = 65538": rsa_jwk_of(MODULUS, 65538),
    "e of 33 bits": rsa_jwk_of(MODULUS, 2**32 + 1),
    "e = n": rsa_jwk_of(MODULUS, MODULUS),
    "e with leading zero octet": rsa_jwk() | {"e": "AAEAAQ"},
    "n with padding": rsa_jwk() | {"n": b64_number(MODULUS) + "=="},
    "n in standard base64": rsa_jwk() | {"n": "+" + b64_number(MODULUS)[1:]},
    "n a number": rsa_jwk() | {"n": MODULUS},
    "n a list": rsa_jwk() | {"n": [b64_number(MODULUS)]},
    "n with spaces": rsa_jwk() | {"n": b64_number(MODULUS) + " "},
    "n outside ASCII": rsa_jwk() | {"n": b64_number(MODULUS)[:-1] + "Ａ"},
    "no n": {"kty": "RSA", "e": "AQAB"},
    "no e": {"kty": "RSA", "n": b64_number(MODULUS)},
    "oct": {"kty": "oct", "k": b64(b"k" * 32)},
    "oct without k": {"kty": "oct"},
    "OKP": {"kty": "OKP", "crv": "Ed25519", "x": b64(b"x" * 32)},
    "unknown kty": {"kty": "rsa", "n": b64_number(MODULUS), "e": "AQAB"},
    "no kty": {"n": b64_number(MODULUS), "e": "AQAB"},
    "kty a list": rsa_jwk() | {"kty": ["RSA"]},
    "P-256 key for ES384": ec_jwk(alg="ES384"),
    "P-384": ec_jwk() | {"crv": "P-384"},
    "P-521": ec_jwk() | {"crv": "P-521"},
    "secp256k1": ec_jwk() | {"crv": "secp256k1"},
    "no curve": {"kty": "EC", "x": "AA", "y": "AA"},
    "off the curve": ec_jwk() | {"y": b64_number(EC_NUMBERS.y ^ 1, 32)},
    "point at zero": ec_jwk() | {"x": b64(bytes(32)), "y": b64(bytes(32))},
    "x not reduced": ec_jwk() | {"x": b64_number(2**256 - 1, 32)},
    "x + p": ec_jwk() | {"x": b64_number(P256_PRIME + 5, 32)},
    "x short": ec_jwk() | {"x": b64_number(EC_NUMBERS.x, 32)[:-2]},
    "x long": ec_jwk() | {"x": b64(b"\0" + EC_NUMBERS.x.to_bytes(32, "big"))},
    "y missing": {name: value for name, value in ec_jwk().items() if name != "y"},
    "use encryption": ec_jwk(use="encryption"),
    "use enc of a weak key": rsa_jwk_of(2**1023 + 1155) | {"use": "enc"},
    "use enc for signatures": ec_jwk(use="enc", alg="ES256"),
    "use enc for another type of key": ec_jwk(use="enc", alg="RSA-OAEP-256"),
    "use enc with RSA1_5": rsa_jwk(use="enc", alg="RSA1_5"),
    "use enc with a private member": rsa_jwk(use="enc") | {"d": "AQAB"},
    "use enc with key_ops": ec_jwk(use="enc", key_ops=["deriveKey"]),
    "use null": ec_jwk(use=None),
    "key_ops encrypt": rsa_jwk(key_ops=["encrypt"]),
    "key_ops sign": rsa_jwk(key_ops=["sign"]),
    "key_ops verify twice": rsa_jwk(key_ops=["verify", "verify"]),
    "alg HS256": rsa_jwk(alg="HS256"),
    "alg none": rsa_jwk(alg="none"),
    "alg RS1": rsa_jwk(alg="RS1"),
    "alg RSA-OAEP": rsa_jwk(alg="RSA-OAEP"),
    "alg RS384": rsa_jwk(alg="RS384"),
    "alg of the other type": rsa_jwk(alg="ES256"),
    "alg null": rsa_jwk(alg=None),
    "kid a number": ec_jwk(kid=5),
    "kid empty": ec_jwk(kid=""),
    "kid of 256 characters": ec_jwk(kid="x" * 256),
    "x5u": ec_jwk(x5u="https://evil.example/cert.pem"),
    "x5c": ec_jwk(x5c=["MIIB"]),
    "jku": ec_jwk(jku="https://evil.example/"),
    "unknown member": ec_jwk(comment="hello"),
    "EC key with a symmetric member": ec_jwk(k="AA"),
    "a string": "key",
    "null": None,
    "a list": [ec_jwk()],
    **{f"private member {name}": rsa_jwk() | {name: "AQAB"} for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")},
    **{f"private member {name} of an EC key": ec_jwk() | {name: "AQAB"} for name in ("d", "k")},
    "private member null": ec_jwk(d=None),
}


@pytest.mark.parametrize("name", HOSTILE_KEYS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_weak_or_hostile_key_refuses_the_whole_set(name: str, place: int) -> None:
    keys: list[object] = [ec_jwk(EC_OTHER, kid="honest")]
    keys.insert(place, HOSTILE_KEYS[name])
    assert refused({"keys": keys}).field == f"jwks.keys[{place}]"


HOSTILE_SETS: dict[str, object] = {
    "not an object": [ec_jwk()],
    "text": '{"keys":[]}',
    "null": None,
    "one key without a set": ec_jwk(),
    "no keys": {"keys": []},
    "keys an object": {"keys": {"a": ec_jwk()}},
    "keys null": {"keys": None},
    "another member": {"keys": [ec_jwk()], "jwks_uri": "https://evil.example/"},
    "21 keys": {"keys": [ec_jwk(kid=str(number)) for number in range(21)]},
    "10 000 keys": {"keys": [ec_jwk(kid=str(number)) for number in range(10_000)]},
    "two keys of one name": {"keys": [ec_jwk(kid="a"), rsa_jwk(kid="a")]},
    "one key twice without name": {"keys": [ec_jwk(), ec_jwk()]},
}


@pytest.mark.parametrize("name", HOSTILE_SETS)
def test_a_hostile_set_is_refused(name: str) -> None:
    assert refused(HOSTILE_SETS[name]).field == "jwks"


def test_too_many_keys_are_refused_before_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_keys, "_accept", None)
    refused(HOSTILE_SETS["10 000 keys"])


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS256"])
def test_every_key_must_fit_the_registered_algorithm(algorithm: str) -> None:
    fitting, other = (ec_jwk(), rsa_jwk()) if algorithm == "ES256" else (rsa_jwk(), ec_jwk())
    assert accept_jwks({"keys": [fitting]}, algorithm=algorithm)[0].fits(algorithm)
    refused({"keys": [fitting, other]}, algorithm)
    refused({"keys": [rsa_jwk(alg="RS256" if algorithm == "PS256" else "PS256")]}, algorithm)


def test_a_refusal_does_not_repeat_the_key() -> None:
    assert "85073003328" not in str(refused({"keys": [ec_jwk(kid="85073003328", alg="85073003328")]}))


def test_an_accepted_set_is_kept_in_one_form_and_verifies() -> None:
    accepted = accept_jwks({"keys": [ec_jwk(kid="ec-1", key_ops=["verify"], alg="ES256"), rsa_jwk(use="sig")]})
    text = canonical_jwks(accepted)
    assert canonical_jwks(accept_jwks(json.loads(text))) == text
    token = forge({"alg": "ES256", "kid": "ec-1", "typ": "JWT"}, dict(CLAIMS))
    assert verify(token, keys=read_key_set(text), algorithms=ALL, typ="JWT").claims["sub"] == "client-1"
    assert read_key_set(text) is read_key_set(text)
