"""Metadata: ours as providers read it, and theirs, of which nothing is believed that is unsigned, old or not there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import rsa_pair
from iam.sandbox.identity_providers.saml_messages import written
from iam.sandbox.identity_providers.saml_metadata import identity_provider_metadata
from iam.sandbox.identity_providers.saml_protection import signed
from saml.filter import documents
from saml.peer_metadata import read_peer
from saml.pinned_keys import pinned
from saml.signature_check import signed_by
from tests.saml import premises as p
from tests.saml.door_scene import BASE, METADATA_SIGNER, NODE_ENTITY, Scene

ACS = f"{BASE}/sign-in/eidas/node/acs"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_our_metadata_is_signed_and_names_what_answers_need(scene: Scene) -> None:
    answer = scene.get("/sign-in/eidas/node/metadata")
    assert answer.content_type == "application/samlmetadata+xml"
    root = documents.metadata(answer.get_data())
    assert signed_by(root, [pinned(each) for each in scene.keys.published("saml-signing-rsa")])
    assert root.get("entityID") == f"{BASE}/sign-in/eidas/node/metadata"
    service = root.find(".//{*}AssertionConsumerService")
    assert service is not None
    assert service.get("Location") == ACS
    assert [each.get("use") for each in root.iter("{*}KeyDescriptor")] == ["signing", "encryption"]


def test_a_new_key_is_announced_before_it_is_used_and_an_old_one_still_decrypts(scene: Scene) -> None:
    fields = scene.leave()
    before = scene.response(scene.told(fields))
    try:
        scene.keys.rotate("saml-decryption-rsa")
        scene.keys.rotate("saml-signing-rsa")
        assert len(scene.keys.published("saml-signing-rsa")) == 2
        assert len(scene.keys.published("saml-decryption-rsa")) == 1
        old = scene.keys.signing("rsa")
        assert scene.answer(fields, before).status_code == 303
        scene.login()
        assert len(scene.hall.welcomed) == 2
        scene.clock.at += timedelta(days=31)
        assert scene.keys.signing("rsa").kid != old.kid
    finally:
        scene.keys._chest.keep(None, [])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_key_that_answers_are_encrypted_for_is_configured(tmp_path: Path, kind: str) -> None:
    scene = Scene(tmp_path, {"node": {"decryption": kind, "signature": "ecdsa-sha256"}})
    fields = scene.leave()
    assert scene.answer(fields, scene.response(scene.told(fields), kind)).status_code == 303


@pytest.mark.attack("S03", "S12")
def test_metadata_that_changes_on_disk_counts_from_the_next_login(scene: Scene) -> None:
    scene.login()
    scene.write_metadata(key=p.STRANGER)
    scene.login()
    assert scene.refused == ("saml_not_believed", "signature_invalid")


@pytest.mark.attack("S03", "S12")
def test_metadata_that_a_stranger_signed_is_not_believed(scene: Scene) -> None:
    scene.write_metadata(signer=p.STRANGER)
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused[1] == "signature_invalid"


@pytest.mark.attack("S12")
def test_metadata_that_has_expired_is_not_believed(scene: Scene) -> None:
    scene.write_metadata(until=p.NOW)
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused == ("saml_unavailable", "metadata_expired")


@pytest.mark.attack("S12")
def test_metadata_without_signature_is_not_believed_where_it_must_be_signed(scene: Scene) -> None:
    (scene.folder / "node.xml").write_bytes((scene.folder / "fas.xml").read_bytes())
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused[1] == "unsigned"


@pytest.mark.attack("S12")
def test_metadata_that_is_not_there_is_told_as_unavailable(scene: Scene) -> None:
    (scene.folder / "node.xml").unlink()
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused == ("saml_unavailable", "metadata_unreadable")


@pytest.mark.attack("S12")
@pytest.mark.parametrize(("whole", "role"), [(2, 1), (1, 2), (None, 1), (1, None)])
def test_metadata_ends_with_the_first_of_its_own_end_and_that_of_the_role(whole: int | None, role: int | None) -> None:
    until = None if whole is None else p.NOW + timedelta(hours=whole)
    root = identity_provider_metadata(NODE_ENTITY, "https://node.example.org/sso", p.NODE, until)
    if role is not None:
        root[0].set("validUntil", written(p.NOW + timedelta(hours=role)))
    peer = read_peer(etree.tostring(root), None, smallest_rsa=3072, production=False)
    assert peer.valid_until == p.NOW + timedelta(hours=1)


HOSTILE = {
    "an entity": b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><m>&x;</m>',
    "a document type from elsewhere": b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/m.dtd"><m/>',
    "an inclusion": b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
    "entities": b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>',
    "nothing": b"",
    "too much": b"<m>" + b" " * 200_000 + b"</m>",
    "a response": b'<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>',
}


@pytest.mark.attack("S06", "S12")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_no_metadata(scene: Scene, name: str) -> None:
    (scene.folder / "node.xml").write_bytes(HOSTILE[name])
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.hall.turned != []
    assert scene.hall.flows == {}


@pytest.mark.attack("S03", "S04", "S12")
@pytest.mark.parametrize("bits", [1024, 2048])
def test_metadata_with_a_short_key_names_no_key(scene: Scene, bits: int) -> None:
    scene.write_metadata(key=rsa_pair("node", p.NOW, bits=bits))
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused[1] == "key_too_weak"


@pytest.mark.attack("S12")
@pytest.mark.parametrize(
    "address", ["http://node.example.org/sso", "javascript:alert(1)", "//node.example.org/sso", "https:///sso", ""]
)
def test_a_request_never_goes_to_an_address_that_is_none(scene: Scene, address: str) -> None:
    root = identity_provider_metadata(NODE_ENTITY, address, p.NODE)
    (scene.folder / "node.xml").write_bytes(etree.tostring(signed(root, METADATA_SIGNER)))
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused == ("saml_unavailable", "metadata_incomplete")
