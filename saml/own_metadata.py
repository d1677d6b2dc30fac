"""Our own metadata: what an identity provider must know to answer us, signed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from saml.algorithms import AES_256_GCM, KW_AES256, OAEP, SIGNATURES
from saml.instants import written
from saml.names import DS, EIDAS, MD, PERSISTENT, SAMLP, TRANSIENT, UNSPECIFIED, XML, named
from saml.own_keys import SamlKeys
from saml.parties import Ourselves
from saml.provider_settings import BINDINGS, Registration
from saml.requests import POST
from saml.signing import signed
from saml.writing import Writer

VALID_FOR: Final = timedelta(days=7)
_MD: Final = Writer(MD, {"md": MD})
_DS: Final = Writer(DS, {"ds": DS})
_EIDAS: Final = Writer(EIDAS, {"eidas": EIDAS})
_LANG: Final = named(XML, "lang")
_BASIC: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
_EIDAS_FORMATS: Final = (UNSPECIFIED, PERSISTENT, TRANSIENT)
"""Those that a connector must name (eIDAS SAML Message Format v1.2 §2)."""


def own_metadata(
    registration: Registration,
    ourselves: Ourselves,
    keys: SamlKeys,
    identifier: str,
    now: datetime,
    *,
    ends_sessions: bool,
) -> bytes:
    """The signed metadata of the service provider that we are to one identity provider (SAML Metadata §2.4.4).

    `ends_sessions`: whether it names the addresses for messages about log-outs.
    """
    kind = SIGNATURES[registration.signature].key
    log_out = list(_log_out(ourselves)) if ends_sessions else []
    root = _MD(
        "EntityDescriptor",
        {"ID": identifier, "entityID": ourselves.entity, "validUntil": written(now + VALID_FOR)},
        *_extensions(registration),
        _descriptor(registration, ourselves, keys, log_out),
        _organization(registration, ourselves),
        *_people(registration),
    )
    octets = etree.tostring(signed(root, keys.signing(kind), registration.signature))
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + octets


def _descriptor(
    registration: Registration, ourselves: Ourselves, keys: SamlKeys, log_out: Iterable[etree._Element]
) -> etree._Element:
    kind, formats = SIGNATURES[registration.signature].key, _EIDAS_FORMATS if registration.countries else (TRANSIENT,)
    told = {
        "AuthnRequestsSigned": "true",
        "WantAssertionsSigned": "true" if registration.demands.assertion_signed else "false",
        "protocolSupportEnumeration": SAMLP,
    }
    place = {"Binding": POST, "Location": ourselves.acs, "index": "0", "isDefault": "true"}
    return _MD(
        "SPSSODescriptor",
        told,
        *(_key("signing", each) for each in keys.published(f"saml-signing-{kind}")),
        *_encryption(registration, keys),
        *log_out,
        *(_MD("NameIDFormat", {}, each) for each in formats),
        _MD("AssertionConsumerService", place),
        *_wanted(registration),
    )


def _log_out(ourselves: Ourselves) -> Iterator[etree._Element]:
    for binding in BINDINGS.values():
        places = {"Location": ourselves.log_out, "ResponseLocation": ourselves.logged_out}
        yield _MD("SingleLogoutService", {"Binding": binding, **places})


def _wanted(registration: Registration) -> Iterator[etree._Element]:
    """The attributes that we read; a request to an eIDAS node names them itself."""
    if registration.attributes:
        names = dict.fromkeys(registration.attributes.values())
        attributes = (_MD("RequestedAttribute", {"Name": name, "NameFormat": _BASIC}) for name in names)
        name = _MD("ServiceName", {_LANG: "en"}, registration.provider_name)
        yield _MD("AttributeConsumingService", {"index": "0", "isDefault": "true"}, name, *attributes)


def _organization(registration: Registration, ourselves: Ourselves) -> etree._Element:
    site = urlsplit(ourselves.acs)
    told = {
        "OrganizationName": registration.provider_name,
        "OrganizationDisplayName": registration.provider_name,
        "OrganizationURL": f"{site.scheme}://{site.netloc}/",
    }
    return _MD("Organization", {}, *(_MD(name, {_LANG: "en"}, text) for name, text in told.items()))


def _encryption(registration: Registration, keys: SamlKeys) -> Iterator[etree._Element]:
    if registration.demands.encrypted:
        methods = (AES_256_GCM, OAEP if registration.decryption == "rsa" else KW_AES256)
        for each in keys.published(f"saml-decryption-{registration.decryption}"):
            yield _key("encryption", each, *(_MD("EncryptionMethod", {"Algorithm": method}) for method in methods))


def _key(use: str, certificate: x509.Certificate, *methods: etree._Element) -> etree._Element:
    encoded = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    told = _DS("KeyInfo", {}, _DS("X509Data", {}, _DS("X509Certificate", {}, encoded)))
    return _MD("KeyDescriptor", {"use": use}, told, *methods)


def _extensions(registration: Registration) -> Iterator[etree._Element]:
    if registration.countries:
        yield _MD("Extensions", {}, _EIDAS("SPType", {}, registration.sector))


def _people(registration: Registration) -> Iterator[etree._Element]:
    if registration.contact:
        for kind in ("support", "technical"):
            company = _MD("Company", {}, registration.provider_name)
            address = _MD("EmailAddress", {}, f"mailto:{registration.contact}")
            yield _MD("ContactPerson", {"contactType": kind}, company, address)
