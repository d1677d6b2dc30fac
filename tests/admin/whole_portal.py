"""The whole portal with every door of logins, as the sandbox runs it, and what stands at each of its addresses."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from iam.app import build, settings_here
from iam.domain.logins import Circumstances, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.periods import local_date
from iam.entrance import Entrance
from iam.house import House
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import read_country
from iam.sandbox.environment import sandbox_environment
from iam.sandbox.identity_server import playing_identity_providers
from iam.sandbox.state_server import playing_the_state
from iam.services.sessions import Held
from iam.storage.migrations import upgrade
from iam.web import logs
from iam.web.browser import SESSION_COOKIE, VISIT_COOKIE
from iam.web.csrf import SAFE
from tests.rows import counted
from tests.surroundings import arrange

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOST = "localhost:8799"
ORIGIN = f"http://{HOST}"
PROVIDERS = {
    **{"oidc": "itsme", "eidas": "eidas", "saml": "fas-saml", "web-eid": "eid", "certificate": "itsme"},
    **{"password": "password", "one-time-code": "totp", "passkey": "passkey"},
}
"""A provider of each kind of door, by the word in its addresses; of certificates the sandbox has none."""


@dataclass
class WholePortal:
    """Everything that people's browsers reach, on one database, and what it logs."""

    house: House
    entrance: Entrance
    app: Flask
    log: io.StringIO
    niss: Niss
    _count: int = field(default=0)

    def client(self) -> FlaskClient:
        """A browser that nobody knows."""
        return self.app.test_client()

    def ask(self, client: FlaskClient, path: str, method: str = "GET", **sent: Any) -> TestResponse:
        """Send a request as it is."""
        return client.open(path, method=method, base_url=ORIGIN, **sent)

    def logged_in(self) -> FlaskClient:
        """A browser in which somebody is logged in at the highest level."""
        self._count += 1
        provider = self.entrance.providers.current().enabled("itsme")
        assert provider is not None
        now = self.house.clock.now()
        proven = ProvenLogin(
            provider=provider.id,
            key=provider.key,
            assurance=provider.highest,
            authenticated_at=now,
            reference=f"reference {self._count}",
            expires_at=now.replace(year=now.year + 1),
            niss=self.niss,
        )
        held = self.entrance.sign_in.enter(proven, Circumstances())
        assert isinstance(held, Held)
        client = self.client()
        for name, value in ((SESSION_COOKIE, held.secret), (VISIT_COOKIE, f"{self._count:043d}")):
            client.set_cookie(name, value, domain="localhost", secure=True, httponly=True)
        return client

    def rules(self, method: str) -> list[Rule]:
        """The addresses that take a method."""
        return [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]

    def paths(self, method: str) -> list[str]:
        """An address of each kind that takes a method, with a provider that is there where one is named."""
        return sorted({path_of(rule) for rule in self.rules(method)})

    def unsafe(self) -> list[tuple[str, str]]:
        """Every method and address that changes something or other."""
        methods = sorted({method for rule in self.app.url_map.iter_rules() for method in (rule.methods or ())} - SAFE)
        return [(method, path) for method in methods for path in self.paths(method)]

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return counted(self.house.settings.database_url)

    def events(self) -> list[dict[str, Any]]:
        """What was logged since this was asked before."""
        told = [json.loads(line) for line in self.log.getvalue().splitlines()]
        self.log.seek(0)
        self.log.truncate()
        return told


def path_of(rule: Rule) -> str:
    """An address of a rule."""
    kind = rule.rule.removeprefix("/sign-in/").partition("/")[0]
    provider = PROVIDERS.get(kind, "itsme")
    path = rule.rule.replace("<provider>", provider).replace("/<name>/", f"/{provider}/")
    path = path.replace("<link>", "L" * 43).replace("<request_id>", "R" * 43)
    return path.replace("<digest>", "0" * 16).replace("<name>", "procura.css")


@contextmanager
def whole_portal(folder: Path) -> Iterator[WholePortal]:
    """The portal over an empty database in a folder, with the sandbox's state and identity providers beside it."""
    clock, country = ShiftedClock.starting_at(START), read_country(local_date(START))
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    with (
        pytest.MonkeyPatch.context() as patch,
        playing_the_state(country, clock, ORIGIN) as state,
        playing_identity_providers(country, clock, ORIGIN) as identities,
    ):
        file = folder / "providers.toml"
        file.write_text("\n".join(one.configuration() for one in identities.players), encoding="utf-8")
        told = sandbox_environment(folder, 8799, ORIGIN, state, country, clock.offset)
        arrange(patch, {**told, "PROCURA_LOGIN_PROVIDERS": str(file)})
        upgrade(settings_here().database_url)
        house, log = build(settings_here()), io.StringIO()
        logs.configure(log, house.clock.now)
        entrance = Entrance(house)
        yield WholePortal(house, entrance, entrance.portal(), log, country.niss_of("lena"))
        house.archive.close()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)
