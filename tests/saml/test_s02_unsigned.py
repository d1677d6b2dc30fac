"""Unsigned: nothing is believed that the asked identity provider did not sign, message and assertion each."""

from __future__ import annotations

import pytest
from lxml import etree

from iam.sandbox.identity_providers.saml_messages import assertion, response
from iam.sandbox.identity_providers.saml_protection import encrypted, signed
from saml.names import ds
from saml.parties import Demands
from tests.saml import premises as p
from tests.saml.conftest import Watch


def _unsigned_message() -> etree._Element:
    return response(p.TOLD, encrypted(p.an_assertion(), p.OURS.certificate_pem))


@pytest.mark.attack("S02")
def test_an_unsigned_message_is_refused_before_anything_is_decrypted(watch: Watch) -> None:
    message = p.octets(_unsigned_message())
    watch.reached.clear()
    assert p.refusal(message) == "unsigned"
    assert watch.reached == []


@pytest.mark.attack("S02")
def test_an_unsigned_assertion_inside_a_signed_message_is_refused() -> None:
    inside = encrypted(assertion(p.TOLD), p.OURS.certificate_pem)
    assert p.refusal(signed(p.again(response(p.TOLD, inside)), p.NODE)) == "unsigned"


@pytest.mark.attack("S02")
def test_an_unsigned_plain_response_is_refused_however_little_is_demanded() -> None:
    message = response(p.TOLD, assertion(p.TOLD))
    for parties in (p.PLAIN, p.MESSAGE_ALONE, p.ASSERTION_ALONE):
        assert p.refusal(message, parties=parties) == "unsigned"


@pytest.mark.attack("S02")
def test_an_assertion_of_a_stranger_inside_a_genuine_message_is_refused() -> None:
    inside = encrypted(p.an_assertion(key=p.STRANGER), p.OURS.certificate_pem)
    assert p.refusal(signed(p.again(response(p.TOLD, inside)), p.NODE)) == "signature_invalid"


@pytest.mark.attack("S02")
@pytest.mark.parametrize("place", [".//{*}Issuer", ".//{*}StatusCode", ".//{*}CipherValue"])
def test_a_change_anywhere_in_a_signed_message_is_refused(place: str, watch: Watch) -> None:
    message = p.again(p.a_response())
    found = message.find(place)
    assert found is not None
    if found.text:
        found.text = "AAAA" + found.text[4:]
    else:
        found.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    octets = p.octets(message)
    watch.reached.clear()
    assert p.refusal(octets) == "signature_invalid"
    assert "decryption" not in watch.reached


@pytest.mark.attack("S02")
def test_a_signature_without_a_value_is_refused() -> None:
    message = p.again(p.a_response())
    signature = message.find(ds("Signature"))
    assert signature is not None
    signature[1].text = ""
    assert p.refusal(message) == "signature_invalid"


@pytest.mark.attack("S11")
def test_what_must_be_encrypted_and_is_not_is_refused() -> None:
    assert p.refusal(p.a_plain_response()) == "not_encrypted"


def test_demands_that_would_believe_unsigned_words_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="something is signed"):
        Demands(message_signed=False, assertion_signed=False)
    with pytest.raises(ValueError, match="signed inside"):
        Demands(assertion_signed=False)
