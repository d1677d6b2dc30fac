"""How a SAML identity provider of the sandbox misbehaves on purpose, when its page is asked to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from lxml import etree

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_messages import Testimony, assertion, response
from iam.sandbox.identity_providers.saml_protection import encrypted, signed


class SamlTrick(StrEnum):
    """What it does wrong; the first is nothing."""

    NONE = "none"
    OTHER_COUNTRY = "other_country"
    NO_NAME = "no_name"
    UNKNOWN_LEVEL = "unknown_level"
    STALE_LOGIN = "stale_login"
    EXPIRED = "expired"
    OTHER_AUDIENCE = "other_audience"
    OTHER_REQUEST = "other_request"
    UNSIGNED_MESSAGE = "unsigned_message"
    UNSIGNED_ASSERTION = "unsigned_assertion"
    OTHER_KEY = "other_key"
    NOT_ENCRYPTED = "not_encrypted"
    COMMENT = "comment"
    DOCTYPE = "doctype"
    REPLAY = "replay"


WORDS: Final = {
    SamlTrick.NONE: "Answer truthfully",
    SamlTrick.OTHER_COUNTRY: "Person of another country than was chosen",
    SamlTrick.NO_NAME: "Family name left out",
    SamlTrick.UNKNOWN_LEVEL: "Level that nobody knows",
    SamlTrick.STALE_LOGIN: "Person recognised ten hours ago",
    SamlTrick.EXPIRED: "Assertion that has expired",
    SamlTrick.OTHER_AUDIENCE: "Assertion for another service",
    SamlTrick.OTHER_REQUEST: "Answer to another request",
    SamlTrick.UNSIGNED_MESSAGE: "Message that nobody signed",
    SamlTrick.UNSIGNED_ASSERTION: "Assertion that nobody signed",
    SamlTrick.OTHER_KEY: "Signed with a key of somebody else",
    SamlTrick.NOT_ENCRYPTED: "Assertion in plain text",
    SamlTrick.COMMENT: "Comment inside the identifier",
    SamlTrick.DOCTYPE: "Document type with an entity",
    SamlTrick.REPLAY: "The answer that was given last, once more",
}
"""As the page names them."""


def spoilt(told: Testimony, trick: SamlTrick) -> Testimony:
    """The words of an answer, made false as a trick has it."""
    if trick is SamlTrick.OTHER_COUNTRY:
        first = told.attributes[0]
        return replace(told, attributes=(first._replace(value="XX" + first.value[2:]), *told.attributes[1:]))
    if trick is SamlTrick.NO_NAME:
        kept = [said for said in told.attributes if said.friendly != "FamilyName" and said.name != "surname"]
        return replace(told, attributes=kept)
    if trick is SamlTrick.UNKNOWN_LEVEL:
        return replace(told, level="urn:sandbox:level:unheard-of")
    if trick is SamlTrick.STALE_LOGIN:
        return replace(told, authenticated_at=told.at - timedelta(hours=10))
    if trick is SamlTrick.EXPIRED:
        return replace(told, life=timedelta(seconds=-1))
    if trick is SamlTrick.OTHER_AUDIENCE:
        return replace(told, audience="https://other.example.org/metadata")
    if trick is SamlTrick.OTHER_REQUEST:
        return replace(told, in_response_to="_other")
    return told


def answered(told: Testimony, trick: SamlTrick, pair: Pair, stranger: Pair, recipient: bytes) -> bytes:
    """An answer, protected as it should be, or not, as a trick has it."""
    key = stranger if trick is SamlTrick.OTHER_KEY else pair
    inside = _alone(assertion(spoilt(told, trick)))
    if trick is SamlTrick.COMMENT:
        next(inside.iter("{*}AttributeValue")).append(etree.Comment("x"))
    if trick is not SamlTrick.UNSIGNED_ASSERTION:
        inside = signed(inside, key)
    if trick is not SamlTrick.NOT_ENCRYPTED:
        inside = encrypted(inside, recipient)
    message = _alone(response(spoilt(told, trick), inside))
    if trick is not SamlTrick.UNSIGNED_MESSAGE:
        message = signed(message, key)
    octets = etree.tostring(message)
    return b'<!DOCTYPE r [<!ENTITY x "x">]>' + octets if trick is SamlTrick.DOCTYPE else octets


def _alone(element: etree._Element) -> etree._Element:
    """An element in a document of its own."""
    return etree.fromstring(etree.tostring(element))
