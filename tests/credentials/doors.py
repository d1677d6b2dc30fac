"""A portal with one door of cards, for a browser whose hall a test can look into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.credentials.card_settings import certificate_settings, web_eid_settings
from iam.credentials.cards import Cards
from iam.credentials.certificate_door import certificate_blueprint
from iam.credentials.certificate_handover import Handover
from iam.credentials.certificate_login import CertificateLogin
from iam.credentials.revocation import Revocation
from iam.credentials.web_eid import WebEid
from iam.credentials.web_eid_door import web_eid_blueprint
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.storage.memory import MemoryArchive
from iam.web import browser, csrf
from iam.web.portal import PortalParts, create_portal
from tests.credentials.pki import ORIGIN, POLICY, Card, StatusServer, StoppedClock, a_provider
from tests.web.a_hall import RecordingHall, hall_with

VISIT = "v" * 43


def portal_client(blueprint: Blueprint, base_url: str = ORIGIN) -> FlaskClient:
    """A browser in front of a portal with this door."""
    parts = PortalParts(base_url=base_url, randomness=SystemRandomness(), guard=lambda *_: None, present=lambda: None)
    client = create_portal(parts, [blueprint]).test_client()
    client.set_cookie("__Host-procura-visit", VISIT, domain=base_url.split("//")[1], secure=True)
    return client


@dataclass
class WebEidScene:
    """The door of Web eID with everything behind it."""

    provider: LoginProvider = field(default_factory=a_provider)
    server: StatusServer = field(default_factory=StatusServer)
    clock: StoppedClock = field(default_factory=StoppedClock)
    hall: RecordingHall = field(init=False)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.hall = hall_with([self.provider])
        randomness = SystemRandomness()
        cards = Cards(Revocation(self.server, self.clock, randomness), self.clock)
        web_eid = WebEid(cards, web_eid_settings(production=False), self.clock, randomness, ORIGIN)
        self.client = portal_client(web_eid_blueprint(self.hall, web_eid))

    def csrf(self) -> str:
        """The token of a page's forms."""
        page = self.client.get("/sign-in/web-eid/eid/", base_url=ORIGIN).get_data(as_text=True)
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', page)[0])

    def begin(self) -> str:
        """Begin a login; the challenge."""
        answer = self.client.post("/sign-in/web-eid/eid/start", data={"csrf_token": self.csrf()}, base_url=ORIGIN)
        assert answer.status_code == 200
        return str(re.findall(r'name="challenge" value="([^"]+)"', answer.get_data(as_text=True))[0])

    def answer(self, challenge: str, token: str, **fields: str) -> int:
        """Send a token; the status of what comes back."""
        data = {"csrf_token": self.csrf(), "challenge": challenge, "token": token} | fields
        return self.client.post("/sign-in/web-eid/eid/token", data=data, base_url=ORIGIN).status_code

    @property
    def codes(self) -> list[str]:
        """Why people were turned away."""
        return [code for _, code, _ in self.hall.turned]


CERTIFICATE_HOST = "https://kaart.procura.example"
SECRET = "a-word-of-the-proxy-that-nobody-can-guess"


@dataclass
class CertificateScene:
    """The door of client certificates with everything behind it."""

    folder: Path
    address: str = CERTIFICATE_HOST
    settings: dict[str, object] = field(default_factory=dict)
    server: StatusServer = field(default_factory=StatusServer)
    clock: StoppedClock = field(default_factory=StoppedClock)
    hall: RecordingHall = field(init=False)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        secret = self.folder / "proxy-secret"
        secret.write_text(f"{SECRET}\n", encoding="ascii")
        settings = {"address": self.address, "proxy_secret": str(secret), "citizen_policies": [POLICY]}
        provider = a_provider(ProviderKind.CERTIFICATE, **settings | self.settings)
        self.hall = hall_with([provider])
        randomness = SystemRandomness()
        cards = Cards(Revocation(self.server, self.clock, randomness), self.clock)
        handover = Handover(MemoryArchive(self.clock), Sealer(bytes(32)), randomness)
        login = CertificateLogin(cards, certificate_settings(production=False), handover, randomness, ORIGIN)
        self.client = portal_client(certificate_blueprint(self.hall, login))

    def begin(self) -> str:
        """Begin a login; the path and query on the host for certificates."""
        csrf = csrf_of_visit()
        answer = self.client.post("/sign-in/certificate/eid/start", data={"csrf_token": csrf}, base_url=ORIGIN)
        assert answer.status_code == 303
        assert answer.location.startswith(f"{self.address}/sign-in/certificate/eid/show?state=")
        return answer.location.removeprefix(self.address)

    def show(self, path: str, headers: Mapping[str, str]) -> TestResponse:
        """What the application answers nginx, or somebody who plays it."""
        return self.client.get(path, headers=dict(headers), base_url=ORIGIN)

    def finish(self, location: str) -> TestResponse:
        """Come back to the portal."""
        assert location.startswith(f"{ORIGIN}/sign-in/certificate/eid/finish?ticket=")
        return self.client.get(location.removeprefix(ORIGIN), base_url=ORIGIN)

    @property
    def codes(self) -> list[str]:
        """Why people were turned away."""
        return [code for _, code, _ in self.hall.turned]


def passed_on(shown: Card | None, **others: str) -> dict[str, str]:
    """The headers that the configured nginx writes."""
    told = {
        "X-Procura-Proxy-Secret": SECRET,
        "X-Procura-Certificate-Host": CERTIFICATE_HOST.removeprefix("https://"),
        "X-Procura-Client-Certificate": quote(shown.pem) if shown else "",
    }
    return told | others


def csrf_of_visit() -> str:
    """The token of forms for the browser of these tests."""
    with Flask(__name__).test_request_context():
        browser.present().keep_visit(VISIT)
        return csrf.token()
