"""The portal in this process beside the sandbox's identity providers, and a browser without a screen in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from iam.app import build, settings_here
from iam.domain.actors import Actor
from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.periods import local_date
from iam.entrance import Entrance
from iam.house import House
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import ADMINISTRATION, SOURCES, sandbox_settings
from iam.sandbox.identity_server import IdentityProviders, playing_identity_providers
from iam.sandbox.login_source import LoginSource
from iam.sandbox.stage import Stage
from iam.services.activation_codes import Registration
from iam.storage.migrations import upgrade
from tests.chromium import served
from tests.ports import free_port
from tests.surroundings import arrange

SECONDS = 60
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION = re.compile(r'action="([^"]*)"')


@dataclass(frozen=True)
class Gates:
    """The house, its portal, and who plays beside it."""

    portal: str
    house: House
    identities: IdentityProviders
    country: Country

    @property
    def players(self) -> int:
        """The port of the identity providers."""
        return urlsplit(self.identities.url).port or 0

    def activation(self, who: str) -> tuple[str, str]:
        """An officer lets somebody have a first key: the link's path, and the paper code."""
        links: list[str] = []
        stage = Stage(self.house, self.country)
        actor: Actor = stage.actor("olga", ADMINISTRATION, Capacity.ADMINISTRATION)
        order = Registration(
            niss=self.country.niss_of(who),
            email=f"{who}@sandbox.example",
            vouched=Assurance.SUBSTANTIAL,
            simplified=False,
        )

        def texts(link: str) -> tuple[str, str]:
            links.append(link)
            return "subject", link

        code = self.house.desk.activation_codes.issue(actor, order, texts)
        return f"/activation/{links[0]}", code


@dataclass
class Caller:
    """A browser that shows nothing: it keeps cookies, and sends the forms of the pages that it is shown."""

    gates: Gates
    session: requests.Session = field(default_factory=requests.Session)
    page: requests.Response = field(init=False)

    def __post_init__(self) -> None:
        self.session.headers["Accept-Language"] = "en"
        self.get("/sign-in")

    def get(self, address: str) -> requests.Response:
        """Open a page, and be led on nowhere."""
        return self._asked("GET", address)

    def post(self, address: str, **fields: str) -> requests.Response:
        """Post fields as a page of ours does, with its token."""
        return self._asked("POST", address, {"csrf_token": self.token(), **fields})

    def send(self, action: str, **fields: str) -> requests.Response:
        """Send the form of the present page whose action ends so."""
        address, hidden = self.form(action)
        return self._asked("POST", address, {**hidden, **fields})

    def go(self, address: str, fields: Mapping[str, str]) -> requests.Response:
        """Post these fields alone, as the page of a provider does."""
        return self._asked("POST", address, fields)

    def form(self, action: str = "") -> tuple[str, dict[str, str]]:
        """Where the form of the present page leads that ends so, and its hidden fields."""
        for attributes, content in _FORM.findall(self.page.text):
            leads = _ACTION.search(attributes)
            address = urljoin(self.page.url, unescape(leads[1]) if leads else "")
            if address.endswith(action):
                return address, {name: unescape(value) for name, value in _HIDDEN.findall(content)}
        raise AssertionError(f"no form leads to {action!r} on {self.page.status_code} {self.page.url}")

    def token(self) -> str:
        """The token of our forms for this browser."""
        page = self._request("GET", f"{self.gates.portal}/sign-in", None)
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0])

    def led_to(self) -> str:
        """Where the present answer leads."""
        return urljoin(self.page.url, self.page.headers["Location"])

    @property
    def secrets(self) -> list[str]:
        """What its cookies hold that nobody else may know."""
        return [str(one.value) for one in self.session.cookies if one.name.startswith("__Host-")]

    def _asked(self, method: str, address: str, data: Mapping[str, str] | None = None) -> requests.Response:
        self.page = self._request(method, urljoin(self.gates.portal, address), data)
        return self.page

    def _request(self, method: str, address: str, data: Mapping[str, str] | None) -> requests.Response:
        """One request; the sandbox has no certificate, so cookies for https go to this machine, too, as browsers do."""
        answer = self.session.request(method, address, data=data, timeout=SECONDS, allow_redirects=False)
        for cookie in self.session.cookies:
            cookie.secure = False
        return answer


@contextmanager
def open_gates(data: Path, database_url: str) -> Iterator[Gates]:
    """The portal on an empty database with one officer, while the block runs."""
    port, clock = free_port(), ShiftedClock(timedelta())
    portal, country = f"http://localhost:{port}", read_country(local_date(clock.now()))
    with playing_identity_providers(country, clock, portal) as identities, pytest.MonkeyPatch.context() as patch:
        sources = LoginSource(portal, portal, clock).configuration()
        (data / SOURCES).write_text(sources, encoding="utf-8")
        told = sandbox_settings(data, port, portal, country) | identities.environment(data)
        arrange(patch, told | {"DATABASE_URL": database_url})
        upgrade(database_url)
        house = build(settings_here())
        house.officers.establish()
        house.officers.add_first(country.niss_of("olga"), country.personas["olga"].name)
        with served(Entrance(house).portal(), port):
            yield Gates(portal, house, identities, country)
        house.archive.close()
