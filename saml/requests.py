"""Requests: what we ask of an identity provider, written element by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from saml.instants import written
from saml.names import EIDAS, ENTITY, LEGAL, NATURAL, SAML, SAMLP, TRANSIENT, UNSPECIFIED
from saml.writing import Writer

_P: Final = Writer(SAMLP, {"saml2p": SAMLP, "saml2": SAML})
_A: Final = Writer(SAML, {"saml2": SAML})
_E: Final = Writer(EIDAS, {"eidas": EIDAS})
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_URI: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"

NATURAL_PERSON: Final = {
    f"{NATURAL}/PersonIdentifier": "PersonIdentifier",
    f"{NATURAL}/CurrentFamilyName": "FamilyName",
    f"{NATURAL}/CurrentGivenName": "FirstName",
    f"{NATURAL}/DateOfBirth": "DateOfBirth",
}
"""The minimum data set of a natural person (Implementing Regulation 2015/1501), with its friendly names."""
LEGAL_PERSON: Final = {f"{LEGAL}/LegalPersonIdentifier": "LegalPersonIdentifier", f"{LEGAL}/LegalName": "LegalName"}
"""That of a legal person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every request says."""

    id: str
    at: datetime
    issuer: str
    destination: str
    acs: str
    provider_name: str
    levels: Sequence[str]
    """Names of the levels that would do."""
    comparison: str
    """`minimum`, or `exact` where the names have no order."""
    again: bool


def eidas_request(request: Request, *, sector: str, enterprise: bool) -> etree._Element:
    """A request to an eIDAS node (eIDAS SAML Message Format v1.2 §2)."""
    wanted = {**NATURAL_PERSON, **(LEGAL_PERSON if enterprise else {})}
    attributes = [
        _E(
            "RequestedAttribute",
            {"FriendlyName": friendly, "Name": name, "NameFormat": _URI, "isRequired": "true"},
        )
        for name, friendly in wanted.items()
    ]
    extensions = _P("Extensions", {}, _E("SPType", {}, sector), _E("RequestedAttributes", {}, *attributes))
    told, policy = {"IsPassive": "false"}, {"AllowCreate": "true", "Format": UNSPECIFIED}
    return _request(request, told, policy, extensions)


def federal_request(request: Request) -> etree._Element:
    """A request to the federal service (FAS: transient name, levels compared by `minimum`).

    For a name that passes nothing is created (SAML 2.0 Errata E14).
    """
    return _request(request, {}, {"Format": TRANSIENT})


def _request(
    request: Request, told: Mapping[str, str], policy: Mapping[str, str], *extensions: etree._Element
) -> etree._Element:
    common = {
        "ID": request.id,
        "Version": "2.0",
        "IssueInstant": written(request.at),
        "Destination": request.destination,
        "ForceAuthn": "true" if request.again else "false",
        "ProtocolBinding": POST,
        "AssertionConsumerServiceURL": request.acs,
        "ProviderName": request.provider_name,
    }
    return _P(
        "AuthnRequest",
        {**common, **told},
        _A("Issuer", {"Format": ENTITY}, request.issuer),
        *extensions,
        _P("NameIDPolicy", policy),
        _P(
            "RequestedAuthnContext",
            {"Comparison": request.comparison},
            *(_A("AuthnContextClassRef", {}, level) for level in request.levels),
        ),
    )
