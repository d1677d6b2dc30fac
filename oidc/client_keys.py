"""Which public keys a client may register (RFC 7591 §2, jwks)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import RSAKey

from iam.domain.errors import InvalidInput
from iam.services.client_metadata_rules import KEY_MANAGEMENT
from oidc.client_certificates import UnusableCertificate, read_x5c
from oidc.encryption_keys import EncryptionKey, encrypts
from oidc.verification_keys import MAX_KEYS, PRIVATE_MEMBERS, UnusableKey, VerificationKey
from oidc.weak_rsa import has_close_factors, has_roca_fingerprint, has_small_factor

KNOWN_MEMBERS: Final = frozenset({"kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e"})
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""By how much the clock of who made a certificate may run ahead of ours."""
OF_CERTIFICATE: Final = frozenset({"x5c", "exp"})
"""Members of a key with a certificate; `exp` is the certificate's own end, in seconds since 1970."""


def accept_jwks(
    document: object, *, algorithm: str | None = None, enterprise: str = "", now: datetime | None = None
) -> tuple[VerificationKey | EncryptionKey, ...]:
    """The keys of a JWK Set, if a client may register it; `algorithm` is the one the client registers, where it does.

    Taken are 1 to 20 public keys with different names (a key without `kid` gets its RFC 7638 thumbprint), every one
    usable for `algorithm`: EC on P-256; RSA of 2048 to 8192 bits, exponent odd from 65537 up, without the fingerprint
    of CVE-2017-15361, small factors or factors close to each other. A key may come with its certificate (`x5c`) where
    `enterprise`, a CBE number, says whose name it must bear: it certifies this very key, and is in its time at `now`.
    Other members that bring a key from elsewhere (`x5u`), or that we do not know, are refused. Keys for encryption
    (`use` `enc`) may stand beside those for signatures, as strong as they; they come last.

    Raises `InvalidInput` with code `invalid_client_metadata` (RFC 7591 §3.2.2), its field the key at fault.
    """
    if not isinstance(document, Mapping) or document.keys() != {"keys"} or not isinstance(document["keys"], list):
        raise _refusal("a key set is a JSON object with one member, the list keys", "jwks")
    jwks = document["keys"]
    if not 1 <= len(jwks) <= MAX_KEYS:
        raise _refusal(f"a key set holds 1 to {MAX_KEYS} keys", "jwks")
    places = [(jwk, f"jwks.keys[{place}]") for place, jwk in enumerate(jwks)]
    signing = [(jwk, at) for jwk, at in places if not encrypts(jwk)]
    keys = tuple(_certified(_accept(jwk, at, algorithm, enterprise), jwk, at, enterprise, now) for jwk, at in signing)
    others = tuple(_accept_encryption(jwk, at) for jwk, at in places if encrypts(jwk))
    if not keys:
        raise _refusal("a key set holds a key for signatures", "jwks")
    if len({*(one.kid for one in keys), *(one.kid for one in others)}) < len(places):
        raise _refusal("two keys of a set have the same kid", "jwks")
    return *keys, *others


def of_use(document: object, algorithm: str) -> object:
    """What counts of a key set that a client publishes for everybody: keys for `algorithm`, and for encryption to it.

    Keys for other uses are passed over, and so are members that we do not know (RFC 7517 §4, §5); what is no key set,
    and a key with private members, stays for `accept_jwks` to refuse.
    """
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        return document
    return {"keys": [_known_members(one) for one in keys if _may_count(one, algorithm)]}


def _may_count(jwk: object, algorithm: str) -> bool:
    if not isinstance(jwk, Mapping) or PRIVATE_MEMBERS & jwk.keys():
        return True
    if jwk.get("kty") == "EC" and jwk.get("crv") != "P-256":
        return False
    if encrypts(jwk):
        ours = tuple(KEY_MANAGEMENT)
        return jwk.get("kty") in KEY_MANAGEMENT.values() and jwk.get("alg", ours[0]) in ours
    return jwk.get("kty") == ("EC" if algorithm.startswith("ES") else "RSA") and jwk.get("alg", algorithm) == algorithm


