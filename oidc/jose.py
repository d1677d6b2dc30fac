"""Signing and verifying tokens: one strict path on top of joserfc (RFC 7515, RFC 8725)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from oidc import base64url
from oidc.invalid_token import InvalidToken, TokenFault
from oidc.jws_reading import MAX_CHARS, UnverifiedJws, read_compact, read_payload
from oidc.registered_claims import check_audience, check_issuer, check_times, check_types, text_claim, time_claim
from oidc.signing_keys import SigningKey
from oidc.verification_keys import KEY_TYPES, KeySet, UnusableKey, VerificationKey, read_key_set

__all__ = [
    "InvalidToken",
    "KeySet",
    "Reading",
    "TokenFault",
    "UnusableKey",
    "VerificationKey",
    "Verified",
    "check_audience",
    "check_issuer",
    "check_signature",
    "check_times",
    "read",
    "read_header",
    "read_insecure_claims",
    "read_key_set",
    "sign",
    "text_claim",
    "time_claim",
    "verify",
]

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_REGISTRY: Final = JWSRegistry(algorithms=list(KEY_TYPES))
_ALGORITHMS: Final = {name: _REGISTRY.get_alg(name) for name in KEY_TYPES}


_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A token as `read` took it apart: good for finding the signer's keys, then for `verify`, and for nothing else."""

    jws: UnverifiedJws
    claims: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signer really said."""

    header: Mapping[str, object]
    claims: Mapping[str, object]


def verify(
    token: str | Reading,
    *,
    keys: KeySet,
    algorithms: frozenset[str],
    typ: str | frozenset[str],
    typ_required: bool = True,
    max_chars: int = MAX_CHARS,
    passed_over: frozenset[str] = frozenset(),
) -> Verified:
    """Verify a compact JWS whose payload is a JSON object of claims.

    The steps, after RFC 7515 §5.2 and RFC 8725 §3:

    (1) no longer than `max_chars`, three parts, each canonical base64url, none of it encryption;
    (2) the header is a strict JSON object of `alg`, `kid` and `typ` only, save what is `passed_over`: no key, no more;
    (3) `alg` is one of `algorithms` and asymmetric, whatever the list says;
    (4) `typ` is one of those expected, in any case, with or without `application/`; absent where not `typ_required`;
    (5) `kid` names a key of the signer, or the signer has only one;
    (6) the key may be used with `alg`;
    (7) the signature has the length of the key's signatures, and its numbers are in range;
    (8) the signature is that key's;
    (9) the payload is a strict JSON object;
    (10) its registered claims have their types.

    Of a token that was read before, by `read` with its own limits, (1), (2), (9) and (10) are done. What the claims say
    is for the caller to judge: `check_times`, `check_audience`, `check_issuer`. Raises `InvalidToken` and nothing else.
    """
    jws, claims = _taken(token, max_chars, passed_over)  # (1) (2)
    alg = str(jws.header["alg"])
    if alg not in algorithms or alg not in _ALGORITHMS:  # (3)
        raise InvalidToken(TokenFault.ALGORITHM_REFUSED, "the algorithm is not one of those agreed")
    _check_type(jws.header, frozenset({typ}) if isinstance(typ, str) else typ, typ_required)  # (4)
    key = keys.select(str(jws.header["kid"]) if "kid" in jws.header else None)  # (5)
    if not key.fits(alg):  # (6)
        raise InvalidToken(TokenFault.KEY_MISMATCH, "the key is not for that algorithm")
    check_signature(jws, alg, key)  # (7) (8)
    return Verified(jws.header, _claims(jws) if claims is None else claims)  # (9) (10)


def read(token: str, *, max_chars: int = MAX_CHARS, passed_over: frozenset[str] = frozenset()) -> Reading:
    """Do what `verify` does that needs no key: steps (1), (2), (9) and (10). Raises `InvalidToken`."""
    jws = read_compact(token, max_chars, passed_over)
    return Reading(jws, _claims(jws))


def read_header(
    token: str, *, max_chars: int = MAX_CHARS, passed_over: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """The header of a compact JWS, unverified: good for choosing keys and for nothing else. Raises `InvalidToken`."""
    return read_compact(token, max_chars, passed_over).header


def read_insecure_claims(
    token: str, *, max_chars: int = MAX_CHARS, passed_over: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """The claims of a compact JWS that nobody verified: good for finding the signer's keys and for nothing else.

    Raises `InvalidToken`.
    """
    return read(token, max_chars=max_chars, passed_over=passed_over).claims


def sign(claims: Mapping[str, object], key: SigningKey, *, typ: str) -> str:
    """A compact JWS of the claims, with `alg`, `kid` and `typ` in its header.

    Raises `TypeError` or `ValueError` for claims that are not JSON.
    """
    payload = _WRITTEN.encode(dict(claims)).encode()
    signing_input = _header_segment(key.alg, key.kid, typ) + b"." + base64url.encode(payload)
    signature = _ALGORITHMS[key.alg].sign(signing_input, key.parsed)
    return (signing_input + b"." + base64url.encode(signature)).decode("ascii")


@lru_cache(maxsize=64)
def _header_segment(alg: str, kid: str, typ: str) -> bytes:
    return base64url.encode(json.dumps({"alg": alg, "kid": kid, "typ": typ}, separators=(",", ":")).encode())


def _taken(
    token: str | Reading, max_chars: int, passed_over: frozenset[str]
) -> tuple[UnverifiedJws, Mapping[str, object] | None]:
    """The parts of a token, and its claims where it was read before."""
    if isinstance(token, Reading):
        return token.jws, token.claims
    return read_compact(token, max_chars, passed_over), None


def _claims(jws: UnverifiedJws) -> Mapping[str, object]:
    claims = read_payload(jws.payload)
    check_types(claims)
    return MappingProxyType(claims)


def _check_type(header: Mapping[str, object], expected: frozenset[str], required: bool) -> None:
    told = header.get("typ")
    if told in expected or (told is None and not required):
        return
    typ = str(told or "").lower().removeprefix("application/")
    if typ not in {name.lower() for name in expected}:
        raise InvalidToken(TokenFault.TYPE_REFUSED, "typ is not the type of token expected here")


def check_signature(jws: UnverifiedJws, alg: str, key: VerificationKey) -> None:
    """Steps (7) and (8) of `verify`; `alg` is one that the key fits. Raises `InvalidToken`."""
    if len(jws.signature) != key.signature_octets:
        raise InvalidToken(TokenFault.MALFORMED_SIGNATURE, "the signature has not the length of this key's signatures")
    if key.kty == "EC":
        half = len(jws.signature) // 2
        for number in (jws.signature[:half], jws.signature[half:]):
            if not 0 < int.from_bytes(number, "big") < P256_ORDER:
                raise InvalidToken(TokenFault.MALFORMED_SIGNATURE, "a number of the signature is out of range")
    try:
        genuine = _ALGORITHMS[alg].verify(jws.signing_input, jws.signature, key.parsed)
    except (JoseError, ValueError):
        genuine = False
    if not genuine:
        raise InvalidToken(TokenFault.WRONG_SIGNATURE, "the signature is not this key's")
