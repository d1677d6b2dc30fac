"""The door in a portal, with a recording hall, our keys in memory, and metadata files of two identity providers."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.sandbox.identity_providers.saml_keys import Pair, rsa_pair
from iam.sandbox.identity_providers.saml_messages import Said, Testimony, assertion, response
from iam.sandbox.identity_providers.saml_metadata import identity_provider_metadata
from iam.sandbox.identity_providers.saml_protection import encrypted, signed
from iam.storage.memory import MemoryArchive
from iam.web.portal import PortalParts, create_portal
from saml.door import saml_login_blueprint
from saml.own_keys import SamlKeys
from saml.peer_metadata import KnownPeers
from saml.service_provider import ServiceProvider
from tests.oidc.provider.premises import MemoryChest
from tests.saml import premises as p
from tests.saml.logouts import Behind
from tests.storage.clocks import SetClock
from tests.web.a_hall import RecordingHall, hall_with

BASE = "https://procura.example.org"
VISIT = "v" * 43
METADATA_SIGNER = rsa_pair("metadata", p.NOW)
NODE_ENTITY = "https://node.example.org/metadata"
FAS_ENTITY = "https://fas.example.org/metadata"
LEVELS = {**p.LEVELS, "http://eidas.europa.eu/NotNotified/LoA/substantial": Assurance.SUBSTANTIAL}
FAS_LEVELS = {
    "urn:be:fedict:iam:fas:citizen:Level300": Assurance.LOW,
    "urn:be:fedict:iam:fas:citizen:Level400": Assurance.SUBSTANTIAL,
    "urn:be:fedict:iam:fas:citizen:Level500": Assurance.HIGH,
}
_CHEST = MemoryChest()
_LABELS = {language: "the node" for language in ("nl", "fr", "de", "en")}
OwnPair = tuple[str, bytes]


@dataclass
class Scene:
    """The door, one browser, and the files of an operator."""

    folder: Path
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Settings that differ, by provider."""

    def __post_init__(self) -> None:
        self.clock = SetClock()
        self.clock.at = p.NOW
        self.write_metadata()
        self.hall: RecordingHall = hall_with([self.eidas(), self.fas()])
        self.keys = SamlKeys(MemoryArchive(self.clock), _CHEST, Sealer(bytes(range(32))), self.clock, "procura")
        randomness = SystemRandomness()
        self.ours = ServiceProvider(BASE, self.keys, KnownPeers(production=False), self.clock, randomness)
        self.behind = Behind(self.hall, self.ours, self.clock)
        parts = PortalParts(base_url=BASE, randomness=randomness, guard=lambda *_: None, present=lambda: None)
        self.app = create_portal(parts, [saml_login_blueprint(self.hall, self.ours, self.behind.logouts)])
        self.client: FlaskClient = self.app.test_client()
        self.client.set_cookie("__Host-procura-visit", VISIT, domain="procura.example.org", secure=True)

    def write_metadata(self, signer: Pair = METADATA_SIGNER, key: Pair = p.NODE, **told: Any) -> None:
        """Write the files of both providers and the certificate that signs the node's."""
        node = identity_provider_metadata(NODE_ENTITY, "https://node.example.org/sso", key, **told)
        (self.folder / "node.xml").write_bytes(etree.tostring(signed(node, signer)))
        (self.folder / "node.pem").write_bytes(METADATA_SIGNER.certificate_pem)
        log_out = "https://fas.example.org/slo"
        fas = identity_provider_metadata(FAS_ENTITY, "https://fas.example.org/sso", key, log_out=log_out)
        (self.folder / "fas.xml").write_bytes(etree.tostring(fas))

    def eidas(self) -> LoginProvider:
        """The eIDAS node as configured."""
        settings = {
            "metadata": str(self.folder / "node.xml"),
            "metadata_certificates": str(self.folder / "node.pem"),
            "countries": ["NL", "DE", "LV"],
            "not_notified": ["LV"],
            "enterprises": True,
        }
        return _provider(
            "node", ProviderKind.EIDAS, LoginKey.EIDAS, LEVELS, {**settings, **self.settings.get("node", {})}
        )

    def fas(self) -> LoginProvider:
        """The federal service as configured."""
        settings = {"metadata": str(self.folder / "fas.xml"), "signature": "rsa-sha256"}
        return _provider(
            "fas", ProviderKind.SAML, LoginKey.FAS, FAS_LEVELS, {**settings, **self.settings.get("fas", {})}
        )

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=BASE)

    def post(self, path: str, **data: str) -> TestResponse:
        """Send a form of ours."""
        page = self.get("/sign-in/eidas/node/country").get_data(as_text=True)
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        return self.client.post(path, data={"csrf_token": token, **data}, base_url=BASE)

    def leave(self, country: str = "NL", whom: str = "self") -> dict[str, str]:
        """Begin a login at the node; the fields that the browser posts there."""
        answer = self.post("/sign-in/eidas/node/country", country=country, whom=whom)
        assert answer.status_code == 200, self.hall.turned
        return fields_of(answer)

    def leave_to_fas(self) -> dict[str, str]:
        """Begin a login at the federal service."""
        answer = self.post("/sign-in/saml/fas/start")
        assert answer.status_code == 200, self.hall.turned
        return fields_of(answer)

    def answer(
        self, fields: dict[str, str], message: etree._Element | bytes, place: str = "eidas/node"
    ) -> TestResponse:
        """Post an answer where it belongs."""
        octets = p.octets(message)
        data = {"SAMLResponse": b64encode(octets).decode(), "RelayState": fields["RelayState"]}
        return self.client.post(f"/sign-in/{place}/acs", data=data, base_url=BASE)

    def told(self, fields: dict[str, str], **changes: Any) -> Testimony:
        """What the node says of a login that began with these fields."""
        request = request_of(fields)
        told = Testimony(
            issuer=NODE_ENTITY,
            destination=request.get("AssertionConsumerServiceURL") or "",
            audience=request.findtext("{*}Issuer") or "",
            in_response_to=request.get("ID") or "",
            at=self.clock.at,
            level=f"{p.LOA}high",
            name_id="opaque",
            attributes=p.PERSON,
        )
        return replace(told, **changes)

    def response(self, told: Testimony, kind: str = "rsa") -> etree._Element:
        """A signed response with an encrypted assertion."""
        [certificate] = self.keys.published(f"saml-decryption-{kind}")
        inside = encrypted(signed(p.again(assertion(told)), p.NODE), certificate.public_bytes(Encoding.PEM))
        return signed(p.again(response(told, inside)), p.NODE)

    def login(self, country: str = "NL", whom: str = "self", **changes: Any) -> TestResponse:
        """A login at the node from beginning to end."""
        fields = self.leave(country, whom)
        return self.answer(fields, self.response(self.told(fields, **changes)))

    @property
    def refused(self) -> tuple[str, str]:
        """The last refusal: what the person was told and what the log was."""
        _, code, detail = self.hall.turned[-1]
        return code, detail


def hidden(answer: TestResponse) -> dict[str, str]:
    """The hidden fields of a page."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.get_data(as_text=True)))
    return {name: unescape(value) for name, value in found.items() if name != "csrf_token"}


def fields_of(answer: TestResponse) -> dict[str, str]:
    """The hidden fields of a page that leaves, and where its form goes."""
    page = answer.get_data(as_text=True)
    [action] = re.findall(r'(?:action|href)="([^"]+)"[^>]* data-goes-on', page)
    return hidden(answer) | {"": unescape(action)}


def request_of(fields: dict[str, str]) -> etree._Element:
    """The request in a form."""
    return etree.fromstring(b64decode(fields["SAMLRequest"]))


def said(space: str, name: str, value: str) -> Said:
    """One attribute of the eIDAS profile."""
    return Said(f"{space}/{name}", value, name, space, f"{name}Type")


def _provider(
    name: str, kind: ProviderKind, key: LoginKey, levels: dict[str, Assurance], settings: dict[str, Any]
) -> LoginProvider:
    return LoginProvider(
        id=name,
        kind=kind,
        key=key,
        enabled=True,
        highest=Assurance.HIGH,
        levels=levels,
        labels=_LABELS,
        settings=settings,
    )
