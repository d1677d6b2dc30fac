"""Metadata: ours as providers read it, and theirs, of which nothing is believed that is unsigned, old or not there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from iam.sandbox.identity_providers.saml_messages import written
from iam.sandbox.identity_providers.saml_metadata import identity_provider_metadata
from saml.filter import documents
from saml.peer_metadata import read_peer
from saml.pinned_keys import pinned
from saml.signature_check import signed_by
from tests.saml import premises as p
from tests.saml.door_scene import BASE, NODE_ENTITY, Scene

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


def test_metadata_that_changes_on_disk_counts_from_the_next_login(scene: Scene) -> None:
    scene.login()
    scene.write_metadata(key=p.STRANGER)
    scene.login()
    assert scene.refused == ("saml_not_believed", "signature_invalid")


def test_metadata_that_a_stranger_signed_is_not_believed(scene: Scene) -> None:
    scene.write_metadata(signer=p.STRANGER)
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused[1] == "signature_invalid"


def test_metadata_that_has_expired_is_not_believed(scene: Scene) -> None:
    scene.write_metadata(until=p.NOW)
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused == ("saml_unavailable", "metadata_expired")


def test_metadata_without_signature_is_not_believed_where_it_must_be_signed(scene: Scene) -> None:
    (scene.folder / "node.xml").write_bytes((scene.folder / "fas.xml").read_bytes())
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused[1] == "unsigned"


def test_metadata_that_is_not_there_is_told_as_unavailable(scene: Scene) -> None:
    (scene.folder / "node.xml").unlink()
    scene.post("/sign-in/eidas/node/country", country="NL")
    assert scene.refused == ("saml_unavailable", "metadata_unreadable")


@pytest.mark.parametrize(("whole", "role"), [(2, 1), (1, 2), (None, 1), (1, None)])
def test_metadata_ends_with_the_first_of_its_own_end_and_that_of_the_role(whole: int | None, role: int | None) -> None:
    until = None if whole is None else p.NOW + timedelta(hours=whole)
    root = identity_provider_metadata(NODE_ENTITY, "https://node.example.org/sso", p.NODE, until)
    if role is not None:
        root[0].set("validUntil", written(p.NOW + timedelta(hours=role)))
    peer = read_peer(etree.tostring(root), None, smallest_rsa=3072, production=False)
    assert peer.valid_until == p.NOW + timedelta(hours=1)
