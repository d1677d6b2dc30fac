"""Answers that only their client can read: a signed token encrypted to a key of the client's (RFC 7516, RFC 7519)."""

from __future__ import annotations

from typing import Final

from joserfc import jwe

from iam.services.client_metadata_rules import CONTENT_ENCRYPTIONS, KEY_MANAGEMENT
from iam.web import strict_json
from oidc.encryption_keys import EncryptionKey, read_encryption_keys
from oidc.provider.errors import InvalidRequest
from oidc.verification_keys import UnusableKey

ALGORITHMS: Final = tuple(KEY_MANAGEMENT)
ENCRYPTIONS: Final = CONTENT_ENCRYPTIONS


def for_client(signed: str, registered: str, jwks: str, issuer: str) -> str:
    """The signed token as the client registered to get it: as it is, or nested in an encrypted one (RFC 7519 §5.2).

    Args:
        registered: `alg enc`; empty for no encryption.
        jwks: the JSON of the client's key set; the first of its keys that fits is taken.

    Raises:
        InvalidRequest: `no_encryption_key` when none fits: nothing is ever told in the clear instead.
    """
    if not registered:
        return signed
    alg, _, enc = registered.partition(" ")
    if alg not in ALGORITHMS or enc not in ENCRYPTIONS:
        raise _no_key("The encryption that is registered is not one of those in our metadata.")
    key = _key(jwks, alg)
    header = {"alg": alg, "enc": enc, "kid": key.kid, "cty": "JWT", "iss": issuer}
    registry = jwe.JWERegistry(algorithms=[alg, enc], strict_check_header=False)
    return jwe.encrypt_compact(header, signed.encode("ascii"), key.parsed, registry=registry)


def _key(jwks: str, alg: str) -> EncryptionKey:
    try:
        keys = read_encryption_keys(jwks)
    except (UnusableKey, strict_json.MalformedJson):
        raise _no_key("The client's key set cannot be read.") from None
    for key in keys:
        if key.fits(alg):
            return key
    raise _no_key(f"Register a key for {alg} with use=enc: what is told is encrypted to it.")


def _no_key(description: str) -> InvalidRequest:
    return InvalidRequest("no_encryption_key", description)
