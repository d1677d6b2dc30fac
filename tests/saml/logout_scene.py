"""A person who is logged in by FAS, and messages about log-outs as FAS would send them, by form and by redirect."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree
from werkzeug.test import TestResponse

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_logout import SessionHere, logout_request, logout_response
from iam.sandbox.identity_providers.saml_messages import TRANSIENT, Said
from iam.sandbox.identity_providers.saml_protection import ECDSA, RSA_SHA256, signed
from iam.services.sessions import Held
from tests.saml import premises as p
from tests.saml.door_scene import BASE, FAS_ENTITY, FAS_LEVELS, Scene, fields_of

PLACE = f"{BASE}/sign-in/saml/fas"
HIGH = list(FAS_LEVELS)[-1]


@dataclass
class Login:
    """A session here, and what FAS calls it."""

    held: Held
    name: str
    index: str


class LogoutScene(Scene):
    """The door, with log-outs."""

    def __init__(self, folder: Path, bindings: tuple[str, ...] = ("POST", "Redirect")) -> None:
        super().__init__(folder)
        file = folder / "fas.xml"
        root = etree.fromstring(file.read_bytes())
        for service in root.findall(".//{*}SingleLogoutService"):
            if (service.get("Binding") or "").rpartition("-")[2] not in bindings:
                service.getparent().remove(service)  # type: ignore[union-attr]
        file.write_bytes(etree.tostring(root))

    def enter(self, name: str = "_name", index: str = "_1", number: str = "85073003328") -> Login:
        """Somebody logs in by FAS."""
        fields = self.leave_to_fas()
        told = self.told(
            fields,
            issuer=FAS_ENTITY,
            level=HIGH,
            name_id=name,
            name_format=TRANSIENT,
            session=index,
            attributes=[Said("egovNRN", number)],
        )
        assert self.answer(fields, self.response(told), "saml/fas").status_code == 303, self.hall.turned
        return Login(self.behind.entered(self.hall.welcomed[-1]), name, index)

    def lives(self, login: Login) -> bool:
        """Whether a session has not ended."""
        return self.behind.lives(login.held)

    def farewell(self, login: Login) -> TestResponse:
        """The page that leads to FAS after a log-out here."""
        way = self.behind.way_out(login.held.session)
        assert way is not None
        return self.get(way.removeprefix(BASE))

    def left(self, login: Login) -> dict[str, str]:
        """What the browser carries to FAS after a log-out here."""
        return fields_of(self.farewell(login))

    def order(
        self, name: str = "_name", index: str = "_1", changes: Mapping[str, str | None] | None = None
    ) -> etree._Element:
        """An unsigned request of FAS to end a session; None takes an attribute away."""
        message = logout_request(FAS_ENTITY, f"{PLACE}/logout", self.clock.at, SessionHere(name, ""), index)
        return changed(message, changes or {})

    def confirmation(self, request: str) -> etree._Element:
        """An unsigned answer of FAS that a session has ended there."""
        return logout_response(FAS_ENTITY, f"{PLACE}/logged-out", self.clock.at, request)

    def by_form(self, place: str, message: etree._Element | bytes, state: str = "") -> TestResponse:
        """FAS sends a message by form, as it stands."""
        field = "SAMLRequest" if place == "logout" else "SAMLResponse"
        data = {field: b64encode(p.octets(message)).decode(), "RelayState": state}
        return self.client.post(f"/sign-in/saml/fas/{place}", data=data, base_url=BASE)

    def by_redirect(self, place: str, query: str) -> TestResponse:
        """FAS sends a message by redirect, with this query."""
        return self.client.get(f"/sign-in/saml/fas/{place}?{query}", base_url=BASE)


def changed(message: etree._Element, changes: Mapping[str, str | None]) -> etree._Element:
    """A message with attributes set, or taken away."""
    for name, value in changes.items():
        if value is None:
            message.attrib.pop(name)
        else:
            message.set(name, value)
    return message


def enveloped(message: etree._Element, key: Pair = p.NODE, algorithm: str | None = None) -> etree._Element:
    """A message with its signature inside."""
    return signed(p.again(message), key, algorithm)


def query_of(
    message: etree._Element | bytes,
    field: str,
    *,
    state: str = "",
    key: Pair = p.NODE,
    raw: Mapping[str, str] | None = None,
) -> str:
    """The signed query of a message; `raw` replaces parameters after they were signed."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(p.octets(message)) + deflate.flush()
    algorithm = RSA_SHA256 if isinstance(key.key, rsa.RSAPrivateKey) else ECDSA
    told = {field: b64encode(packed).decode(), "RelayState": state, "SigAlg": algorithm}
    if not state:
        del told["RelayState"]
    query = "&".join(f"{name}={quote_plus(text)}" for name, text in told.items())
    parameters = dict(pair.split("=", 1) for pair in query.split("&"))
    parameters["Signature"] = quote_plus(b64encode(_signature(key, query.encode())).decode())
    parameters |= {name: quote_plus(text) for name, text in (raw or {}).items()}
    return "&".join(f"{name}={text}" for name, text in parameters.items())


def _signature(key: Pair, octets: bytes) -> bytes:
    if isinstance(key.key, ec.EllipticCurvePrivateKey):
        return key.key.sign(octets, ec.ECDSA(hashes.SHA256()))
    return key.key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
