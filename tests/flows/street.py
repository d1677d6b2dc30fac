"""The whole sandbox for people's flows: the loaded country, every identity provider, the service and its worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from iam.app import fresh_sandbox
from iam.domain.enterprises import Capacity
from iam.domain.logins import LoginRecord
from iam.domain.periods import local_date
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import sandbox_environment
from iam.sandbox.identity_server import IdentityProviders, playing_identity_providers
from iam.sandbox.loading import load_country
from iam.sandbox.running import service
from iam.sandbox.state_server import playing_the_state
from iam.sandbox.state_systems import LOGIN
from iam.sandbox.tour.guide import Guide
from iam.sandbox.tour.narrator import Narrator
from iam.storage.archive import open_archive
from tests.ports import free_port
from tests.surroundings import arrange

PATIENCE = 60.0
"""Seconds after which a message that did not come is a failure."""


@dataclass(frozen=True)
class Street:
    """Where everything is, and how to look behind the doors."""

    portal: str
    identities: IdentityProviders
    country: Country
    clock: ShiftedClock
    guide: Guide
    database: str
    log: Path

    def last_login(self) -> LoginRecord:
        """The login that was recorded last, of anybody."""
        archive = open_archive(self.database, self.clock)
        try:
            with archive.reading() as reading:
                return max(reading.find(LoginRecord), key=lambda one: one.at)
        finally:
            archive.close()

    def activation(self, who: str, **order: Any) -> tuple[str, str]:
        """An officer lets somebody have a first key: the link that came by mail, and the paper code."""
        email = f"{who}@sandbox.example"
        known = len(self.identities.inbox.messages(email))
        body = {"niss": self.country.niss_of(who).value, "email": email, "language": "en", **order}
        path, office = "/office/activation-codes", Capacity.ADMINISTRATION
        answer = self.guide.act("olga", "POST", path, body, status=201, show=(), capacity=office)
        [link] = [word for word in self.mail(email, known).split() if "/activation/" in word]
        return link, str(answer.told["code"])

    def mail(self, to: str, known: int = 0) -> str:
        """The text of the latest mail to an address, once there are more than were known."""
        deadline = time.monotonic() + PATIENCE
        while len(found := self.identities.inbox.messages(to)) <= known:
            assert time.monotonic() < deadline, f"no mail came to {to}"
            time.sleep(0.05)
        return found[0].text

    def events(self) -> list[dict[str, Any]]:
        """What the service logged."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def open_street(data: Path) -> Iterator[Street]:
    """The country on a database of its own, served by the service's own processes while the block runs."""
    port, clock = free_port(), ShiftedClock(timedelta())
    portal, country = f"http://localhost:{port}", read_country(local_date(clock.now()))
    with (
        playing_the_state(country, clock, portal) as state,
        playing_identity_providers(country, clock, portal) as identities,
    ):
        told = sandbox_environment(data, port, portal, state, country, clock.offset)
        told |= identities.environment(data) | {"PROCURA_WORKERS": "1"}
        with pytest.MonkeyPatch.context() as patch:
            arrange(patch, told)
            settings = fresh_sandbox()
        clients = {one.alias: one for one in load_country(settings, country)}
        guide = Guide(portal, state.url + LOGIN, country, clients, clock, Narrator(Console(file=StringIO())))
        log = data / "service.log"
        with service(told, portal, log):
            yield Street(portal, identities, country, clock, guide, settings.database_url, log)
