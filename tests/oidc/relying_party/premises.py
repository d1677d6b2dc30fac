"""The relying party's door with a recording hall, one browser, and an OpenID Provider in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.keys import SealedKey
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.domain.logins import ProvenLogin
from iam.domain.sessions import SessionRules
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.outward_ports import GuardedWeb
from iam.services.provider_logout import ProviderLogout
from iam.services.sessions import Sessions
from iam.storage.memory import MemoryArchive
from iam.web import limits
from oidc.key_shelves import Shelf
from oidc.relying_party.door import oidc_login_blueprint
from oidc.relying_party.logout import ProviderLogouts
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.relying_party import Parts, RelyingParty
from oidc.signing_keys import SigningKey, generate_private_jwk
from tests.oidc.provider.premises import MemoryChest
from tests.oidc.relying_party.an_openid_provider import CLIENT_ID, ISSUER, AnOpenIdProvider
from tests.storage.clocks import SetClock
from tests.web.a_hall import RecordingHall

BASE = "https://procura.example"
SETTINGS: dict[str, object] = {
    "issuer": ISSUER,
    "client_id": CLIENT_ID,
    "scopes": ["openid", "service:PROCURA"],
    "claims": {"number": "number", "issuing_country": "country"},
}
PROVIDER = LoginProvider(
    id="op",
    kind=ProviderKind.OIDC,
    key=LoginKey.ITSME,
    enabled=True,
    highest=Assurance.HIGH,
    levels={"basic": Assurance.SUBSTANTIAL, "advanced": Assurance.HIGH, "weak": Assurance.LOW},
    labels={},
    settings=SETTINGS,
)
OTHER = replace(PROVIDER, id="other", settings={**SETTINGS, "issuer": "https://other.example"})


@lru_cache
def private_jwks() -> dict[tuple[str, str], bytes]:
    """Keys made once for all tests, by purpose and algorithm."""
    purposes = [("relying_party_key", "RS256"), ("relying_party_key", "ES256"), ("relying_party_key", "PS256")]
    return {one: generate_private_jwk(one[1]) for one in [*purposes, ("relying_party_decryption_key", "RS256")]}


def sealed_keys(sealer: Sealer, clock: SetClock) -> list[SealedKey]:
    """Those keys as a chest holds them, in use from now."""
    return [
        Shelf(purpose=purpose, algorithms=(alg,)).sealed(
            SigningKey.from_private_jwk(jwk, alg=alg, published_at=clock.at, active_from=clock.at), sealer
        )
        for (purpose, alg), jwk in private_jwks().items()
    ]


@dataclass
class Premises:
    """A door, a browser and a provider."""

    settings: dict[str, object] = field(default_factory=dict)
    production: bool = True
    clock: SetClock = field(default_factory=SetClock)

    def __post_init__(self) -> None:
        self.op = AnOpenIdProvider(self.clock)
        self.archive = MemoryArchive(self.clock)
        self.chest, self.sealer = MemoryChest(), Sealer(bytes(range(32)))
        self.chest.held = sealed_keys(self.sealer, self.clock)
        self.keys = RelyingPartyKeys(self.archive, self.chest, self.sealer, self.clock)
        self.provider = replace(PROVIDER, settings={**SETTINGS, **self.settings})
        self.hall = RecordingHall(LoginProviders({"op": self.provider, "other": OTHER}))
        book = type("Book", (), {"current": lambda _book: self.hall.providers})()
        self.sessions = Sessions(self.archive, self.clock, SystemRandomness(), book, SessionRules())
        self.use(self.op)

    def use(self, web: GuardedWeb, settings: Mapping[str, object] | None = None) -> None:
        """Open the door on a web, perhaps with other settings of the provider."""
        self.provider = replace(self.provider, settings={**self.provider.settings, **(settings or {})})
        self.hall.providers = LoginProviders({"op": self.provider, "other": OTHER})
        self.browser = self.opened(web, BASE).test_client()

    def opened(self, web: GuardedWeb, base_url: str) -> Flask:
        """The application with the door on a web, at an address."""
        self.party = RelyingParty(
            Parts(
                base_url=base_url,
                production=self.production,
                web=web,
                keys=self.keys,
                clock=self.clock,
                randomness=SystemRandomness(),
            )
        )
        logouts = ProviderLogouts(self.party, ProviderLogout(self.archive, self.sessions).obey)
        app = Flask("premises")
        limits.install(app)
        app.register_blueprint(oidc_login_blueprint(self.hall, self.party, logouts))
        return app

    def leave(self, provider: str = "op") -> dict[str, str]:
        """Begin a login; the parameters with which the browser is sent away."""
        answer = self.browser.post(f"/sign-in/oidc/{provider}/start")
        assert answer.status_code == 303, self.hall.turned
        parameters = dict(parse_qsl(urlsplit(answer.location).query, keep_blank_values=True))
        self.op.nonce = parameters["nonce"]
        return parameters

    def come_back(self, provider: str = "op", **parameters: str) -> TestResponse:
        """The browser comes back with an answer."""
        return self.browser.get(f"/sign-in/oidc/{provider}/callback", query_string=parameters)

    def login(self) -> ProvenLogin:
        """A login that succeeds."""
        self.come_back(code="a-code", state=self.leave()["state"])
        assert self.hall.turned == [], self.hall.turned
        return self.hall.welcomed[-1]

    def refused(self) -> tuple[str, str]:
        """A login that does not: reason code and detail. Nobody was welcomed."""
        before = len(self.hall.welcomed)
        self.come_back(code="a-code", state=self.leave()["state"])
        assert len(self.hall.welcomed) == before
        [(provider, code, detail)] = self.hall.turned
        assert provider == "op"
        return code, detail
