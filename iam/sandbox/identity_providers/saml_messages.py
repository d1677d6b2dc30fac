"""SAML messages as the sandbox's identity providers write them: assertions, responses and the reasons for none."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from lxml import etree

from iam.sandbox.identity_providers.saml_writing import Maker

_SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_XS: Final = "http://www.w3.org/2001/XMLSchema"
_P: Final = Maker(namespace=_SAMLP, nsmap={"saml2p": _SAMLP, "saml2": _SAML})
_A: Final = Maker(namespace=_SAML, nsmap={"saml2": _SAML})
_URI: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS: Final = f"{_STATUS}Success"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
LIFE: Final = timedelta(minutes=5)


class Said(NamedTuple):
    """One attribute of a person; `space` and `type` name the type that the value says it has."""

    name: str
    value: str
    friendly: str = ""
    space: str = _XS
    type: str = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What an identity provider says of a login, and to whom."""

    issuer: str
    destination: str
    audience: str
    in_response_to: str
    at: datetime
    level: str
    name_id: str
    attributes: Sequence[Said]
    authenticated_at: datetime | None = None
    life: timedelta = LIFE
    name_format: str = UNSPECIFIED
    session: str = ""
    """The index of the session; empty for one that is made up."""


def new_id() -> str:
    """An identifier for a message."""
    return f"_{secrets.token_hex(16)}"


def written(instant: datetime) -> str:
    """An instant as SAML writes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"


def assertion(told: Testimony) -> etree._Element:
    """An unsigned assertion."""
    return _A.Assertion(
        {"ID": new_id(), "Version": "2.0", "IssueInstant": written(told.at)},
        _issuer(told.issuer),
        _subject(told),
        _A.Conditions(
            {"NotBefore": written(told.at), "NotOnOrAfter": written(told.at + told.life)},
            _A.AudienceRestriction(_A.Audience(told.audience)),
        ),
        _A.AuthnStatement(
            {"AuthnInstant": written(told.authenticated_at or told.at), "SessionIndex": told.session or new_id()},
            _A.AuthnContext(_A.AuthnContextClassRef(told.level)),
        ),
        _A.AttributeStatement(*(_attribute(each) for each in told.attributes)),
    )


def response(told: Testimony, *content: etree._Element) -> etree._Element:
    """An unsigned response that holds an assertion, encrypted or not."""
    return _response(told, _P.Status(_P.StatusCode({"Value": SUCCESS})), *content)


def refusal(told: Testimony, second: str, sentence: str, first: str = "Responder") -> etree._Element:
    """An unsigned response that says why there is no assertion; `first` and `second` are the last words of codes."""
    code = _P.StatusCode({"Value": _STATUS + first}, _P.StatusCode({"Value": _STATUS + second}))
    return _response(told, _P.Status(code, _P.StatusMessage(sentence)))


def _response(told: Testimony, *content: etree._Element) -> etree._Element:
    return _P.Response(
        {
            "ID": new_id(),
            "Version": "2.0",
            "IssueInstant": written(told.at),
            "Destination": told.destination,
            "InResponseTo": told.in_response_to,
        },
        _issuer(told.issuer),
        *content,
    )


def _issuer(name: str) -> etree._Element:
    return _A.Issuer({"Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"}, name)


def _subject(told: Testimony) -> etree._Element:
    confirmed = {
        "InResponseTo": told.in_response_to,
        "NotOnOrAfter": written(told.at + told.life),
        "Recipient": told.destination,
    }
    return _A.Subject(
        _A.NameID({"Format": told.name_format}, told.name_id),
        _A.SubjectConfirmation(
            {"Method": "urn:oasis:names:tc:SAML:2.0:cm:bearer"}, _A.SubjectConfirmationData(confirmed)
        ),
    )


def _attribute(said: Said) -> etree._Element:
    value = etree.Element(f"{{{_SAML}}}AttributeValue", nsmap={"saml2": _SAML, "t": said.space, "xsi": _XSI})
    value.set(f"{{{_XSI}}}type", f"t:{said.type}")
    value.text = said.value
    names = {"Name": said.name, "NameFormat": _URI} | ({"FriendlyName": said.friendly} if said.friendly else {})
    return _A.Attribute(names, value)
