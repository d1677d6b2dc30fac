"""The real portal with the relying party's door, on a database, and a web of two OpenID Providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from iam.domain.web_answers import WebAnswer
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.services.provider_logout import ProviderLogout
from iam.storage.archive import SqlArchive
from iam.storage.tables import metadata
from iam.web.entry import PageGuard
from iam.web.portal import PortalParts, create_portal
from oidc.relying_party.door import oidc_login_blueprint
from oidc.relying_party.logout import ProviderLogouts
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.relying_party import Parts, RelyingParty
from tests.oidc.provider.premises import MemoryChest
from tests.oidc.relying_party.an_openid_provider import AnOpenIdProvider
from tests.oidc.relying_party.premises import OTHER, PROVIDER, sealed_keys
from tests.services.login_scenes import Gate
from tests.services.worlds import World
from tests.storage.clocks import SetClock
from tests.web import portal_scene
from tests.web.portal_scene import ORIGIN, Visitation

OTHER_ISSUER = "https://other.example"
EVIL = "https://attacker.example"
PASSING = frozenset({"audit_leaves", "head", "revisions", "claims", "login_flows", "visits"})
"""Tables of what is written of every try: the trail, single-use memory, and browsers that nobody has logged in with."""


class TwoProviders:
    """Implements `iam.outward_ports.GuardedWeb`: a web of two providers; whatever else is asked is written down."""

    def __init__(self, *providers: AnOpenIdProvider) -> None:
        self.providers = {one.issuer: one for one in providers}
        self.strange: list[str] = []

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        return self._at(url).get(url, origins=origins, accept=accept, bearer=bearer)

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        return self._at(url).post_form(url, form, origins=origins, authorization=authorization)

    def _at(self, url: str) -> AnOpenIdProvider:
        found = [one for issuer, one in self.providers.items() if url.startswith(issuer + "/")]
        if not found:
            self.strange.append(url)
        return found[0]

    def redeemed(self) -> list[dict[str, str]]:
        """Every code that was sent anywhere."""
        return [form for one in self.providers.values() for url, form in one.asked if "code" in form or "/token" in url]


class OidcPortal(portal_scene.Portal):
    """The portal with this door, and the providers `op` and `other`."""

    def __init__(self, archive: SqlArchive, world: World, clock: SetClock) -> None:
        self.archive, self.clock = archive, clock
        self.op, self.other = AnOpenIdProvider(clock), AnOpenIdProvider(clock, OTHER_ISSUER)
        self.web = TwoProviders(self.op, self.other)
        self.chest, self.sealer = MemoryChest(), Sealer(bytes(range(32)))
        self.chest.held = sealed_keys(self.sealer, clock)
        gate = Gate(world)
        gate.book.providers |= {"op": PROVIDER, "other": OTHER}
        super().__init__(gate)

    def restart(self) -> None:
        """Build everything anew on the same archive, as another process has it."""
        super().restart()
        randomness = SystemRandomness()
        keys = RelyingPartyKeys(self.archive, self.chest, self.sealer, self.clock)
        party = RelyingParty(
            Parts(base_url=ORIGIN, production=True, web=self.web, keys=keys, clock=self.clock, randomness=randomness)
        )
        logouts = ProviderLogouts(party, ProviderLogout(self.archive, self.gate.sessions).obey)
        parts = PortalParts(
            base_url=ORIGIN,
            randomness=randomness,
            guard=PageGuard(self.hall, self.gate.world.library, self.clock),
            present=lambda: None,
        )
        pages = [portal_scene._pages(self), oidc_login_blueprint(self.hall, party, logouts)]
        self.app: Flask = create_portal(parts, pages)

    def configure(self, name: str, **settings: Any) -> None:
        """Edit a provider's settings while the service runs."""
        one = self.gate.book.providers[name]
        self.gate.book.providers[name] = replace(one, settings={**one.settings, **settings})


@dataclass
class Traveller:
    """One browser, and where a login led it."""

    portal: OidcPortal
    browser: Visitation

    def leave(self, provider: str = "op") -> dict[str, str]:
        """Begin a login; the parameters with which the browser is sent away."""
        answer = self.browser.post(f"/sign-in/oidc/{provider}/start")
        assert answer.status_code == 303, answer.text
        sent = dict(parse_qsl(urlsplit(answer.location).query, keep_blank_values=True))
        {"op": self.portal.op, "other": self.portal.other}[provider].nonce = sent["nonce"]
        return sent

    def come_back(self, provider: str = "op", **parameters: str) -> TestResponse:
        """The browser comes back with an answer."""
        return self.browser.get(f"/sign-in/oidc/{provider}/callback", query_string=parameters)


@dataclass
class Refused:
    """A try, and what must be true of it when it was refused."""

    portal: OidcPortal

    def __enter__(self) -> Refused:
        self._before = self._rows()
        self._told = capture_logs()
        self.events = self._told.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._told.__exit__(*raised)

    def check(self, answer: TestResponse, code: str, *, sent: int = 0) -> None:
        """A page without way on; one event of that reason; nothing changed; `sent` codes went to the provider."""
        assert answer.status_code in (400, 403, 404), answer.text
        assert "Location" not in answer.headers
        assert [one["code"] for one in self.events if one["event"] == "refused"] == [code]
        assert self._rows() == self._before
        assert len(self.portal.web.redeemed()) == sent and self.portal.web.strange == []

    def _rows(self) -> dict[str, list[str]]:
        """Every row of every table that a refused try may not touch."""
        with self.portal.archive.engine.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(select(table)).all()))
                for name, table in metadata.tables.items()
                if name not in PASSING
            }
