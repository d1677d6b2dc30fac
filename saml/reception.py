"""Reception: the one road on which a response comes in, step by step, each before the next is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from saml import library
from saml.checks import SKEW, check, check_issuer
from saml.decryption import decrypted
from saml.filter import documents
from saml.instants import parsed
from saml.names import ds, saml
from saml.parties import Asked, Demands, Ourselves, Peer
from saml.refusals import SamlRefused
from saml.signature_check import signed_by
from saml.statements import Statement, statement
from saml.status import check_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Between whom a response travels, and how it must be protected."""

    peer: Peer
    ourselves: Ourselves
    demands: Demands


def accept(response: etree._Element, parties: Parties, asked: Asked, now: datetime) -> Statement:
    """Judge a response that passed the filter (`documents.response`). The steps:

    1. The metadata of the identity provider is in force, and so is at least one of its keys.
    2. Where the message must be signed it is, with such a key; only what was signed is read on.
    3. The message is for us, answers this browser's request, and comes from who was asked.
    4. It tells of success.
    5. It holds one assertion, encrypted where that is demanded, which decrypts with a key of ours.
    6. The decrypted assertion passes the filter, too.
    7. The assertion is signed with such a key; only what was signed is read on.
    8. python3-saml agrees, in strict mode.
    9. Our own checks of what it says (`saml.checks`).

    Raises:
        SamlRefused: with the code of the first step that fails.
    """
    peer = parties.peer.in_force(now)  # (1)
    demands = parties.demands
    message = documents.again(signed_by(response, peer.keys)) if demands.message_signed else response  # (2)
    _check_message(message, peer, parties.ourselves, asked, now)  # (3)
    check_status(message)  # (4)
    assertion = _assertion(response, demands, parties.ourselves)  # (5) (6)
    if demands.assertion_signed:
        octets = signed_by(assertion, peer.keys)  # (7)
        judged, signed = _with(response, assertion), "Assertion"
    else:
        octets = _signed_part(message)
        judged, signed = response, "Response"
    said = statement(documents.again(octets))
    library.approve(
        judged, signed=[signed], peer=peer, ourselves=parties.ourselves, request=asked.request, now=now
    )  # (8)
    check(said, peer, parties.ourselves, asked, now)  # (9)
    return said


def _check_message(message: etree._Element, peer: Peer, ourselves: Ourselves, asked: Asked, now: datetime) -> None:
    if message.get("Version") != "2.0":
        raise SamlRefused("version")
    if message.get("Destination") != ourselves.acs:
        raise SamlRefused("destination")
    if message.get("InResponseTo") != asked.request:
        raise SamlRefused("in_response_to")
    check_issuer(message, peer)
    issued_at = parsed(message.get("IssueInstant") or "")
    if not asked.at - SKEW <= issued_at <= now + SKEW:
        raise SamlRefused("message_time")


def _assertion(response: etree._Element, demands: Demands, ourselves: Ourselves) -> etree._Element:
    encrypted = response.find(saml("EncryptedAssertion"))
    plain = response.find(saml("Assertion"))
    if demands.encrypted and encrypted is None:
        raise SamlRefused("not_encrypted" if plain is not None else "no_assertion")
    if encrypted is not None:
        if not demands.assertion_signed:
            raise SamlRefused("encrypted_unasked")
        return documents.assertion(decrypted(encrypted, ourselves.keys), encrypted.nsmap)
    if plain is None:
        raise SamlRefused("no_assertion")
    return plain


def _signed_part(message: etree._Element) -> bytes:
    assertion = message.find(saml("Assertion"))
    if assertion is None:
        raise SamlRefused("no_assertion")
    return etree.tostring(assertion)


def _with(response: etree._Element, assertion: etree._Element) -> etree._Element:
    """The response with its assertion in plain text and no signature of its own, which was checked already.

    Not the canonical form: that drops declarations which only the value of an `xsi:type` uses.
    """
    plain = documents.again(etree.tostring(response))
    for child in list(plain):
        if child.tag in (ds("Signature"), saml("Assertion"), saml("EncryptedAssertion")):
            plain.remove(child)
    around, end, tag = etree.tostring(plain).rpartition(b"</")
    return documents.again(around + etree.tostring(assertion, with_tail=False) + end + tag)
