"""Documents: the filter's entrances, for responses, decrypted assertions, messages about log-outs, and metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from saml.filter.encryption_shape import check_encryption
from saml.filter.logout_shape import LOGOUT_REQUEST, LOGOUT_RESPONSE
from saml.filter.response_shape import DECRYPTED, RESPONSE
from saml.filter.scanning import Seen, scanned
from saml.filter.shapes import Shape, check
from saml.filter.signature_shape import SIGNATURE, check_signature
from saml.names import OF_METADATA, OF_RESPONSES, SAML, XML, ds, md, named, saml, samlp
from saml.refusals import SamlRefused

_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_OWN: Final = "own"
"""How our prefix around a decrypted assertion begins: being longer than all others, it is none of them."""
_ID_NAMES: Final = frozenset({"ID", "Id", "id", named(XML, "id")})


def response(octets: bytes) -> etree._Element:
    """The tree of a response, if it is plainly one that we expect.

    Raises:
        SamlRefused: with the code of what it is not; neither xmlsec nor python3-saml has then seen it.
    """
    root = _tree(octets, OF_RESPONSES)
    if root.tag != samlp("Response"):
        raise SamlRefused("not_a_response")
    check(root, RESPONSE)
    encrypted, plain = root.find(saml("EncryptedAssertion")), root.find(saml("Assertion"))
    if encrypted is not None and plain is not None:
        raise SamlRefused("two_assertions")
    if encrypted is not None:
        check_encryption(encrypted)
    _check_identifiers(root)
    _check_signatures(root)
    return root


def assertion(octets: bytes, around: Mapping[str | None, str]) -> etree._Element:
    """The tree of an assertion that was decrypted; `around` are the prefixes declared where it was found.

    Raises:
        SamlRefused: as `response` does.
    """
    own = _OWN + max((prefix or "" for prefix in around), key=len, default="")
    declared = {**around, own: SAML}
    opening = "".join(f" xmlns{':' * bool(prefix)}{prefix or ''}={quoteattr(uri)}" for prefix, uri in declared.items())
    wrapped = f"<{own}:EncryptedAssertion{opening}>".encode() + octets + f"</{own}:EncryptedAssertion>".encode()
    root = _tree(wrapped, OF_RESPONSES)
    check(root, DECRYPTED)
    _check_identifiers(root)
    _check_signatures(root)
    return root[0]


def logout_request(octets: bytes) -> etree._Element:
    """The tree of a request to end sessions.

    Raises:
        SamlRefused: as `response` does.
    """
    return _message(octets, samlp("LogoutRequest"), LOGOUT_REQUEST)


def logout_response(octets: bytes) -> etree._Element:
    """The tree of what an identity provider says of a session that it was to end.

    Raises:
        SamlRefused: as `response` does.
    """
    return _message(octets, samlp("LogoutResponse"), LOGOUT_RESPONSE)


def metadata(octets: bytes) -> etree._Element:
    """The tree of one entity's metadata; of its many extensions only the namespaces are judged, for none is read.

    Raises:
        SamlRefused: as `response` does.
    """
    root = _tree(octets, OF_METADATA)
    if root.tag != md("EntityDescriptor"):
        raise SamlRefused("not_metadata")
    signatures = list(root.iter(ds("Signature")))
    if any(each.getparent() is not root for each in signatures) or len(signatures) > 1:
        raise SamlRefused("signature_misplaced")
    for signature in signatures:
        check(signature, SIGNATURE)
    _check_identifiers(root)
    _check_signatures(root)
    return root


def again(octets: bytes) -> etree._Element:
    """The tree of what was written out here, from a tree that passed the filter."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
        strip_cdata=False,
    )
    return etree.fromstring(octets, parser)


def _message(octets: bytes, name: str, shape: Shape) -> etree._Element:
    root = _tree(octets, OF_RESPONSES)
    if root.tag != name:
        raise SamlRefused("not_about_a_logout")
    check(root, shape)
    _check_identifiers(root)
    _check_signatures(root)
    return root


def _tree(octets: bytes, namespaces: frozenset[str]) -> etree._Element:
    seen = scanned(octets, namespaces)
    try:
        root = again(octets)
    except (etree.XMLSyntaxError, ValueError):
        raise SamlRefused("not_well_formed") from None
    if [_seen(element) for element in root.iter()] != seen:
        raise SamlRefused("two_readings", "the two parsers read different things")
    return root


def _seen(element: etree._Element) -> Seen:
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return Seen(str(element.tag), attributes, element.text or "")


def _check_identifiers(root: etree._Element) -> None:
    """No identifier stands twice, whichever attribute holds it, and none is called `xml:id`."""
    known: set[str] = set()
    for element in root.iter():
        for name in _ID_NAMES.intersection(str(name) for name in element.attrib):
            value = element.get(name) or ""
            if name == named(XML, "id") or not _ID.fullmatch(value):
                raise SamlRefused("identifier_not_allowed")
            if value in known:
                raise SamlRefused("identifier_repeated")
            known.add(value)


def _check_signatures(root: etree._Element) -> None:
    for signature in root.iter(ds("Signature")):
        check_signature(signature)
