"""Metadata: what the sandbox's SAML identity providers say of themselves, and what they read of us."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_messages import new_id, written
from iam.sandbox.identity_providers.saml_writing import Maker

_MD_NAME: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS_NAME: Final = "http://www.w3.org/2000/09/xmldsig#"
_MD: Final = Maker(_MD_NAME, {"md": _MD_NAME})
_DS: Final = Maker(_DS_NAME, {"ds": _DS_NAME})
_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"


def identity_provider_metadata(
    entity: str, sign_on: str, pair: Pair, until: datetime | None = None, log_out: str = ""
) -> etree._Element:
    """Unsigned metadata of an identity provider that takes requests at one address by both bindings.

    `log_out`: where it takes messages about log-outs, by both as well; empty where it takes none.
    """
    key = _MD.KeyDescriptor({"use": "signing"}, _DS.KeyInfo(_DS.X509Data(_DS.X509Certificate(pair.certificate_base64))))
    log_outs = [
        _MD.SingleLogoutService({"Binding": _BINDING + name, "Location": log_out})
        for name in ("POST", "Redirect")
        if log_out
    ]
    services = [
        _MD.SingleSignOnService({"Binding": _BINDING + name, "Location": sign_on}) for name in ("POST", "Redirect")
    ]
    told = {"WantAuthnRequestsSigned": "true", "protocolSupportEnumeration": _PROTOCOL}
    lasting = {"validUntil": written(until)} if until is not None else {}
    return _MD.EntityDescriptor(
        {"ID": new_id(), "entityID": entity, **lasting}, _MD.IDPSSODescriptor(told, key, *log_outs, *services)
    )


@dataclass(frozen=True, slots=True)
class ServiceProviderMetadata:
    """What an identity provider must know of a service provider."""

    entity: str
    acs: str
    signing: tuple[bytes, ...]
    """PEM certificates."""
    encryption: bytes
    log_out: str
    """Where it takes requests to end sessions by form; empty where it takes none."""
    logged_out: str
    """Where it takes answers to such requests."""


def read_service_provider(octets: bytes) -> ServiceProviderMetadata:
    """Read the metadata of a service provider. ValueError when something is missing."""
    root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True))
    services = root.findall(f".//{{{_MD_NAME}}}AssertionConsumerService")
    log_outs = root.findall(f".//{{{_MD_NAME}}}SingleLogoutService[@Binding='{_BINDING}POST']")
    encryption = _certificates(root, "encryption")
    if len(services) != 1 or len(encryption) != 1:
        raise ValueError("the service provider says not where to answer, or for which key")
    return ServiceProviderMetadata(
        entity=root.get("entityID") or "",
        acs=services[0].get("Location") or "",
        signing=_certificates(root, "signing"),
        encryption=encryption[0],
        log_out=log_outs[0].get("Location", "") if log_outs else "",
        logged_out=log_outs[0].get("ResponseLocation", "") if log_outs else "",
    )


def _certificates(root: etree._Element, use: str) -> tuple[bytes, ...]:
    found = root.findall(f".//{{{_MD_NAME}}}KeyDescriptor[@use='{use}']//{{{_DS_NAME}}}X509Certificate")
    return tuple(
        x509.load_der_x509_certificate(b64decode(each.text or "")).public_bytes(Encoding.PEM) for each in found
    )
