"""Statements: what a verified assertion says, read out of the very octets that were signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from saml.instants import parsed
from saml.name_ids import NameId
from saml.names import saml
from saml.refusals import SamlRefused

_LATIN: Final = "LatinScript"
_SCRIPTS: Final = {"true": True, "1": True, "false": False, "0": False}
"""Whether a value is in Latin script, as xs:boolean is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One assertion, its shape checked by the filter and its signature by xmlsec."""

    id: str
    version: str
    issuer: str
    issuer_format: str | None
    issued_at: datetime
    name: NameId
    confirmation: str
    recipient: str
    in_response_to: str
    confirmed_until: datetime
    not_before: datetime
    not_on_or_after: datetime
    audience: str
    authenticated_at: datetime
    session: str
    session_until: datetime | None
    level: str
    attributes: Mapping[str, tuple[str, ...]]


def statement(assertion: etree._Element) -> Statement:
    """Read an assertion. Raises SamlRefused: `instant_unreadable`, `attribute_repeated`, `script_unclear`."""
    data = _at(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData")
    conditions = _at(assertion, "Conditions")
    authentication = _at(assertion, "AuthnStatement")
    session_until = authentication.get("SessionNotOnOrAfter")
    return Statement(
        id=_told(assertion, "ID"),
        version=_told(assertion, "Version"),
        issuer=_text(assertion, "Issuer"),
        issuer_format=_at(assertion, "Issuer").get("Format"),
        issued_at=parsed(_told(assertion, "IssueInstant")),
        name=NameId.read(_at(assertion, "Subject", "NameID")),
        confirmation=_told(_at(assertion, "Subject", "SubjectConfirmation"), "Method"),
        recipient=_told(data, "Recipient"),
        in_response_to=_told(data, "InResponseTo"),
        confirmed_until=parsed(_told(data, "NotOnOrAfter")),
        not_before=parsed(_told(conditions, "NotBefore")),
        not_on_or_after=parsed(_told(conditions, "NotOnOrAfter")),
        audience=_text(conditions, "AudienceRestriction", "Audience"),
        authenticated_at=parsed(_told(authentication, "AuthnInstant")),
        session=authentication.get("SessionIndex") or "",
        session_until=parsed(session_until) if session_until is not None else None,
        level=_text(authentication, "AuthnContext", "AuthnContextClassRef"),
        attributes=_attributes(_at(assertion, "AttributeStatement")),
    )


def _attributes(element: etree._Element) -> dict[str, tuple[str, ...]]:
    """Values by name; of a name written in two scripts only the Latin one is read (eIDAS Attribute Profile §2.4)."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in element:
        name = _told(attribute, "Name")
        if name in found:
            raise SamlRefused("attribute_repeated")
        found[name] = tuple(value.text or "" for value in attribute if _latin(value))
    return found


def _latin(value: etree._Element) -> bool:
    marks = [str(text) for name, text in value.attrib.items() if str(name).endswith("}" + _LATIN)]
    if len(marks) > 1 or not {*marks} <= _SCRIPTS.keys():
        raise SamlRefused("script_unclear")
    return all(_SCRIPTS[mark] for mark in marks)


def _at(element: etree._Element, *path: str) -> etree._Element:
    found = element.find("/".join(saml(step) for step in path))
    if found is None:
        raise SamlRefused("element_missing")
    return found


def _text(element: etree._Element, *path: str) -> str:
    return _at(element, *path).text or ""


def _told(element: etree._Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise SamlRefused("attribute_missing")
    return value
