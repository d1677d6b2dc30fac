"""Hostile documents: refused by form and size alone, before xmlsec or python3-saml is called."""

from __future__ import annotations

import time

import pytest

from saml.filter import documents
from saml.filter.scanning import MAX_OCTETS
from saml.refusals import SamlRefused
from tests.saml import premises as p
from tests.saml.conftest import Watch

GENUINE = p.octets(p.a_plain_response())
_FIRST_TRANSFORM = b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
_C14N = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
_XSLT = (
    b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    b'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    + b'<xsl:for-each select="//. | //@*">' * 26
    + b"</xsl:for-each>" * 26
    + b"</xsl:stylesheet></ds:Transform>"
)
_XPATH = (
    b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    b"<ds:XPath>count(//. | //@* | //namespace::*)</ds:XPath></ds:Transform>"
)
PROTOCOL = b"urn:oasis:names:tc:SAML:2.0:protocol"
_LOL = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 10))


def _with_transform(transform: bytes) -> bytes:
    return GENUINE.replace(_C14N, transform, 1)


def _with_doctype(subset: bytes) -> bytes:
    return b"<!DOCTYPE r [" + subset + b"]>" + GENUINE


def _signature_value(text: bytes) -> bytes:
    return GENUINE.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + text, 1)


def _nested(depth: int) -> bytes:
    opening = b'<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol">'
    return opening + b"<p:Status>" * depth + b"</p:Status>" * depth + b"</p:Response>"


