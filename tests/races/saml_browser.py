"""A browser that logs in by SAML at a running service, and the identity provider that answers it."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import requests
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import rsa_pair
from iam.sandbox.identity_providers.saml_messages import Said, Testimony, assertion, response
from iam.sandbox.identity_providers.saml_metadata import identity_provider_metadata, read_service_provider
from iam.sandbox.identity_providers.saml_profiles import FEDERAL, configuration
from iam.sandbox.identity_providers.saml_protection import encrypted, signed
from tests.running import FORM, PATIENCE, Request

ENTITY = "http://localhost:1/fas/metadata"
PLACE = f"/sign-in/saml/{FEDERAL.id}"
_NUMBER = "85073003328"


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that a browser began."""

    cookie: str
    fields: dict[str, str]

    @property
    def request(self) -> etree._Element:
        """Our request."""
        return etree.fromstring(b64decode(self.fields["SAMLRequest"]))


class FederalService:
    """Plays FAS: its keys, its metadata in a file, and its answers."""

    def __init__(self, folder: Path) -> None:
        self.pair = rsa_pair("fas", datetime.now(UTC))
        self.file = folder / "login-providers.toml"
        metadata, certificates = folder / "fas.xml", folder / "fas.pem"
        root = identity_provider_metadata(ENTITY, "http://localhost:1/fas/sso", self.pair)
        metadata.write_bytes(etree.tostring(signed(root, self.pair)))
        certificates.write_bytes(self.pair.certificate_pem)
        self._configuration = configuration(FEDERAL, str(metadata), str(certificates))
        self.switch(on=True)

    def switch(self, *, on: bool) -> None:
        """Write the configuration, in which it is switched on or off."""
        told = "enabled = true" if on else "enabled = false"
        head, line, rest = self._configuration.partition('kind = "saml"')
        self.file.write_text(f"{head}{told}\n{line}{rest}", encoding="utf-8")

    def answer(self, base_url: str, begun: Begun) -> bytes:
        """A good answer to a login that began."""
        ours = read_service_provider(requests.get(f"{base_url}{PLACE}/metadata", timeout=PATIENCE).content)
        told = Testimony(
            issuer=ENTITY,
            destination=ours.acs,
            audience=ours.entity,
            in_response_to=begun.request.get("ID") or "",
            at=datetime.now(UTC),
            level=next(iter(FEDERAL.levels)),
            name_id="somebody",
            attributes=[Said("egovNRN", _NUMBER)],
        )
        inside = encrypted(signed(_alone(assertion(told)), self.pair), ours.encryption)
        return etree.tostring(signed(_alone(response(told, inside)), self.pair))


def begin(base_url: str) -> Begun:
    """Begin a login in a new browser."""
    page = requests.get(f"{base_url}/sign-in", timeout=PATIENCE)
    cookie = "; ".join(each.partition(";")[0] for each in page.raw.headers.getlist("Set-Cookie"))
    [token, *_] = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)
    leave = requests.post(
        f"{base_url}{PLACE}/start", data={"csrf_token": token}, headers={"Cookie": cookie}, timeout=PATIENCE
    )
    assert leave.status_code == 200, leave.text
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', leave.text)
    return Begun(cookie, {name: unescape(value) for name, value in found})


def delivery(begun: Begun, message: bytes, state: str | None = None) -> Request:
    """An answer on its way back through the browser."""
    told = begun.fields["RelayState"] if state is None else state
    body = urlencode({"SAMLResponse": b64encode(message).decode(), "RelayState": told}).encode()
    return Request("POST", f"{PLACE}/acs", {"Content-Type": FORM, "Cookie": begun.cookie}, body)


def _alone(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))
