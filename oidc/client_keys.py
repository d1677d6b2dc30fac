"""Which public keys a client may register (RFC 7591 §2, jwks)."""

import json
from collections.abc import Mapping
from typing import Final

from joserfc.jwk import RSAKey

from iam.domain.errors import InvalidInput
from oidc.verification_keys import MAX_KEYS, PRIVATE_MEMBERS, KeySet, UnusableKey, VerificationKey
from oidc.weak_rsa import has_close_factors, has_roca_fingerprint, has_small_factor

KNOWN_MEMBERS: Final = frozenset({"kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e"})


def accept_jwks(document: object, *, algorithm: str | None = None) -> tuple[VerificationKey, ...]:
    """The keys of a JWK Set, if a client may register it; `algorithm` is the one the client registers, where it does.

    Taken are 1 to 20 public keys with different names (a key without `kid` gets its RFC 7638 thumbprint), every one
    usable for `algorithm`: EC on P-256; RSA of 2048 to 8192 bits, exponent odd from 65537 up, without the fingerprint
    of CVE-2017-15361, small factors or factors close to each other. Members that bring a key from elsewhere (`x5u`,
    `x5c`) or that we do not know are refused.

    Raises `InvalidInput` with code `invalid_client_metadata` (RFC 7591 §3.2.2), its field the key at fault.
    """
    if not isinstance(document, Mapping) or document.keys() != {"keys"} or not isinstance(document["keys"], list):
        raise _refusal("a key set is a JSON object with one member, the list keys", "jwks")
    jwks = document["keys"]
    if not 1 <= len(jwks) <= MAX_KEYS:
        raise _refusal(f"a key set holds 1 to {MAX_KEYS} keys", "jwks")
    keys = tuple(_accept(jwk, f"jwks.keys[{place}]", algorithm) for place, jwk in enumerate(jwks))
    try:
        return KeySet(keys).keys
    except UnusableKey as error:
        raise _refusal(str(error), "jwks") from None


def canonical_jwks(keys: tuple[VerificationKey, ...]) -> str:
    """The JSON text under which accepted keys are kept; equal keys have equal text."""
    return json.dumps({"keys": [dict(key.public_jwk) for key in keys]}, sort_keys=True, separators=(",", ":"))


def _accept(jwk: object, field: str, algorithm: str | None) -> VerificationKey:
    if isinstance(jwk, Mapping) and not jwk.keys() <= KNOWN_MEMBERS | PRIVATE_MEMBERS:
        raise _refusal(f"a key may hold only {', '.join(sorted(KNOWN_MEMBERS))}", field)
    try:
        key = VerificationKey.from_jwk(jwk)
    except UnusableKey as error:
        raise _refusal(str(error), field) from None
    if algorithm is not None and not key.fits(algorithm):
        raise _refusal("the key does not fit the algorithm that the client registers", field)
    if isinstance(key.parsed, RSAKey):
        _check_strength(key.parsed.public_key.public_numbers().n, field)
    return key


def _check_strength(modulus: int, field: str) -> None:
    if has_roca_fingerprint(modulus):
        raise _refusal("the RSA key was made by a faulty generator (CVE-2017-15361)", field)
    if has_small_factor(modulus) or has_close_factors(modulus):
        raise _refusal("the RSA modulus can be factored", field)


def _refusal(detail: str, field: str) -> InvalidInput:
    return InvalidInput("invalid_client_metadata", detail, field=field)
