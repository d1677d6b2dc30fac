"""The redirect binding: a message packed in a query, read only when a pinned key signed the query as it came."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from saml.algorithms import SIGNATURES, SignatureAlgorithm
from saml.base64_text import decoded
from saml.filter.scanning import MAX_OCTETS
from saml.pinned_keys import PinnedKey
from saml.refusals import SamlRefused

LONGEST_QUERY: Final = 8_192
_OTHERS: Final = frozenset({"RelayState", "SigAlg", "Signature"})


@dataclass(frozen=True, slots=True)
class Carried:
    """What a query carried."""

    octets: bytes
    relay_state: str


def carried(query: str, field: str, keys: Iterable[PinnedKey]) -> Carried:
    """Read a message from a query (SAML Bindings §3.4.4.1). The steps:

    1. The query is short, and has each of the four parameters once, and no other.
    2. Its algorithm is allowed, and a pinned key of that kind verifies the parameters as they came, in their order.
    3. The message is unpacked, to no more octets than a message may have.

    Args:
        field: `SAMLRequest` or `SAMLResponse`.

    Raises:
        SamlRefused: `too_large`, `query_malformed`, `unsigned`, `signature_algorithm_not_allowed`,
            `signature_invalid`, `not_base64`, `not_packed`.
    """
    if len(query) > LONGEST_QUERY:  # (1)
        raise SamlRefused("too_large")
    raw = _parameters(query, field)
    if "Signature" not in raw or "SigAlg" not in raw:
        raise SamlRefused("unsigned")
    algorithm = SIGNATURES.get(unquote_plus(raw["SigAlg"]))  # (2)
    if algorithm is None:
        raise SamlRefused("signature_algorithm_not_allowed")
    covered = "&".join(f"{name}={raw[name]}" for name in (field, "RelayState", "SigAlg") if name in raw).encode()
    signature = _octets(unquote_plus(raw["Signature"]))
    if not any(_verifies(key, algorithm, signature, covered) for key in keys if key.kind == algorithm.key):
        raise SamlRefused("signature_invalid")
    octets = _unpacked(_octets(unquote_plus(raw[field])))  # (3)
    return Carried(octets, unquote_plus(raw.get("RelayState", "")))


def _parameters(query: str, field: str) -> Mapping[str, str]:
    """The parameters, not decoded: a signature covers them as they were written."""
    pairs = [piece.partition("=") for piece in query.split("&")]
    found = {name: value for name, _, value in pairs}
    if len(found) < len(pairs) or field not in found or not found.keys() <= _OTHERS | {field}:
        raise SamlRefused("query_malformed")
    return found


def _verifies(key: PinnedKey, algorithm: SignatureAlgorithm, signature: bytes, covered: bytes) -> bool:
    public, digest = key.certificate.public_key(), algorithm.hash()
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, covered, ec.ECDSA(digest))
        elif isinstance(public, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            public.verify(signature, covered, pss if algorithm.pss else padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _unpacked(packed: bytes) -> bytes:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        octets = inflate.decompress(packed, MAX_OCTETS + 1)
    except zlib.error:
        raise SamlRefused("not_packed") from None
    if len(octets) > MAX_OCTETS:
        raise SamlRefused("too_large")
    if not inflate.eof or inflate.unused_data:
        raise SamlRefused("not_packed")
    return octets


def _octets(text: str) -> bytes:
    try:
        return decoded(text)
    except ValueError:
        raise SamlRefused("not_base64") from None
