"""Keys and algorithms: only pinned keys that are in force verify, and only what the allow-lists name is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.sandbox.identity_providers.saml_keys import rsa_pair
from saml.pinned_keys import from_base64, from_pem, pinned
from saml.refusals import SamlRefused
from tests.saml import premises as p
from tests.saml.conftest import Watch

_SIGNATURE = b"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
_DIGEST = b'DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"'
_CONTENT = b"http://www.w3.org/2009/xmlenc11#aes256-gcm"
_TRANSPORT = b"http://www.w3.org/2009/xmlenc11#rsa-oaep"


@pytest.mark.attack("S03")
def test_a_stranger_whose_certificate_travels_with_the_message_is_refused() -> None:
    assert p.refusal(p.a_response(key=p.STRANGER)) == "signature_invalid"


@pytest.mark.attack("S03")
def test_a_key_whose_certificate_bears_the_same_name_is_refused() -> None:
    assert p.STRANGER.certificate.subject == p.NODE.certificate.subject
    swapped = p.replaced(
        p.a_response(key=p.STRANGER), (p.STRANGER.certificate_base64.encode(), p.NODE.certificate_base64.encode())
    )
    assert p.refusal(swapped) == "signature_invalid"


@pytest.mark.attack("S03")
def test_a_key_whose_certificate_has_expired_is_refused(watch: Watch) -> None:
    old = rsa_pair("node", p.NOW - timedelta(days=400), life=timedelta(days=399))
    peer = replace(p.PEER, keys=(pinned(old.certificate),))
    message = p.octets(p.a_response(key=old))
    watch.reached.clear()
    assert p.refusal(message, parties=replace(p.PARTIES, peer=peer)) == "key_expired"
    assert watch.reached == []


@pytest.mark.attack("S03")
def test_a_key_that_the_metadata_no_longer_names_is_refused() -> None:
    rolled = replace(p.PEER, keys=(pinned(p.STRANGER.certificate),))
    assert p.refusal(p.a_response(), parties=replace(p.PARTIES, peer=rolled)) == "signature_invalid"


@pytest.mark.attack("S03")
def test_expired_metadata_pins_nothing() -> None:
    expired = replace(p.PEER, valid_until=p.NOW)
    assert p.refusal(p.a_response(), parties=replace(p.PARTIES, peer=expired)) == "metadata_expired"


@pytest.mark.attack("S04")
@pytest.mark.parametrize("bits", [1024, 2048])
def test_short_keys_are_never_pinned(bits: int) -> None:
    weak = rsa_pair("node", p.NOW, bits=bits)
    with pytest.raises(SamlRefused, match="key_too_weak"):
        pinned(weak.certificate)


@pytest.mark.attack("S03")
def test_what_is_no_certificate_is_never_pinned() -> None:
    with pytest.raises(SamlRefused, match="certificate_unreadable"):
        from_base64("AAAA")
    with pytest.raises(SamlRefused, match="certificate_unreadable"):
        from_pem(b"nothing")


@pytest.mark.attack("S04")
@pytest.mark.parametrize(
    "algorithm",
    [
        b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        b"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        b"http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        b"http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        b"http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        b"none",
        b"",
    ],
)
def test_other_signature_algorithms_are_refused_before_any_library(algorithm: bytes, watch: Watch) -> None:
    message = p.replaced(p.a_response(), (_SIGNATURE, algorithm))
    watch.reached.clear()
    assert p.refusal(message) == "signature_algorithm_not_allowed"
    assert watch.reached == []


@pytest.mark.attack("S04")
@pytest.mark.parametrize(
    "digest",
    [
        b"http://www.w3.org/2000/09/xmldsig#sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#md5",
        b"http://www.w3.org/2001/04/xmldsig-more#sha224",
        b"http://www.w3.org/2001/04/xmlenc#ripemd160",
    ],
)
def test_other_digests_are_refused_before_any_library(digest: bytes, watch: Watch) -> None:
    message = p.octets(p.a_plain_response())
    message = message.replace(_DIGEST, b'DigestMethod Algorithm="' + digest + b'"')
    watch.reached.clear()
    assert p.refusal(message, parties=p.PLAIN) == "digest_not_allowed"
    assert watch.reached == []


@pytest.mark.attack("S04")
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (_CONTENT, b"http://www.w3.org/2001/04/xmlenc#aes256-cbc", "content_encryption_not_allowed"),
        (_CONTENT, b"http://www.w3.org/2001/04/xmlenc#aes128-cbc", "content_encryption_not_allowed"),
        (_CONTENT, b"http://www.w3.org/2001/04/xmlenc#tripledes-cbc", "content_encryption_not_allowed"),
        (_TRANSPORT, b"http://www.w3.org/2001/04/xmlenc#rsa-1_5", "key_transport_not_allowed"),
        (_TRANSPORT, b"http://www.w3.org/2001/04/xmlenc#kw-aes256", "key_transport_not_allowed"),
        (b"xmlenc11#mgf1sha256", b"xmlenc11#mgf1md5", "key_transport_not_allowed"),
        (b"xmlenc#Element", b"xmlenc#Content", "content_type_not_allowed"),
    ],
)
def test_other_ciphers_are_refused_before_anything_is_decrypted(
    old: bytes, new: bytes, code: str, watch: Watch
) -> None:
    message = p.replaced(p.a_response(), (old, new))
    watch.reached.clear()
    assert p.refusal(message) == code
    assert watch.reached == []


@pytest.mark.attack("S04")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"xmlenc11#ECDH-ES", b"xmlenc11#ECDH-XX"),
        (b"xmlenc11#ConcatKDF", b"xmlenc11#pbkdf2"),
        (b"xmlenc#kw-aes256", b"xmlenc#kw-tripledes"),
        (b"urn:oid:1.2.840.10045.3.1.7", b"urn:oid:1.2.840.10045.3.1.1"),
    ],
)
def test_other_key_agreements_are_refused_before_anything_is_decrypted(old: bytes, new: bytes, watch: Watch) -> None:
    message = p.replaced(p.a_response(recipient=p.OURS_EC), (old, new))
    watch.reached.clear()
    assert p.refusal(message) == "key_agreement_not_allowed"
    assert watch.reached == []
