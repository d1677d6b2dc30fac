"""Premises: one eIDAS node and one federal service, our own keys, a login under way, and responses to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from iam.domain.assurance import Assurance
from iam.sandbox.identity_providers.saml_keys import Pair, ec_pair, rsa_pair
from iam.sandbox.identity_providers.saml_messages import Said, Testimony, assertion, response
from iam.sandbox.identity_providers.saml_protection import encrypted, signed
from saml.filter import documents
from saml.parties import Asked, Demands, Ourselves, Peer
from saml.pinned_keys import pinned
from saml.reception import Parties, accept
from saml.refusals import SamlRefused
from saml.statements import Statement

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NATURAL = "http://eidas.europa.eu/attributes/naturalperson"
LEGAL = "http://eidas.europa.eu/attributes/legalperson"
LOA = "http://eidas.europa.eu/LoA/"
NODE = rsa_pair("node", NOW)
STRANGER = rsa_pair("node", NOW)
OURS = rsa_pair("procura", NOW)
OURS_EC = ec_pair("procura", NOW)
NODE_EC = ec_pair("node", NOW)
LEVELS = {f"{LOA}low": Assurance.LOW, f"{LOA}substantial": Assurance.SUBSTANTIAL, f"{LOA}high": Assurance.HIGH}
PEER = Peer(entity="https://node.example.org/metadata", keys=(pinned(NODE.certificate),), sign_on={})
OURSELVES = Ourselves(
    entity="https://procura.example.org/sign-in/eidas/node/metadata",
    acs="https://procura.example.org/sign-in/eidas/node/acs",
    log_out="https://procura.example.org/sign-in/eidas/node/logout",
    logged_out="https://procura.example.org/sign-in/eidas/node/logged-out",
    keys=(OURS.key, OURS_EC.key),
)
PARTIES = Parties(peer=PEER, ourselves=OURSELVES, demands=Demands())
PLAIN = replace(PARTIES, demands=Demands(encrypted=False))
MESSAGE_ALONE = replace(PARTIES, demands=Demands(encrypted=False, assertion_signed=False))
ASSERTION_ALONE = replace(PARTIES, demands=Demands(encrypted=False, message_signed=False))
ASKED = Asked(
    request="_request",
    at=NOW - timedelta(seconds=30),
    minimum=Assurance.SUBSTANTIAL,
    levels=LEVELS,
    again=True,
    country="NL",
)
PERSON = (
    Said(f"{NATURAL}/PersonIdentifier", "NL/BE/12345", "PersonIdentifier", NATURAL, "PersonIdentifierType"),
    Said(f"{NATURAL}/CurrentFamilyName", "Jansen", "FamilyName", NATURAL, "CurrentFamilyNameType"),
    Said(f"{NATURAL}/CurrentGivenName", "Sanne", "FirstName", NATURAL, "CurrentGivenNameType"),
    Said(f"{NATURAL}/DateOfBirth", "1990-02-03", "DateOfBirth", NATURAL, "DateOfBirthType"),
)
TOLD = Testimony(
    issuer=PEER.entity,
    destination=OURSELVES.acs,
    audience=OURSELVES.entity,
    in_response_to=ASKED.request,
    at=NOW - timedelta(seconds=2),
    level=f"{LOA}high",
    name_id="opaque",
    attributes=PERSON,
)
Change = Callable[[etree._Element], object]


def an_assertion(told: Testimony = TOLD, key: Pair = NODE, change: Change | None = None) -> etree._Element:
    """A signed assertion; `change` is made before it is signed."""
    element = assertion(told)
    if change is not None:
        change(element)
    return signed(again(element), key)


def a_response(
    told: Testimony = TOLD, *, key: Pair = NODE, recipient: Pair = OURS, change: Change | None = None
) -> etree._Element:
    """A signed response with a signed and encrypted assertion; `change` is made to the assertion before all that."""
    inside = encrypted(an_assertion(told, key, change), recipient.certificate_pem)
    return signed(again(response(told, inside)), key)


def a_plain_response(told: Testimony = TOLD, *, key: Pair = NODE) -> etree._Element:
    """A signed response with a signed assertion in plain text."""
    return signed(again(response(told, an_assertion(told, key))), key)


def again(element: etree._Element) -> etree._Element:
    """The same element in a document of its own."""
    return etree.fromstring(etree.tostring(element))


def octets(message: etree._Element | bytes) -> bytes:
    """A message as it travels."""
    return message if isinstance(message, bytes) else etree.tostring(message)


def submit(
    message: etree._Element | bytes, *, parties: Parties = PARTIES, asked: Asked = ASKED, now: datetime = NOW
) -> Statement:
    """Bring a response in on the one road."""
    return accept(documents.response(octets(message)), parties, asked, now)


def refusal(message: etree._Element | bytes, **circumstances: Any) -> str:
    """The code with which a response is refused."""
    with pytest.raises(SamlRefused) as caught:
        submit(message, **circumstances)
    return caught.value.code


def replaced(message: etree._Element | bytes, *changes: tuple[bytes, bytes]) -> bytes:
    """A message with texts exchanged, each of which must be there."""
    text = octets(message)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def without(names: Sequence[str]) -> tuple[Said, ...]:
    """The person, with some attributes left out."""
    return tuple(said for said in PERSON if said.friendly not in names)
