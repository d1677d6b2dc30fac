"""npm samlp as identity provider: its answers, encrypted with AES-256-GCM, come in at our door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iam.domain.assurance import Assurance
from iam.sandbox.identity_providers.saml_keys import rsa_pair
from tests.saml import premises as p
from tests.saml.door_scene import FAS_ENTITY, FAS_LEVELS, NODE_ENTITY, Scene, request_of

Run = Callable[[str, dict[str, Any]], dict[str, Any]]
PERSON = {
    f"{p.NATURAL}/PersonIdentifier": "NL/BE/4711",
    f"{p.NATURAL}/CurrentFamilyName": "Jansen",
    f"{p.NATURAL}/CurrentGivenName": "Sanne",
    f"{p.NATURAL}/DateOfBirth": "1990-02-03",
}


class Peer:
    """samlp with a key of its own, and our door."""

    def __init__(self, folder: Path, run: Run) -> None:
        now = datetime.now(UTC)
        self.pair = rsa_pair("samlp", now)
        self.scene = Scene(folder)
        self.scene.clock.at = now
        self.scene.write_metadata(key=self.pair)
        self._run = run

    def answer(self, fields: dict[str, str], attributes: dict[str, str], **changes: Any) -> bytes:
        """What samlp answers to a request of ours."""
        request = request_of(fields)
        [certificate] = self.scene.keys.published("saml-decryption-rsa")
        public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        acs = request.get("AssertionConsumerServiceURL")
        options = {
            "issuer": NODE_ENTITY,
            "cert": self.pair.certificate_pem.decode(),
            "key": self.pair.pem.decode(),
            "signResponse": True,
            "signAssertion": True,
            "signatureAlgorithm": "rsa-sha256",
            "digestAlgorithm": "sha256",
            "destination": acs,
            "recipient": acs,
            "audience": request.findtext("{*}Issuer"),
            "inResponseTo": request.get("ID"),
            "lifetimeInSeconds": 300,
            "authnContextClassRef": f"{p.LOA}high",
            "nameIdentifierFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            "encryptionCert": certificate.public_bytes(Encoding.PEM).decode(),
            "encryptionPublicKey": public.decode(),
            "encryptionAlgorithm": "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        }
        given = {"options": options | changes, "attributes": attributes}
        told = str(self._run("saml_identity_provider.mjs", given)["response"])
        self.scene.clock.at = datetime.now(UTC)
        return told.encode()


@pytest.fixture
def peer(tmp_path: Path, node_script: Run) -> Peer:
    return Peer(tmp_path, node_script)


def test_an_answer_signed_twice_and_encrypted_with_aes_256_gcm_is_accepted(peer: Peer) -> None:
    fields = peer.scene.leave()
    message = peer.answer(fields, PERSON)
    assert b"aes256-gcm" in message
    assert b"4711" not in message
    assert peer.scene.answer(fields, message).status_code == 303, peer.scene.hall.turned
    [proven] = peer.scene.hall.welcomed
    assert (proven.subject, proven.assurance) == ("NL/BE/4711", Assurance.HIGH)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encryptionCert": None}, "not_encrypted"),
        ({"signResponse": False}, "unsigned"),
        ({"signAssertion": False}, "unsigned"),
        ({"signatureAlgorithm": "rsa-sha1", "digestAlgorithm": "sha1"}, "signature_algorithm_not_allowed"),
        (
            {
                "encryptionAlgorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
                "disallowEncryptionWithInsecureAlgorithm": False,
            },
            "content_encryption_not_allowed",
        ),
    ],
)
def test_an_answer_that_is_protected_less_is_refused(peer: Peer, changes: dict[str, Any], reason: str) -> None:
    fields = peer.scene.leave()
    peer.scene.answer(fields, peer.answer(fields, PERSON, **changes))
    assert peer.scene.refused[1] == reason


def test_the_federal_service_played_by_it_tells_the_belgian_number(peer: Peer) -> None:
    fields = peer.scene.leave_to_fas()
    level = next(name for name, worth in FAS_LEVELS.items() if worth is Assurance.HIGH)
    attributes = {"egovNRN": "85073003328", "surname": "Peeters", "givenName": "An"}
    message = peer.answer(fields, attributes, issuer=FAS_ENTITY, authnContextClassRef=level)
    assert peer.scene.answer(fields, message, "saml/fas").status_code == 303, peer.scene.hall.turned
    assert peer.scene.hall.welcomed[0].niss is not None
