"""Text and names: only plain text nodes, once each, under the namespaces that we know."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest
from lxml import etree

from tests.saml import premises as p
from tests.saml.conftest import Watch

GENUINE = p.octets(p.a_plain_response())
_NAME_ID = b">opaque<"
_RESPONSE = b"<saml2p:Response "
Planted = tuple[tuple[bytes, bytes], str]


TEXTS = {
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
}
NAMES = {
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


def refused_unseen(planted: Planted, watch: Watch) -> None:
    """What was planted into a genuine message is refused as it should be, before any library sees it."""
    change, code = planted
    message = p.replaced(GENUINE, change)
    assert p.refusal(message, parties=p.PLAIN) == code
    assert watch.reached == []


@pytest.mark.attack("S07")
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_two_readers_could_read_differently_is_refused(name: str, watch: Watch) -> None:
    refused_unseen(TEXTS[name], watch)


@pytest.mark.attack("S08")
@pytest.mark.parametrize("name", NAMES)
def test_names_that_two_readers_could_read_differently_are_refused(name: str, watch: Watch) -> None:
    refused_unseen(NAMES[name], watch)


LEAVES = ("NameID", "Issuer", "Audience", "AuthnContextClassRef", "AttributeValue")
UNSEEN = tuple(
    chr(each) for each in range(sys.maxunicode + 1) if unicodedata.category(chr(each)) in ("Cf", "Zl", "Zp", "Co")
)[::1_000] + tuple("\u200b\u200d\u2060\ufeff\u00ad\u202e\u2028\u2029\u180e\u0085\u00a0\u3000\ue000\U000e0041")
MARKUP = ("<!---->", "<?x?>", "<![CDATA[x]]>", "<x/>", "&x;", "&#x200b;", "&#0;", "&#10;", "&#13;", "&#9;")


def _planted(name: str, piece: str, place: str) -> bytes:
    message = etree.fromstring(GENUINE)
    leaf = next(message.iter(f"{{*}}{name}"))
    text = leaf.text or ""
    middle = len(text) // 2
    leaf.text = {"before": f"@@{text}", "inside": f"{text[:middle]}@@{text[middle:]}", "behind": f"{text}@@"}[place]
    return etree.tostring(message, encoding="utf-8").replace(b"@@", piece.encode())


@pytest.mark.attack("S07")
@pytest.mark.parametrize("place", ["before", "inside", "behind"])
@pytest.mark.parametrize("name", LEAVES)
def test_whatever_is_planted_into_a_text_is_never_read_past(name: str, place: str, watch: Watch) -> None:
    """White space inside a text is a character like others: there the signature no longer fits."""
    for piece in (*UNSEEN, *MARKUP):
        code = p.refusal(_planted(name, piece, place), parties=p.PLAIN)
        assert code != "signature_invalid" or (place == "inside" and piece in "\u00a0\u3000"), (piece, code)
    assert "decryption" not in watch.reached


@pytest.mark.attack("S08")
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


@pytest.mark.attack("S08")
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


@pytest.mark.attack("S07")
def test_an_attribute_that_stands_twice_is_refused_though_it_is_signed() -> None:
    assert p.refusal(p.a_response(change=_twice)) == "attribute_repeated"


@pytest.mark.attack("S01", "S07")
@pytest.mark.parametrize("name", ["AuthnStatement", "AttributeStatement", "Subject", "Conditions", "Issuer"])
def test_a_second_statement_is_refused_though_it_is_signed(name: str) -> None:
    assert p.refusal(p.a_response(change=_second_statement(name))) == "element_repeated"
