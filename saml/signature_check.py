"""Checking of signatures: xmlsec with a pinned key, and out comes exactly what was signed."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import Any, Final

import xmlsec
from cryptography.hazmat.primitives import hashes
from lxml import etree

from saml.algorithms import DIGESTS, SIGNATURES
from saml.base64_text import decoded
from saml.names import EC, ds, named
from saml.pinned_keys import PinnedKey
from saml.refusals import SamlRefused

_PEM: Final = xmlsec.constants.KeyDataFormatPem
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True)
_SIGNED_INFO: Final = f"{ds('Signature')}/{ds('SignedInfo')}"
_REFERENCE: Final = f"{_SIGNED_INFO}/{ds('Reference')}"


def signed_by(element: etree._Element, keys: Iterable[PinnedKey]) -> bytes:
    """What one of these keys signed: the canonical octets of a filtered element, without its signature.

    Only these are to be read further. The steps:

    1. There is a signature, a direct child of the element.
    2. Its algorithm fits the kind of a pinned key.
    3. xmlsec verifies it with that key.
    4. The digest that it signed is the digest of the octets that are returned.

    Raises:
        SamlRefused: `unsigned`, `signature_invalid`.
    """
    signature = element.find(ds("Signature"))
    method = element.find(f"{_SIGNED_INFO}/{ds('SignatureMethod')}")
    if signature is None or method is None:  # (1)
        raise SamlRefused("unsigned")
    _forget_key_info(signature)
    algorithm = SIGNATURES[method.get("Algorithm") or ""]
    fitting = [key for key in keys if key.kind == algorithm.key]  # (2)
    if not any(_verifies(element, signature, key) for key in fitting):  # (3)
        raise SamlRefused("signature_invalid")
    octets = _canonical(element)
    if not compare_digest(_digest(element, octets), _signed_digest(element)):  # (4)
        raise SamlRefused("signature_invalid", "the digest covers something else")
    return octets


def _forget_key_info(signature: etree._Element) -> None:
    """Drop what a signature tells of its key: it covers that not itself, and nobody is to believe it."""
    told = signature.find(ds("KeyInfo"))
    if told is not None:
        signature.remove(told)


def _verifies(element: etree._Element, signature: etree._Element, key: PinnedKey) -> bool:
    context: Any = xmlsec.SignatureContext()
    context.register_id(element, "ID", None)
    context.key = xmlsec.Key.from_memory(key.public_pem, _PEM, None)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def _canonical(element: etree._Element) -> bytes:
    """Exclusive canonical form without the signature.

    The element is written out with every prefix in scope and read again: nodes that are moved from tree to tree may
    change their prefixes, which a signature covers.
    """
    alone = etree.fromstring(etree.tostring(element, with_tail=False), _PARSER)
    signature = alone.find(ds("Signature"))
    if signature is not None:
        _hand_over(signature)
        alone.remove(signature)
    return etree.tostring(
        alone, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=_prefixes(element)
    )


def _hand_over(signature: etree._Element) -> None:
    """The text behind the signature stays where it stood."""
    tail, before, parent = signature.tail, signature.getprevious(), signature.getparent()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail and parent is not None:
        parent.text = (parent.text or "") + tail
    signature.tail = None


def _prefixes(element: etree._Element) -> list[str]:
    inclusive = element.find(f"{_REFERENCE}/{ds('Transforms')}/{ds('Transform')}/{named(EC, 'InclusiveNamespaces')}")
    return [] if inclusive is None else (inclusive.get("PrefixList") or "").split()


def _digest(element: etree._Element, octets: bytes) -> bytes:
    method = element.find(f"{_REFERENCE}/{ds('DigestMethod')}")
    name = "" if method is None else method.get("Algorithm") or ""
    digest = hashes.Hash(DIGESTS[name]())
    digest.update(octets)
    return digest.finalize()


def _signed_digest(element: etree._Element) -> bytes:
    return decoded(element.findtext(f"{_REFERENCE}/{ds('DigestValue')}") or "")
