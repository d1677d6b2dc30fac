"""pysaml2 as identity provider, with xmlsec1's own encryption: its answers come in at our door."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import saml2.entity
import saml2.sigver
from cryptography.hazmat.primitives.serialization import Encoding
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_TRANSIENT, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from iam.domain.assurance import Assurance
from iam.sandbox.identity_providers.saml_keys import Pair, rsa_pair
from tests.engines import program
from tests.saml import premises as p
from tests.saml.door_scene import BASE, FAS_ENTITY, NODE_ENTITY, Scene, request_of
from tests.saml.logout_scene import LogoutScene

AES_256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
NAMES = ("PersonIdentifier", "CurrentFamilyName", "CurrentGivenName", "DateOfBirth")
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
IDENTITY = dict(zip(NAMES, ("NL/BE/4711", "Jansen", "Sanne", "1990-02-03"), strict=True))


class Peer:
    """pysaml2's server, which knows us by our own metadata, and our door."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.pair: Pair = rsa_pair("pysaml2", now)
        self.scene = Scene(folder, {"node": {"signature": "rsa-sha256"}})  # its xmlsec1 knows no RSA-PSS
        self.scene.clock.at = now
        self.scene.write_metadata(key=self.pair)
        (folder / "key.pem").write_bytes(self.pair.pem)
        (folder / "certificate.pem").write_bytes(self.pair.certificate_pem)
        metadata = self.scene.get("/sign-in/eidas/node/metadata").get_data()
        (folder / "procura.xml").write_bytes(metadata)
        maps = folder / "maps"
        maps.mkdir()
        names = {f"{p.NATURAL}/{name}": name for name in NAMES}
        turned = {name: uri for uri, name in names.items()}
        (maps / "eidas.py").write_text(f"MAP = {{'identifier': {URI!r}, 'fro': {names!r}, 'to': {turned!r}}}\n")
        self.server = Server(config=IdPConfig().load(self._configuration(folder, maps)))

    def _configuration(self, folder: Path, maps: Path) -> dict[str, Any]:
        return {
            "entityid": NODE_ENTITY,
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [("https://node.example.org/sso", saml2.BINDING_HTTP_POST)]
                    },
                    "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": URI}},
                    "want_authn_requests_signed": True,
                }
            },
            "key_file": str(folder / "key.pem"),
            "cert_file": str(folder / "certificate.pem"),
            "metadata": {"local": [str(folder / "procura.xml")]},
            "attribute_map_dir": str(maps),
            "xmlsec_binary": str(program("xmlsec1")),
        }

    def answer(self, fields: dict[str, str], **changes: Any) -> bytes:
        """What pysaml2 answers to a request of ours, after it verified that itself."""
        asked = self.server.parse_authn_request(fields["SAMLRequest"], saml2.BINDING_HTTP_POST)
        assert asked is not None
        request = request_of(fields)
        [certificate] = self.scene.keys.published("saml-decryption-rsa")
        given = {
            "in_response_to": request.get("ID"),
            "destination": request.get("AssertionConsumerServiceURL"),
            "sp_entity_id": f"{BASE}/sign-in/eidas/node/metadata",
            "authn": {"class_ref": f"{p.LOA}high", "authn_instant": int(self.scene.clock.at.timestamp())},
            "sign_response": True,
            "sign_assertion": True,
            "encrypt_assertion": True,
            "encrypt_cert_assertion": b64encode(certificate.public_bytes(Encoding.DER)).decode(),
            "sign_alg": SIG_RSA_SHA256,
            "digest_alg": DIGEST_SHA256,
        }
        return str(self.server.create_authn_response(IDENTITY, userid="sanne", **given | changes)).encode()


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A peer that encrypts with AES-256-GCM, which pysaml2 leaves to whoever calls its parts."""
    logging.getLogger("saml2").setLevel(logging.CRITICAL)
    part = partial(saml2.sigver.pre_encryption_part, msg_enc=AES_256_GCM)
    encrypt = saml2.sigver.CryptoBackendXmlSec1.encrypt_assertion
    monkeypatch.setattr(saml2.entity, "pre_encryption_part", part)
    monkeypatch.setattr(
        saml2.sigver.CryptoBackendXmlSec1,
        "encrypt_assertion",
        lambda self, statement, key, template, _type, path=None: encrypt(
            self, statement, key, template, "aes-256", path
        ),
    )
    yield Peer(tmp_path)


def test_an_answer_signed_twice_and_encrypted_with_aes_256_gcm_is_accepted(peer: Peer) -> None:
    fields = peer.scene.leave()
    message = peer.answer(fields)
    assert b"aes256-gcm" in message
    assert b"4711" not in message
    assert peer.scene.answer(fields, message).status_code == 303, peer.scene.hall.turned
    [proven] = peer.scene.hall.welcomed
    assert (proven.subject, proven.assurance) == ("NL/BE/4711", Assurance.HIGH)


def test_an_answer_in_plain_text_is_refused(peer: Peer) -> None:
    fields = peer.scene.leave()
    peer.scene.answer(fields, peer.answer(fields, encrypt_assertion=False))
    assert peer.scene.refused[1] == "not_encrypted"


def test_an_answer_signed_once_is_refused(peer: Peer) -> None:
    for unsigned in ({"sign_response": False}, {"sign_assertion": False}):
        fields = peer.scene.leave()
        peer.scene.answer(fields, peer.answer(fields, **unsigned))
        assert peer.scene.refused[1] == "unsigned"


class FederalPeer:
    """pysaml2's server as FAS, which ends sessions with ours, and a person who is logged in by it."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.pair: Pair = rsa_pair("pysaml2", now)
        self.scene = LogoutScene(folder)
        self.scene.clock.at = now
        self.scene.write_metadata()
        self.login = self.scene.enter("_pysaml2-name", "_pysaml2-session")
        self.scene.write_metadata(key=self.pair)
        (folder / "key.pem").write_bytes(self.pair.pem)
        (folder / "certificate.pem").write_bytes(self.pair.certificate_pem)
        (folder / "procura.xml").write_bytes(self.scene.get("/sign-in/saml/fas/metadata").get_data())
        place = "https://fas.example.org/slo"
        endpoints = [(place, saml2.BINDING_HTTP_POST), (place, saml2.BINDING_HTTP_REDIRECT)]
        self.server = Server(
            config=IdPConfig().load(
                {
                    "entityid": FAS_ENTITY,
                    "service": {"idp": {"endpoints": {"single_logout_service": endpoints}}},
                    "key_file": str(folder / "key.pem"),
                    "cert_file": str(folder / "certificate.pem"),
                    "metadata": {"local": [str(folder / "procura.xml")]},
                    "xmlsec_binary": str(program("xmlsec1")),
                }
            )
        )


