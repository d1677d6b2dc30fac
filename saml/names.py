"""Names: the namespaces of SAML, XML Signature, XML Encryption and eIDAS, and full names within them."""

from __future__ import annotations

from typing import Final

SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DS11: Final = "http://www.w3.org/2009/xmldsig11#"
EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"
EIDAS: Final = "http://eidas.europa.eu/saml-extensions"
NATURAL: Final = "http://eidas.europa.eu/attributes/naturalperson"
LEGAL: Final = "http://eidas.europa.eu/attributes/legalperson"
NATURAL_REPRESENTATIVE: Final = "http://eidas.europa.eu/attributes/naturalperson/representative"
LEGAL_REPRESENTATIVE: Final = "http://eidas.europa.eu/attributes/legalperson/representative"

OF_RESPONSES: Final = frozenset(
    {
        *(SAMLP, SAML, DS, DS11, EC, XENC, XENC11, XS, XSI),
        *(EIDAS, NATURAL, LEGAL, NATURAL_REPRESENTATIVE, LEGAL_REPRESENTATIVE),
    }
)
"""What a response may declare."""
OF_METADATA: Final = OF_RESPONSES | {
    MD,
    XML,
    "urn:oasis:names:tc:SAML:metadata:attribute",
    "urn:oasis:names:tc:SAML:metadata:algsupport",
    "urn:oasis:names:tc:SAML:metadata:ui",
    "urn:oasis:names:tc:SAML:metadata:rpi",
    "urn:oasis:names:tc:SAML:metadata:ext:query",
    "urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500",
}
"""What metadata may declare."""

ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def named(namespace: str, local: str) -> str:
    """A full name in the notation that lxml uses."""
    return f"{{{namespace}}}{local}"


def samlp(local: str) -> str:
    """A name of the SAML protocol."""
    return named(SAMLP, local)


def saml(local: str) -> str:
    """A name of SAML assertions."""
    return named(SAML, local)


def md(local: str) -> str:
    """A name of SAML metadata."""
    return named(MD, local)


def ds(local: str) -> str:
    """A name of XML Signature."""
    return named(DS, local)


def xenc(local: str) -> str:
    """A name of XML Encryption."""
    return named(XENC, local)


def xenc11(local: str) -> str:
    """A name of XML Encryption 1.1."""
    return named(XENC11, local)
