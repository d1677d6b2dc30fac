"""Text and names: only plain text nodes, once each, under the namespaces that we know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from tests.saml import premises as p
from tests.saml.conftest import Watch

GENUINE = p.octets(p.a_plain_response())
_NAME_ID = b">opaque<"
_RESPONSE = b"<saml2p:Response "


PLANTED = {
    "comment in the name id": ((_NAME_ID, b">opa<!-- -->que<"), "comment"),
    "comment in an identifier": ((b">NL/BE/12345<", b">NL/BE/123<!---->45<"), "comment"),
    "processing instruction in a value": ((b">NL/BE/12345<", b">NL/BE/123<?x?>45<"), "processing_instruction"),
    "cdata in a value": ((b">NL/BE/12345<", b"><![CDATA[NL/BE/12345]]><"), "cdata"),
    "element in a value": (
        (b">NL/BE/12345<", b'>NL/BE/<saml2:NameID xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"/>12345<'),
        "mixed_content",
    ),
    "zero width space": ((b">NL/BE/12345<", ">NL/BE/12\u200b345<".encode()), "text_not_allowed"),
    "soft hyphen": ((b">NL/BE/12345<", ">NL/BE/12\u00ad345<".encode()), "text_not_allowed"),
    "right to left": ((b">Jansen<", ">\u202eJansen<".encode()), "text_not_allowed"),
    "space before": ((b">NL/BE/12345<", b"> NL/BE/12345<"), "text_not_allowed"),
    "line break behind": ((b">NL/BE/12345<", b">NL/BE/12345&#10;<"), "text_not_allowed"),
    "no-break space behind": ((b">NL/BE/12345<", ">NL/BE/12345\u00a0<".encode()), "text_not_allowed"),
    "empty name id": ((_NAME_ID, b"><"), "text_missing"),
    "second name id": (
        (
            b"<saml2:SubjectConfirmation ",
            b"<saml2:NameID>other</saml2:NameID><saml2:SubjectConfirmation ",
        ),
        "element_repeated",
    ),
    "relative namespace": ((_RESPONSE, b'<saml2p:Response xmlns:r="relative" '), "namespace_not_allowed"),
    "path as namespace": ((_RESPONSE, b'<saml2p:Response xmlns:r="../x" '), "namespace_not_allowed"),
    "empty namespace": ((_RESPONSE, b'<saml2p:Response xmlns="" '), "namespace_not_allowed"),
    "unknown namespace": ((_RESPONSE, b'<saml2p:Response xmlns:r="urn:r" '), "namespace_not_allowed"),
    "saml 1.1": (
        (b"urn:oasis:names:tc:SAML:2.0:protocol", b"urn:oasis:names:tc:SAML:1.0:protocol"),
        "namespace_not_allowed",
    ),
    "namespace in other case": (
        (b"urn:oasis:names:tc:SAML:2.0:assertion", b"urn:oasis:names:tc:saml:2.0:assertion"),
        "namespace_not_allowed",
    ),
    "xml:id": ((_RESPONSE, b'<saml2p:Response xml:id="_x" '), "attribute_not_allowed"),
    "xml:base": ((_RESPONSE, b'<saml2p:Response xml:base="http://x/" '), "attribute_not_allowed"),
    "id in lower case": ((_RESPONSE, b'<saml2p:Response id="_x" '), "attribute_not_allowed"),
    "id with a quote": ((b' ID="_', b" ID=\"a'_"), "identifier_not_allowed"),
    "invented attribute": ((_RESPONSE, b'<saml2p:Response Trusted="true" '), "attribute_not_allowed"),
    "attribute twice": ((_RESPONSE, b'<saml2p:Response Version="2.0" '), "not_well_formed"),
}


@pytest.mark.parametrize("name", [name for name, (_, code) in PLANTED.items() if code])
def test_what_two_readers_could_read_differently_is_refused_before_any_library(name: str, watch: Watch) -> None:
    change, code = PLANTED[name]
    message = p.replaced(GENUINE, change)
    assert p.refusal(message, parties=p.PLAIN) == code
    assert watch.reached == []


def test_one_identifier_on_two_elements_is_refused(watch: Watch) -> None:
    message = etree.fromstring(GENUINE)
    assertion = message.find("{*}Assertion")
    assert assertion is not None
    assertion.set("ID", message.get("ID") or "")
    reference = assertion.find(".//{*}Reference")
    assert reference is not None
    reference.set("URI", f"#{message.get('ID')}")
    assert p.refusal(message, parties=p.PLAIN) == "identifier_repeated"
    assert watch.reached == []


def test_elements_out_of_order_are_refused(watch: Watch) -> None:
    message = etree.fromstring(GENUINE)
    message.append(message[0])
    assert p.refusal(message, parties=p.PLAIN) == "element_order"
    assert watch.reached == []


def _twice(assertion: etree._Element) -> None:
    attributes = assertion.find("{*}AttributeStatement")
    assert attributes is not None
    attributes.append(p.again(attributes[0]))


def _second_statement(name: str) -> Callable[[etree._Element], None]:
    def add(assertion: etree._Element) -> None:
        found = assertion.find(f"{{*}}{name}")
        assert found is not None
        found.addnext(p.again(found))

    return add


def test_an_attribute_that_stands_twice_is_refused_though_it_is_signed() -> None:
    assert p.refusal(p.a_response(change=_twice)) == "attribute_repeated"


@pytest.mark.parametrize("name", ["AuthnStatement", "AttributeStatement", "Subject", "Conditions", "Issuer"])
def test_a_second_statement_is_refused_though_it_is_signed(name: str) -> None:
    assert p.refusal(p.a_response(change=_second_statement(name))) == "element_repeated"
