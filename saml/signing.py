"""Signing of what we send: enveloped in the message, or over the query of a redirect."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import Any, Final
from urllib.parse import quote_plus

import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from saml.algorithms import ENVELOPED, EXCLUSIVE_C14N, SHA256, SIGNATURES
from saml.names import DS, saml
from saml.own_keys import OwnKey
from saml.writing import Writer

_DS: Final = Writer(DS, {"ds": DS})


def signed(element: etree._Element, key: OwnKey, algorithm: str) -> etree._Element:
    """Sign a message or metadata by its ID, with our certificate beside; the signature follows the issuer."""
    place = 1 if element.find(saml("Issuer")) is not None else 0
    element.insert(place, _template(element, key, algorithm))
    context: Any = xmlsec.SignatureContext()
    context.register_id(element, "ID", None)
    context.key = xmlsec.Key.from_memory(key.pem, xmlsec.constants.KeyDataFormatPem, None)
    context.sign(element[place])
    return element


def redirect_query(message: etree._Element, field: str, relay_state: str, key: OwnKey, algorithm: str) -> str:
    """The signed query of a message that travels by redirect (SAML Bindings §3.4.4.1), under the name of `field`."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(etree.tostring(message)) + deflate.flush()
    state = {"RelayState": relay_state} if relay_state else {}
    told = {field: b64encode(packed).decode(), **state, "SigAlg": algorithm}
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in told.items())
    return f"{query}&Signature={quote_plus(b64encode(_signature(query.encode(), key, algorithm)).decode())}"


def _signature(octets: bytes, key: OwnKey, algorithm: str) -> bytes:
    how = SIGNATURES[algorithm]
    digest = how.hash()
    if isinstance(key.key, ec.EllipticCurvePrivateKey):
        return key.key.sign(octets, ec.ECDSA(digest))
    if how.pss:
        return key.key.sign(octets, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return key.key.sign(octets, padding.PKCS1v15(), digest)


def _template(element: etree._Element, key: OwnKey, algorithm: str) -> etree._Element:
    transforms = _DS(
        "Transforms", {}, _DS("Transform", {"Algorithm": ENVELOPED}), _DS("Transform", {"Algorithm": EXCLUSIVE_C14N})
    )
    digest = _DS("DigestMethod", {"Algorithm": SHA256})
    reference = _DS("Reference", {"URI": f"#{element.get('ID')}"}, transforms, digest, _DS("DigestValue"))
    info = _DS(
        "SignedInfo",
        {},
        _DS("CanonicalizationMethod", {"Algorithm": EXCLUSIVE_C14N}),
        _DS("SignatureMethod", {"Algorithm": algorithm}),
        reference,
    )
    certificate = b64encode(key.certificate.public_bytes(Encoding.DER)).decode()
    told = _DS("KeyInfo", {}, _DS("X509Data", {}, _DS("X509Certificate", {}, certificate)))
    return _DS("Signature", {}, info, _DS("SignatureValue"), told)
