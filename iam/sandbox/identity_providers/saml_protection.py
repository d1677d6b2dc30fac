"""Signatures and encryption of the sandbox's SAML messages, with xmlsec and AES-256-GCM."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import Any, Final

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_writing import Maker

RSA_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_DS11: Final = "http://www.w3.org/2009/xmldsig11#"
_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_D: Final = Maker(namespace=_DS, nsmap={"ds": _DS})
_D11: Final = Maker(namespace=_DS11, nsmap={"dsig11": _DS11})
_E: Final = Maker(namespace=_XENC, nsmap={"xenc": _XENC})
_E11: Final = Maker(namespace=_XENC11, nsmap={"xenc11": _XENC11})
_ID_AES256: Final = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2d"


def signed(element: etree._Element, pair: Pair, algorithm: str | None = None) -> etree._Element:
    """Sign a message or assertion in its place, behind its issuer; RSA-PSS or ECDSA by the kind of key."""
    chosen = algorithm or (RSA_PSS if isinstance(pair.key, rsa.RSAPrivateKey) else ECDSA)
    place = 1 if element.find(f"{{{_SAML}}}Issuer") is not None else 0
    element.insert(place, _template(str(element.get("ID")), chosen, pair))
    context: Any = xmlsec.SignatureContext()
    context.register_id(element, "ID", None)
    context.key = xmlsec.Key.from_memory(pair.pem, xmlsec.constants.KeyDataFormatPem, None)
    context.sign(element[place])
    return element


def encrypted(assertion: etree._Element, recipient: bytes) -> etree._Element:
    """Encrypt an assertion with AES-256-GCM for the holder of a PEM certificate, by RSA-OAEP or key agreement."""
    key = AESGCM.generate_key(256)
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(key).encrypt(nonce, etree.tostring(assertion), None)
    public = x509.load_pem_x509_certificate(recipient).public_key()
    wrapped = _transported(key, public) if isinstance(public, rsa.RSAPublicKey) else _agreed(key, public)
    data = _E.EncryptedData(
        {"Type": f"{_XENC}Element"},
        _E.EncryptionMethod({"Algorithm": f"{_XENC11}aes256-gcm"}),
        _D.KeyInfo(wrapped),
        _cipher(sealed),
    )
    around = etree.Element(f"{{{_SAML}}}EncryptedAssertion", nsmap={"saml2": _SAML})
    around.append(data)
    return around


def _template(reference: str, algorithm: str, pair: Pair) -> etree._Element:
    transforms = _D.Transforms(
        _D.Transform({"Algorithm": f"{_DS}enveloped-signature"}), _D.Transform({"Algorithm": _C14N})
    )
    digest = _D.DigestMethod({"Algorithm": f"{_XENC}sha256"})
    return _D.Signature(
        _D.SignedInfo(
            _D.CanonicalizationMethod({"Algorithm": _C14N}),
            _D.SignatureMethod({"Algorithm": algorithm}),
            _D.Reference({"URI": f"#{reference}"}, transforms, digest, _D.DigestValue()),
        ),
        _D.SignatureValue(),
        _D.KeyInfo(_D.X509Data(_D.X509Certificate(pair.certificate_base64))),
    )


def _transported(key: bytes, public: rsa.RSAPublicKey) -> etree._Element:
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    method = _E.EncryptionMethod(
        {"Algorithm": f"{_XENC11}rsa-oaep"},
        _D.DigestMethod({"Algorithm": f"{_XENC}sha256"}),
        _E11.MGF({"Algorithm": f"{_XENC11}mgf1sha256"}),
    )
    return _E.EncryptedKey(method, _cipher(public.encrypt(key, oaep)))


def _agreed(key: bytes, public: Any) -> etree._Element:
    """The content's key, wrapped under one that both sides derive from an elliptic-curve key made for this message."""
    ours = ec.generate_private_key(public.curve)
    derivation = ConcatKDFHash(hashes.SHA256(), 32, _ID_AES256)
    wrapped = aes_key_wrap(derivation.derive(ours.exchange(ec.ECDH(), public)), key)
    point = ours.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    value = _D11.ECKeyValue(
        _D11.NamedCurve({"URI": "urn:oid:1.2.840.10045.3.1.7"}), _D11.PublicKey(b64encode(point).decode())
    )
    parameters = _E11.ConcatKDFParams(
        {"AlgorithmID": "00" + _ID_AES256.hex(), "PartyUInfo": "00", "PartyVInfo": "00"},
        _D.DigestMethod({"Algorithm": f"{_XENC}sha256"}),
    )
    agreement = _E.AgreementMethod(
        {"Algorithm": f"{_XENC11}ECDH-ES"},
        _E11.KeyDerivationMethod({"Algorithm": f"{_XENC11}ConcatKDF"}, parameters),
        _E.OriginatorKeyInfo(_D.KeyValue(value)),
    )
    method = _E.EncryptionMethod({"Algorithm": f"{_XENC}kw-aes256"})
    return _E.EncryptedKey(method, _D.KeyInfo(agreement), _cipher(wrapped))


def _cipher(octets: bytes) -> etree._Element:
    return _E.CipherData(_E.CipherValue(b64encode(octets).decode()))
