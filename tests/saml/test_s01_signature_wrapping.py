"""Wrapping: whatever is moved, copied or hidden around a genuine signature, the filter refuses before any library."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from saml.names import SAML, ds, saml, samlp
from saml.reception import Parties
from saml.refusals import SamlRefused
from tests.saml import premises as p
from tests.saml.conftest import Watch

Attack = Callable[[], etree._Element]


def _parts() -> tuple[etree._Element, etree._Element, etree._Element]:
    """A genuine plain response, its assertion, and a forged copy of that assertion without signature."""
    message = p.again(p.a_plain_response())
    genuine = message.find(saml("Assertion"))
    assert genuine is not None
    forged = p.again(genuine)
    signature = forged.find(ds("Signature"))
    assert signature is not None
    forged.remove(signature)
    forged.set("ID", "_forged")
    for value in forged.iter(saml("AttributeValue")):
        value.text = "NL/BE/99999"
    return message, genuine, forged


def _signature(element: etree._Element) -> etree._Element:
    found = element.find(ds("Signature"))
    assert found is not None
    return found


def response_around_genuine_response_in_its_signature() -> etree._Element:
    message, _, _ = _parts()
    outer = p.again(message)
    outer.set("ID", "_outer")
    inner = p.again(message)
    inner.remove(_signature(inner))
    _signature(outer).append(inner)
    return outer


def genuine_response_as_sibling_before_the_signature() -> etree._Element:
    message, _, _ = _parts()
    outer = p.again(message)
    outer.set("ID", "_outer")
    outer.insert(0, message)
    return outer


def forged_assertion_before_the_genuine_one() -> etree._Element:
    message, genuine, forged = _parts()
    genuine.addprevious(forged)
    return message


def forged_assertion_after_the_genuine_one() -> etree._Element:
    message, genuine, forged = _parts()
    genuine.addnext(forged)
    return message


def genuine_assertion_inside_the_forged_one() -> etree._Element:
    message, genuine, forged = _parts()
    genuine.addprevious(forged)
    forged.append(genuine)
    return message


def forged_assertion_takes_the_signature_that_holds_the_genuine_one() -> etree._Element:
    message, genuine, forged = _parts()
    signature = _signature(genuine)
    genuine.addprevious(forged)
    genuine.remove(signature)
    forged.insert(1, signature)
    signature.append(genuine)
    return message


def genuine_assertion_in_extensions() -> etree._Element:
    message, genuine, forged = _parts()
    extensions = etree.Element(samlp("Extensions"))
    message.insert(1, extensions)
    message.append(forged)
    extensions.append(genuine)
    return message


def genuine_assertion_in_an_object_of_the_signature() -> etree._Element:
    message, genuine, forged = _parts()
    signature = _signature(genuine)
    genuine.remove(signature)
    forged.insert(1, signature)
    message.replace(genuine, forged)
    etree.SubElement(signature, ds("Object")).append(genuine)
    return message


def genuine_assertion_in_status_detail() -> etree._Element:
    message, genuine, forged = _parts()
    status = message.find(samlp("Status"))
    assert status is not None
    etree.SubElement(status, samlp("StatusDetail")).append(genuine)
    message.append(forged)
    return message


def genuine_assertion_in_advice() -> etree._Element:
    message, genuine, forged = _parts()
    message.replace(genuine, forged)
    advice = etree.Element(saml("Advice"))
    advice.append(genuine)
    forged.insert(3, advice)
    return message


def genuine_assertion_in_an_attribute_value() -> etree._Element:
    message, genuine, forged = _parts()
    message.replace(genuine, forged)
    value = next(forged.iter(saml("AttributeValue")))
    value.append(genuine)
    return message


def signature_that_signs_its_sibling() -> etree._Element:
    message, genuine, forged = _parts()
    message.replace(genuine, forged)
    forged.insert(1, _signature(genuine))
    return message


def two_signatures_on_one_element() -> etree._Element:
    message, genuine, _ = _parts()
    genuine.insert(1, p.again(_signature(genuine)))
    return message


def two_references() -> etree._Element:
    message, genuine, _ = _parts()
    info = _signature(genuine)[0]
    info.append(p.again(info[2]))
    return message


def two_signed_infos() -> etree._Element:
    message, genuine, _ = _parts()
    _signature(genuine).insert(0, p.again(_signature(genuine)[0]))
    return message


def reference_to_the_whole_document() -> etree._Element:
    message, genuine, _ = _parts()
    _signature(genuine)[0][2].set("URI", "")
    return message


def reference_by_xpointer() -> etree._Element:
    message, genuine, _ = _parts()
    _signature(genuine)[0][2].set("URI", f"#xpointer(id('{genuine.get('ID')}'))")
    return message


def artifact_response_around_a_genuine_response() -> etree._Element:
    message, _, _ = _parts()
    outer = etree.Element(samlp("ArtifactResponse"))
    outer.append(message)
    return outer


def assertion_as_the_document() -> etree._Element:
    _, genuine, _ = _parts()
    return p.again(genuine)


def encrypted_beside_signed() -> etree._Element:
    message, genuine, _ = _parts()
    encrypted = p.a_response().find(saml("EncryptedAssertion"))
    assert encrypted is not None
    genuine.addnext(encrypted)
    return message


ATTACKS: tuple[tuple[Attack, str], ...] = (
    (response_around_genuine_response_in_its_signature, "element_not_allowed"),
    (genuine_response_as_sibling_before_the_signature, "element_not_allowed"),
    (forged_assertion_before_the_genuine_one, "element_repeated"),
    (forged_assertion_after_the_genuine_one, "element_repeated"),
    (genuine_assertion_inside_the_forged_one, "element_not_allowed"),
    (forged_assertion_takes_the_signature_that_holds_the_genuine_one, "element_not_allowed"),
    (genuine_assertion_in_extensions, "element_not_allowed"),
    (genuine_assertion_in_an_object_of_the_signature, "element_not_allowed"),
    (genuine_assertion_in_status_detail, "element_not_allowed"),
    (genuine_assertion_in_advice, "element_not_allowed"),
    (genuine_assertion_in_an_attribute_value, "element_not_allowed"),
    (signature_that_signs_its_sibling, "reference_elsewhere"),
    (two_signatures_on_one_element, "element_repeated"),
    (two_references, "element_repeated"),
    (two_signed_infos, "element_repeated"),
    (reference_to_the_whole_document, "reference_elsewhere"),
    (reference_by_xpointer, "reference_elsewhere"),
    (artifact_response_around_a_genuine_response, "not_a_response"),
    (assertion_as_the_document, "not_a_response"),
    (encrypted_beside_signed, "two_assertions"),
)


@pytest.mark.attack("S01")
@pytest.mark.parametrize(("attack", "code"), ATTACKS, ids=lambda each: getattr(each, "__name__", each))
@pytest.mark.parametrize("parties", [p.PLAIN, p.ASSERTION_ALONE], ids=["both signed", "assertion signed"])
def test_a_wrapped_signature_is_refused_before_any_library_sees_it(
    attack: Attack, code: str, parties: Parties, watch: Watch
) -> None:
    message = p.octets(attack())
    watch.reached.clear()
    assert p.refusal(message, parties=parties) == code
    assert watch.reached == []


def test_the_genuine_response_that_these_attacks_begin_with_is_accepted() -> None:
    assert p.submit(_parts()[0], parties=p.PLAIN).name.value == "opaque"


@pytest.mark.attack("S01")
def test_a_decrypted_assertion_that_wraps_another_is_refused() -> None:
    def nest(assertion: etree._Element) -> None:
        advice = etree.Element(f"{{{SAML}}}Advice")
        advice.append(p.again(assertion))
        assertion.insert(3, advice)

    assert p.refusal(p.a_response(change=nest)) == "element_not_allowed"


def _pieces() -> dict[str, etree._Element]:
    message, genuine, forged = _parts()
    twice = p.again(forged)
    twice.set("ID", genuine.get("ID") or "")
    around = etree.Element(ds("Object"))
    around.append(p.again(genuine))
    encrypted = p.a_response().find(saml("EncryptedAssertion"))
    assert encrypted is not None
    return {
        "forged assertion": forged,
        "forged assertion under the genuine identifier": twice,
        "genuine assertion": p.again(genuine),
        "genuine response": p.again(message),
        "signature": p.again(_signature(genuine)),
        "object around the genuine assertion": around,
        "encrypted assertion": encrypted,
    }


@pytest.mark.attack("S01", "S08", "S11")
@pytest.mark.parametrize("place", ["first", "last", "before", "behind", "instead"])
@pytest.mark.parametrize("piece", list(_pieces()))
def test_nothing_can_be_put_anywhere_into_a_signed_response(piece: str, place: str) -> None:
    """At every element of a genuine response, however it is put there: refused, or what is read is what was signed."""
    count, wanted = len(list(_parts()[0].iter())), _pieces()[piece]
    for number in range(1, count):
        message = _parts()[0]
        target, planted = list(message.iter())[number], p.again(wanted)
        if place == "first":
            target.insert(0, planted)
        elif place == "last":
            target.append(planted)
        elif place == "before":
            target.addprevious(planted)
        elif place == "behind":
            target.addnext(planted)
        else:
            target.getparent().replace(target, planted)  # type: ignore[union-attr]
        for parties in (p.PLAIN, p.ASSERTION_ALONE, p.MESSAGE_ALONE):
            try:
                said = p.submit(message, parties=parties)
            except SamlRefused:
                continue
            assert piece in ("genuine assertion", "signature", "encrypted assertion"), (number, target.tag)
            assert said.attributes[f"{p.NATURAL}/PersonIdentifier"] == ("NL/BE/12345",)
