"""Decryption of assertions: AES-GCM under a key that came by RSA-OAEP or by elliptic-curve agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from lxml import etree

from saml.algorithms import (
    CONTENT_KEY_OCTETS,
    CURVES,
    DIGESTS,
    KEY_WRAP_OCTETS,
    MASKS,
    OAEP_DIGESTS,
)
from saml.base64_text import decoded
from saml.names import DS11, ds, named, xenc, xenc11
from saml.refusals import SamlRefused

DecryptionKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_NONCE_OCTETS: Final = 12
_TAG_OCTETS: Final = 16
_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"
_MGF1_SHA1: Final = "http://www.w3.org/2009/xmlenc11#mgf1sha1"


def decrypted(encrypted: etree._Element, keys: Sequence[DecryptionKey]) -> bytes:
    """The octets inside an encrypted assertion that passed the filter (XML Encryption 1.1 §5.2.4, §5.5.2, §5.6.1).

    Every failure is the same refusal. AES-GCM authenticates the content and no padding is ever looked at; where a key
    cannot be had, the content is tried with a wrong one, so that the work is the same.

    Raises:
        SamlRefused: `decryption_failed`.
    """
    key = next(encrypted.iter(xenc("EncryptedKey")))
    data = encrypted.find(xenc("EncryptedData"))
    if data is None:
        raise SamlRefused("decryption_failed")
    length = CONTENT_KEY_OCTETS[data[0].get("Algorithm") or ""]
    content = _octets(data.find(f"{xenc('CipherData')}/{xenc('CipherValue')}"))
    found: bytes | None = None
    for ours in keys:
        found = _opened(content, _content_key(key, ours, length)) if found is None else found
    if found is None:
        raise SamlRefused("decryption_failed")
    return found


def _opened(content: bytes, key: bytes) -> bytes | None:
    nonce, sealed = content[:_NONCE_OCTETS], content[_NONCE_OCTETS:]
    if len(sealed) < _TAG_OCTETS:
        return None
    try:
        return AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        return None


def _content_key(key: etree._Element, ours: DecryptionKey, length: int) -> bytes:
    """The key of the content; one that nobody knows where there is none."""
    wrapped = _octets(key.find(f"{xenc('CipherData')}/{xenc('CipherValue')}"))
    agreement = key.find(f"{ds('KeyInfo')}/{xenc('AgreementMethod')}")
    try:
        if isinstance(ours, rsa.RSAPrivateKey):
            found = ours.decrypt(wrapped, _oaep(key[0])) if agreement is None else b""
        else:
            found = b"" if agreement is None else aes_key_unwrap(_agreed(key[0], agreement, ours), wrapped)
    except (ValueError, InvalidUnwrap):
        found = b""
    return found if len(found) == length else AESGCM.generate_key(length * 8)


def _oaep(method: etree._Element) -> padding.OAEP:
    digest, mask = method.find(ds("DigestMethod")), method.find(xenc11("MGF"))
    digest_name = _SHA1 if digest is None else digest.get("Algorithm") or ""
    mask_name = _MGF1_SHA1 if mask is None else mask.get("Algorithm") or ""
    return padding.OAEP(mgf=padding.MGF1(MASKS[mask_name]()), algorithm=OAEP_DIGESTS[digest_name](), label=None)


def _agreed(method: etree._Element, agreement: etree._Element, ours: ec.EllipticCurvePrivateKey) -> bytes:
    """The key-wrapping key (NIST SP 800-56A rev. 3 §5.8.2.1). ValueError where theirs is not on our curve."""
    curve = agreement.find(f".//{named(DS11, 'NamedCurve')}")
    point = _octets(agreement.find(f".//{named(DS11, 'PublicKey')}"))
    if curve is None or CURVES[curve.get("URI") or ""] != ours.curve.name:
        raise ValueError("another curve")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ours.curve, point)
    parameters = agreement.find(f".//{xenc11('ConcatKDFParams')}")
    digest = agreement.find(f".//{ds('DigestMethod')}")
    if parameters is None or digest is None:
        raise ValueError("no parameters")
    info = b"".join(_unpadded(parameters.get(name) or "") for name in ("AlgorithmID", "PartyUInfo", "PartyVInfo"))
    length = KEY_WRAP_OCTETS[method.get("Algorithm") or ""]
    derivation = ConcatKDFHash(DIGESTS[digest.get("Algorithm") or ""](), length, info)
    return derivation.derive(ours.exchange(ec.ECDH(), theirs))


def _unpadded(hexadecimal: str) -> bytes:
    """A bit string whose first octet tells how many bits pad it; whole octets alone are taken."""
    octets = bytes.fromhex(hexadecimal)
    if octets[:1] not in (b"", b"\0"):
        raise ValueError("bits that fill no octet")
    return octets[1:]


def _octets(element: etree._Element | None) -> bytes:
    try:
        return decoded((element.text or "") if element is not None else "")
    except ValueError:
        return b""
