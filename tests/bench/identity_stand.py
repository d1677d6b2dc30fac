"""Child process: itsme and an eIDAS node as the sandbox plays them, which ask us for our keys and metadata once."""

from __future__ import annotations

from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from flask import Flask

from iam.domain.periods import local_date
from iam.outside.clock import SystemClock
from iam.sandbox.country import read_country
from iam.sandbox.identity_providers.openid_profiles import ITSME
from iam.sandbox.identity_providers.openid_provider import OpenIdProvider
from iam.sandbox.identity_providers.saml_profiles import EIDAS
from iam.sandbox.identity_providers.saml_provider import SamlProvider, fetched
from iam.sandbox.identity_server import Played
from iam.sandbox.serving import serving
from tests.bench.children import serve


class IdentityStand:
    """Both providers on one port, until the process ends."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self, client_url: str) -> dict[str, Any]:
        """Begin to serve; how a service at an address asks them."""
        clock = SystemClock()
        country = read_country(local_date(clock.now()))
        players: list[Played] = []

        def make_app(url: str) -> Flask:
            app = Flask("iam.sandbox.identity_providers")
            known = lru_cache(fetched)  # as every node keeps metadata until they expire
            players.append(OpenIdProvider(ITSME, url, client_url, country, clock))
            players.append(SamlProvider(EIDAS, url, client_url, country, clock, known))
            for one in players:
                app.register_blueprint(one.blueprint())
            return app

        self._stack.enter_context(serving(make_app))
        return {"configuration": "\n".join(one.configuration() for one in players)}


if __name__ == "__main__":
    serve({"start": IdentityStand().start})