def _known_members(jwk: object) -> object:
    if not isinstance(jwk, Mapping):
        return jwk
    known = KNOWN_MEMBERS | PRIVATE_MEMBERS | (frozenset() if encrypts(jwk) else {"x5c"})
    return {name: value for name, value in jwk.items() if name in known}


def canonical_jwks(keys: tuple[VerificationKey | EncryptionKey, ...]) -> str:
    """The JSON text under which accepted keys are kept; equal keys have equal text."""
    return json.dumps({"keys": [dict(key.public_jwk) for key in keys]}, sort_keys=True, separators=(",", ":"))


def usable_jwks(text: str, now: datetime) -> str:
    """A kept key set without the keys whose certificate has ended."""
    if '"exp"' not in text:
        return text
    standing = [one for one in json.loads(text)["keys"] if one.get("exp", now.timestamp() + 1) > now.timestamp()]
    return json.dumps({"keys": standing}, sort_keys=True, separators=(",", ":"))


def _accept(jwk: object, field: str, algorithm: str | None, enterprise: str) -> VerificationKey:
    known = KNOWN_MEMBERS | (OF_CERTIFICATE if enterprise else frozenset())
    if isinstance(jwk, Mapping) and not jwk.keys() <= known | PRIVATE_MEMBERS:
        raise _refusal(f"a key may hold only {', '.join(sorted(known))}", field)
    try:
        key = VerificationKey.from_jwk(jwk)
    except UnusableKey as error:
        raise _refusal(str(error), field) from None
    if algorithm is not None and not key.fits(algorithm):
        raise _refusal("the key does not fit the algorithm that the client registers", field)
    if isinstance(key.parsed, RSAKey):
        _check_strength(key.parsed.public_key.public_numbers().n, field)
    return key


def _accept_encryption(jwk: Mapping[object, object], field: str) -> EncryptionKey:
    if not jwk.keys() <= KNOWN_MEMBERS | PRIVATE_MEMBERS:
        raise _refusal(f"a key may hold only {', '.join(sorted(KNOWN_MEMBERS))}", field)
    try:
        key = EncryptionKey.from_jwk(jwk)
    except UnusableKey as error:
        raise _refusal(str(error), field) from None
    if isinstance(key.parsed, RSAKey):
        _check_strength(key.parsed.public_key.public_numbers().n, field)
    return key


def _certified(
    key: VerificationKey, jwk: Mapping[str, object], field: str, enterprise: str, now: datetime | None
) -> VerificationKey:
    """A key with its certificate, where it has one."""
    if "x5c" not in jwk:
        if "exp" in jwk:
            raise _refusal("exp is the end of a certificate, and goes with x5c", field)
        return key
    try:
        certificate = read_x5c(jwk["x5c"])
    except UnusableCertificate as error:
        raise _refusal(str(error), field) from None
    if certificate.enterprises != {enterprise}:
        raise _refusal("the subject of the certificate names the enterprise of the client, and no other", field)
    if any(key.public_jwk.get(name) != value for name, value in certificate.jwk.items()):
        raise _refusal("the certificate is another key's", field)
    if now is None or certificate.ends <= now:
        raise _refusal("the time of the certificate is over", field)
    if certificate.begins > now + CLOCKS_DIFFER:
        raise _refusal("the time of the certificate has not begun: register it when it has", field)
    ends = int(certificate.ends.timestamp())
    return replace(key, public_jwk={**key.public_jwk, "x5c": [certificate.der], "exp": ends})


def _check_strength(modulus: int, field: str) -> None:
    if has_roca_fingerprint(modulus):
        raise _refusal("the RSA key was made by a faulty generator (CVE-2017-15361)", field)
    if has_small_factor(modulus) or has_close_factors(modulus):
        raise _refusal("the RSA modulus can be factored", field)


def _refusal(detail: str, field: str) -> InvalidInput:
    return InvalidInput("invalid_client_metadata", detail, field=field)