TRANSFORMS = {
    "xslt bomb": (_with_transform(_XSLT), "namespace_not_allowed"),
    "xpath": (_with_transform(_XPATH), "element_not_allowed"),
    "xpath filter 2": (
        _with_transform(b'<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>'),
        "transform_not_allowed",
    ),
    "second enveloped": (_with_transform(_FIRST_TRANSFORM), "transform_not_allowed"),
    "three transforms": (_with_transform(_C14N + _C14N), "element_repeated"),
    "one transform": (_with_transform(b""), "element_missing"),
    "c14n with comments": (
        _with_transform(b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>'),
        "transform_not_allowed",
    ),
    "inclusive c14n": (
        _with_transform(b'<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'),
        "transform_not_allowed",
    ),
    "base64 transform": (
        _with_transform(b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>'),
        "transform_not_allowed",
    ),
    "unknown transform": (_with_transform(b'<ds:Transform Algorithm="urn:x"/>'), "transform_not_allowed"),
    "c14n method with comments": (
        GENUINE.replace(b'Method Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"', b'Method Algorithm="urn:c"', 1),
        "canonicalization_not_allowed",
    ),
}
INCLUSIONS = {
    "doctype": (b"<!DOCTYPE r>" + GENUINE, "doctype"),
    "external dtd": (b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">' + GENUINE, "doctype"),
    "billion laughs": (_with_doctype(b'<!ENTITY l0 "lol">' + _LOL), "doctype"),
    "external entity": (_with_doctype(b'<!ENTITY x SYSTEM "file:///etc/passwd">'), "doctype"),
    "parameter entity": (_with_doctype(b'<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;'), "doctype"),
    "entity without doctype": (GENUINE.replace(b">opaque<", b">&x;<"), "not_well_formed"),
    "xinclude": (
        GENUINE.replace(
            b">opaque<", b'><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><'
        ),
        "namespace_not_allowed",
    ),
    "schema location": (
        GENUINE.replace(
            b'Version="2.0"',
            b'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="urn:a http://127.0.0.1:1/"'
            b' Version="2.0"',
            1,
        ),
        "attribute_not_allowed",
    ),
    "processing instruction": (b'<?xml-stylesheet href="x"?>' + GENUINE, "processing_instruction"),
}
MEASURES = {
    "ten megabytes": (GENUINE + b" " * 10_000_000, "too_large"),
    "one octet too many": (GENUINE + b" " * (MAX_OCTETS + 1 - len(GENUINE)), "too_large"),
    "a hundred thousand attributes": (
        b"<a " + b" ".join(b"a%d=''" % i for i in range(10_000)) + b"/>",
        "too_many_attributes",
    ),
    "depth": (_nested(5_000), "too_deep"),
    "many elements": (_nested(1).replace(b"<p:Status>", b"<p:Status>" + b"<p:Status/>" * 2_000), "too_many_elements"),
    "many namespaces": (
        GENUINE.replace(
            b"<saml2p:Response ",
            b"<saml2p:Response " + b" ".join(b'xmlns:a%d="%s"' % (i, PROTOCOL) for i in range(17)) + b" ",
        ),
        "too_many_namespaces",
    ),
    "long name": (b"<" + b"a" * 70_000 + b"/>", "name_too_long"),
    "long value": (b'<a b="' + b"c" * 70_000 + b'"/>', "value_too_long"),
    **{
        f"{name} that is nearly Base64": (_signature_value(sign * (100_000 // len(sign)) + b"!"), "text_not_allowed")
        for name, sign in {
            "blanks": b" ",
            "line breaks": b"\n",
            "padding": b"=",
            "letters": b"A",
            "both": b"A" + b" ",
        }.items()
    },
    "padding before the end": (_signature_value(b"AA==AAAA"), "text_not_allowed"),
    "base64 of another alphabet": (_signature_value(b"AA-_"), "text_not_allowed"),
    "base64 with a no-break space": (_signature_value("AA\u00a0AA".encode()), "text_not_allowed"),
    "utf-16": ("<a/>".encode("utf-16"), "not_utf8"),
    "utf-7 declared": (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "not_utf8"),
    "version 1.1": (b'<?xml version="1.1"?><a/>', "not_utf8"),
    "byte order mark": (b"\xef\xbb\xbf" + GENUINE, None),
    "nothing": (b"", "not_well_formed"),
    "no xml": (b"SAMLResponse", "not_well_formed"),
    "two roots": (GENUINE + GENUINE, "not_well_formed"),
    "nul": (GENUINE.replace(b">opaque<", b">opa\x00que<"), "not_well_formed"),
    "soap": (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">' + GENUINE + b"</s:Envelope>",
        "namespace_not_allowed",
    ),
}


HOSTILE = {**TRANSFORMS, **INCLUSIONS, **MEASURES}


def refused_unseen(name: str, watch: Watch) -> None:
    """A document is refused as it should be before any library sees it."""
    document, code = HOSTILE[name]
    began = time.perf_counter()
    assert p.refusal(document, parties=p.PLAIN) == code
    assert watch.reached == []
    assert time.perf_counter() - began < 5  # a guard against hanging; the figures are in the bench


@pytest.mark.attack("S05")
@pytest.mark.parametrize("name", TRANSFORMS)
def test_other_transforms_than_the_two_are_refused_before_any_library(name: str, watch: Watch) -> None:
    refused_unseen(name, watch)


@pytest.mark.attack("S06")
@pytest.mark.parametrize("name", INCLUSIONS)
def test_what_would_bring_something_in_is_refused_before_any_library(name: str, watch: Watch) -> None:
    refused_unseen(name, watch)


@pytest.mark.attack("S13")
@pytest.mark.parametrize("name", [name for name, (_, code) in MEASURES.items() if code])
def test_what_is_too_much_or_no_document_is_refused_before_any_library(name: str, watch: Watch) -> None:
    refused_unseen(name, watch)


def test_a_byte_order_mark_changes_nothing() -> None:
    assert p.submit(HOSTILE["byte order mark"][0], parties=p.PLAIN).name.value == "opaque"


def test_metadata_with_an_entity_is_refused() -> None:
    document = b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><m>&x;</m>'
    with pytest.raises(SamlRefused, match="doctype"):
        documents.metadata(document)
