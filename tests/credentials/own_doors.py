"""The doors of our own keys in a small portal, behind a hall that records."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient

from iam.credentials.activation_pages import activation_blueprint
from iam.credentials.one_time_code import one_time_code_blueprint
from iam.credentials.own_keys_pages import OwnKeysParts, own_keys_blueprint
from iam.credentials.own_login import OwnLogins
from iam.credentials.passkey import passkey_blueprint
from iam.credentials.password import password_blueprint
from iam.credentials.webauthn_ceremonies import Ceremonies
from iam.domain.sessions import Session
from iam.outside.randomness import SystemRandomness
from iam.storage.memory import MemoryArchive
from iam.web.browser import VISIT_COOKIE
from iam.web.entry import PageGuard
from iam.web.portal import PortalParts, create_portal
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.credential_scenes import OWN_PROVIDERS, Keys
from tests.services.worlds import World
from tests.storage.clocks import SetClock
from tests.web.a_hall import RecordingHall, hall_with

HOST = "procura.test"
ISSUER = f"https://{HOST}"
PASSWORD, TOTP, PAPER, PASSKEY = (
    "/sign-in/password/password",
    "/sign-in/one-time-code/totp",
    "/sign-in/one-time-code/token",
    "/sign-in/passkey/passkey",
)


@dataclass
class Entrance:
    """Who is logged in, as a test sets it, and how often somebody was asked to log in."""

    present: Session | None = None
    asked: int = 0

    def session(self) -> Session | None:
        return self.present

    def ask_login(self) -> None:
        self.asked += 1


@dataclass
class OwnDoors:
    """All doors of our own keys, and the pages where one keeps them."""

    keys: Keys
    hall: RecordingHall = field(default_factory=lambda: hall_with(OWN_PROVIDERS))
    entrance: Entrance = field(default_factory=Entrance)

    def portal(self) -> Flask:
        keys, world = self.keys, self.keys.world
        logins, ceremonies = OwnLogins(world.clock, keys.randomness), Ceremonies(ISSUER)
        parts = PortalParts(
            base_url=ISSUER,
            randomness=keys.randomness,
            guard=PageGuard(self.entrance, world.library, world.clock),
            present=lambda: None,
        )
        own = OwnKeysParts(
            own=keys.own,
            passwords=keys.passwords,
            codes=keys.codes,
            passkeys=keys.passkeys,
            ceremonies=ceremonies,
            site=HOST,
        )
        return create_portal(
            parts,
            [
                password_blueprint(self.hall, keys.passwords, logins, keys.randomness),
                one_time_code_blueprint(self.hall, keys.passwords, keys.codes, logins),
                passkey_blueprint(self.hall, keys.passkeys, ceremonies, logins, keys.randomness),
                own_keys_blueprint(own),
                activation_blueprint(keys.activation, keys.codes, lambda: None, HOST),
            ],
        )

    def browser(self) -> FlaskClient:
        """A browser that came by the choice of keys, and sends our forms' token with what it posts."""
        app = self.portal()
        app.config["SERVER_NAME"], app.config["PREFERRED_URL_SCHEME"] = HOST, "https"
        client = app.test_client()
        client.environ_base |= {"REMOTE_ADDR": "198.51.100.7"}
        client.set_cookie(VISIT_COOKIE, "v" * 43, domain=HOST, secure=True)
        token = client.get(f"{PASSWORD}/").text.split('name="csrf_token" value="')[1].split('"')[0]
        client.environ_base["HTTP_X_CSRF_TOKEN"] = token
        return client


def own_doors() -> OwnDoors:
    """The doors in an empty country that is kept in memory."""
    clock = SetClock()
    world = World(MemoryArchive(clock), clock, CasbinLaw(read_book()))
    return OwnDoors(Keys(world, SystemRandomness()))
