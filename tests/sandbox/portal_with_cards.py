"""The whole portal beside the sandbox's citizen authority, for tests in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from iam.app import build, settings_here
from iam.entrance import Entrance
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.citizen_cards import CitizenCards, card_players
from iam.sandbox.serving import serving
from iam.storage.migrations import upgrade
from tests.chromium import served
from tests.ports import free_port

More = Callable[[CitizenCards, str], str]
"""Makes more of the configuration of providers: of the cards, and where the citizen authority is."""


@dataclass
class Surroundings:
    """Where a portal stands: the settings of the process, the country and its clock, and a folder."""

    set: Callable[..., None]
    country: Country
    clock: ShiftedClock
    folder: Path
    port: int = field(default_factory=free_port)
    """Where the portal listens."""

    @contextmanager
    def portal(self, origin: str = "", more: More = lambda _cards, _url: "") -> Iterator[CitizenCards]:
        """The portal, known as `origin`; by itself by the port where it listens. Yields the cards of everybody."""
        portal = origin or f"http://localhost:{self.port}"
        players: list[CitizenCards] = []

        def make_app(url: str) -> Flask:
            app = Flask(__name__)
            players.extend(card_players(url, portal, self.country, self.clock))
            app.register_blueprint(players[0].blueprint())
            return app

        with serving(make_app) as url:
            cards = players[0]
            file = self.folder / "providers.toml"
            file.write_text(f"{cards.configuration()}\n{more(cards, url)}", encoding="utf-8")
            self.set(PROCURA_ISSUER=portal, PORT=str(self.port), PROCURA_LOGIN_PROVIDERS=str(file))
            upgrade(settings_here().database_url)
            house = build(settings_here())
            try:
                with served(Entrance(house).portal(), self.port):
                    yield cards
            finally:
                house.archive.close()
