"""A response as it should be comes in, with every algorithm that is accepted, and what was signed is what is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_messages import assertion, response
from iam.sandbox.identity_providers.saml_protection import RSA_SHA256, encrypted, signed
from saml.pinned_keys import pinned
from tests.saml import premises as p
from tests.saml.conftest import Watch


@pytest.mark.parametrize("recipient", [p.OURS, p.OURS_EC], ids=["rsa-oaep", "key-agreement"])
@pytest.mark.parametrize("key", [p.NODE, p.NODE_EC], ids=["rsa-pss", "ecdsa"])
def test_a_signed_and_encrypted_response_is_accepted(key: Pair, recipient: Pair, watch: Watch) -> None:
    peer = replace(p.PEER, keys=(pinned(key.certificate),))
    message = p.octets(p.a_response(key=key, recipient=recipient))
    watch.reached.clear()
    said = p.submit(message, parties=replace(p.PARTIES, peer=peer))
    assert said.attributes[f"{p.NATURAL}/PersonIdentifier"] == ("NL/BE/12345",)
    assert "python3-saml" in watch.reached
    assert watch.reached.count("xmlsec") >= 3  # the message, the assertion, and the library for itself


def test_older_padding_with_sha256_is_accepted() -> None:
    inside = signed(p.again(assertion(p.TOLD)), p.NODE, RSA_SHA256)
    message = signed(p.again(response(p.TOLD, encrypted(inside, p.OURS.certificate_pem))), p.NODE, RSA_SHA256)
    assert p.submit(message).level == f"{p.LOA}high"


def test_a_second_key_of_the_metadata_is_accepted_while_keys_change() -> None:
    both = replace(p.PEER, keys=(pinned(p.STRANGER.certificate), pinned(p.NODE.certificate)))
    assert p.submit(p.a_response(), parties=replace(p.PARTIES, peer=both)).issuer == p.PEER.entity


def test_plain_assertions_are_accepted_where_the_provider_is_configured_so() -> None:
    assert p.submit(p.a_plain_response(), parties=p.PLAIN).name.value == "opaque"


def test_a_signed_message_suffices_where_the_provider_is_configured_so() -> None:
    message = signed(p.again(response(p.TOLD, assertion(p.TOLD))), p.NODE)
    assert p.submit(message, parties=p.MESSAGE_ALONE).name.value == "opaque"


def test_a_signed_assertion_suffices_where_the_provider_is_configured_so() -> None:
    message = response(p.TOLD, p.an_assertion())
    assert p.submit(message, parties=p.ASSERTION_ALONE).name.value == "opaque"


def test_of_a_name_in_two_scripts_the_latin_one_is_read() -> None:
    message = p.a_response(change=lambda assertion: _write_greek_too(assertion, "false"))
    assert p.submit(message).attributes[f"{p.NATURAL}/CurrentFamilyName"] == ("Jansen",)


@pytest.mark.parametrize("mark", ["FALSE", "no", "", "00", "Latin"])
def test_a_script_that_is_told_unclearly_is_refused(mark: str) -> None:
    assert p.refusal(p.a_response(change=lambda assertion: _write_greek_too(assertion, mark))) in {
        "script_unclear",
        "library_refused",
    }


def _write_greek_too(assertion: etree._Element, mark: str) -> None:
    name = assertion.find(".//{*}Attribute[@FriendlyName='FamilyName']")
    assert name is not None
    greek = p.again(name[0])
    greek.text = "Γιάνσεν"
    greek.set(f"{{{p.NATURAL}}}LatinScript", mark)
    name.append(greek)
