"""Requests that reach the sandbox's SAML identity providers: read, and verified with the asker's own metadata."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree

from iam.sandbox.identity_providers.saml_metadata import ServiceProviderMetadata
from iam.sandbox.identity_providers.saml_protection import RSA_PSS

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_LONGEST: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlRequest:
    """One request, as far as an identity provider looks at it."""

    id: str
    issuer: str
    acs: str
    levels: tuple[str, ...]
    comparison: str
    enterprise: bool
    again: bool
    relay_state: str


class BadRequest(Exception):
    """A request that nobody should answer."""


def issuer_of(request: etree._Element) -> str:
    """Who asks, by their own word."""
    return request.findtext("{*}Issuer") or ""


def parsed(encoded: str, *, packed: bool) -> etree._Element:
    """The tree of a request that came by form, or packed in a query. BadRequest."""
    try:
        octets = b64decode(encoded)
        if packed:
            octets = zlib.decompressobj(-zlib.MAX_WBITS).decompress(octets, _LONGEST)
        return etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True))
    except (ValueError, zlib.error, etree.XMLSyntaxError):
        raise BadRequest("no request can be read from it") from None


def check_form(request: etree._Element, asker: ServiceProviderMetadata) -> None:
    """Verify the signature in a request that came by form. BadRequest."""
    signature = request.find(f"{_DS}Signature")
    if signature is None:
        raise BadRequest("the request is not signed")
    for certificate in asker.signing:
        context: Any = xmlsec.SignatureContext()
        context.register_id(request, "ID", None)
        context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
        try:
            context.verify(signature)
        except xmlsec.Error:
            continue
        return
    raise BadRequest("no key of the asker signed the request")


def check_query(query: str, signature: str, algorithm: str, asker: ServiceProviderMetadata) -> None:
    """Verify the signature over a query (SAML Bindings §3.4.4.1). BadRequest."""
    covered = query.partition("&Signature=")[0].encode()
    for pem in asker.signing:
        key = x509.load_pem_x509_certificate(pem).public_key()
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(b64decode(signature), covered, ec.ECDSA(hashes.SHA256()))
            elif isinstance(key, rsa.RSAPublicKey):
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
                scheme = pss if algorithm == RSA_PSS else padding.PKCS1v15()
                key.verify(b64decode(signature), covered, scheme, hashes.SHA256())
            return
        except (InvalidSignature, ValueError):
            continue
    raise BadRequest("no key of the asker signed the query")


def read(request: etree._Element, told: Mapping[str, str], asker: ServiceProviderMetadata) -> SamlRequest:
    """What a verified request asks. BadRequest when it wants the answer anywhere but at the asker's own address."""
    acs = request.get("AssertionConsumerServiceURL") or asker.acs
    context = request.find("{*}RequestedAuthnContext")
    if acs != asker.acs or context is None:
        raise BadRequest("the answer would go elsewhere, or no level is asked for")
    names = [each.get("Name") or "" for each in request.iter("{*}RequestedAttribute")]
    return SamlRequest(
        id=request.get("ID") or "",
        issuer=issuer_of(request),
        acs=acs,
        levels=tuple(each.text or "" for each in context),
        comparison=context.get("Comparison") or "exact",
        enterprise=any(name.endswith("/LegalPersonIdentifier") for name in names),
        again=request.get("ForceAuthn") == "true",
        relay_state=told.get("RelayState", ""),
    )
