"""A portal with one door of cards, for a browser whose hall a test can look into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask import Blueprint
from flask.testing import FlaskClient

from iam.credentials.card_settings import web_eid_settings
from iam.credentials.cards import Cards
from iam.credentials.revocation import Revocation
from iam.credentials.web_eid import WebEid
from iam.credentials.web_eid_door import web_eid_blueprint
from iam.domain.login_providers import LoginProvider
from iam.outside.randomness import SystemRandomness
from iam.web.portal import PortalParts, create_portal
from tests.credentials.pki import ORIGIN, StatusServer, StoppedClock, a_provider
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