@pytest.fixture
def federal(tmp_path: Path) -> FederalPeer:
    logging.getLogger("saml2").setLevel(logging.CRITICAL)
    return FederalPeer(tmp_path)


def test_a_log_out_of_ours_is_understood_and_its_confirmation_taken(federal: FederalPeer) -> None:
    fields = federal.scene.left(federal.login)
    asked = federal.server.parse_logout_request(fields["SAMLRequest"], saml2.BINDING_HTTP_POST)
    assert asked is not None
    assert asked.message.name_id.text == "_pysaml2-name"
    assert [each.text for each in asked.message.session_index] == ["_pysaml2-session"]
    answer = federal.server.create_logout_response(
        asked.message, [saml2.BINDING_HTTP_POST], sign=True, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256
    )
    came = federal.scene.by_form("logged-out", str(answer).encode(), fields["RelayState"])
    assert (came.status_code, came.location) == (303, "/sign-in?signed_out=yes"), federal.scene.hall.turned


@pytest.mark.parametrize("binding", [saml2.BINDING_HTTP_POST, saml2.BINDING_HTTP_REDIRECT], ids=["form", "redirect"])
def test_a_log_out_there_ends_the_session_here_and_our_answer_is_understood(federal: FederalPeer, binding: str) -> None:
    by_form = binding == saml2.BINDING_HTTP_POST
    name = NameID(text="_pysaml2-name", format=NAMEID_FORMAT_TRANSIENT)
    identifier, request = federal.server.create_logout_request(
        f"{BASE}/sign-in/saml/fas/logout",
        FAS_ENTITY,
        name_id=name,
        session_indexes=["_pysaml2-session"],
        sign=by_form,
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
    )
    if by_form:
        answer = federal.scene.by_form("logout", str(request).encode())
    else:
        sent = federal.server.apply_binding(
            binding, str(request), f"{BASE}/sign-in/saml/fas/logout", "theirs", sign=True, sigalg=SIG_RSA_SHA256
        )
        answer = federal.scene.by_redirect("logout", dict(sent["headers"])["Location"].partition("?")[2])
    assert answer.status_code == 303, federal.scene.hall.turned
    assert not federal.scene.lives(federal.login)
    told = parse_qs(urlsplit(answer.location).query)
    understood = federal.server.parse_logout_request_response(told["SAMLResponse"][0], saml2.BINDING_HTTP_REDIRECT)
    assert (understood.in_response_to, understood.status_ok()) == (identifier, True)
