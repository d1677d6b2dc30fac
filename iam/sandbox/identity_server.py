"""The sandbox's identity providers on a port of their own, and the configuration by which the service asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flask import Blueprint, Flask

from iam.ports import Clock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.citizen_cards import card_players
from iam.sandbox.identity_providers.openid_profiles import PROFILES
from iam.sandbox.identity_providers.openid_provider import OpenIdProvider
from iam.sandbox.identity_providers.own_keys import OwnKeys
from iam.sandbox.identity_providers.saml_profiles import SAML_PROFILES
from iam.sandbox.identity_providers.saml_provider import SamlProvider, fetched
from iam.sandbox.inbox import Inbox
from iam.sandbox.mail_server import receiving_mail
from iam.sandbox.serving import serving
from iam.sandbox.state_systems import MAX_BODY_OCTETS, only_this_machine

FILE = "login-providers.toml"


class Played(Protocol):
    """Who plays an identity provider."""

    def blueprint(self) -> Blueprint:
        """Its addresses."""
        ...

    def configuration(self) -> str:
        """As PROCURA_LOGIN_PROVIDERS describes it, in TOML."""
        ...

    def told(self) -> dict[str, str]:
        """Where it is, by name, for programs that drive the sandbox."""
        ...


Cast = Callable[[str, str, Country, Clock], Sequence[Played]]
"""From the address of this server, that of the service, the country and its clock to who plays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviders:
    """The running providers."""

    url: str
    players: Sequence[Played]
    messages: Mapping[str, str]
    """The variables by which a service sends its messages to the inbox."""
    inbox: Inbox

    def environment(self, data: Path) -> dict[str, str]:
        """The variables by which a service asks them; writes the file that these name."""
        file = data / FILE
        file.write_text("\n".join(one.configuration() for one in self.players), encoding="utf-8")
        return {"PROCURA_LOGIN_PROVIDERS": str(file), **self.messages}

    def told(self) -> Mapping[str, str]:
        """Where each is, by name."""
        return {name: address for one in self.players for name, address in one.told().items()}


def openid_players(url: str, client_url: str, country: Country, clock: Clock) -> Sequence[Played]:
    """itsme, MyGov and FAS as OpenID Providers."""
    return [OpenIdProvider(profile, url, client_url, country, clock) for profile in PROFILES]


def saml_players(url: str, client_url: str, country: Country, clock: Clock) -> Sequence[Played]:
    """An eIDAS node of six countries, and FAS as SAML identity provider."""
    return [SamlProvider(profile, url, client_url, country, clock, fetched) for profile in SAML_PROFILES]


CAST: tuple[Cast, ...] = (openid_players, saml_players, card_players)
"""All who play, kind by kind."""


@contextmanager
def playing_identity_providers(
    country: Country, clock: Clock, client_url: str, port: int = 0
) -> Iterator[IdentityProviders]:
    """Run the identity providers on this machine while the block runs.

    Args:
        client_url: the service's own address.
        port: where to listen; one that is taken, and 0, stand for any free one.
    """
    players: list[Played] = []
    inbox = Inbox(clock)

    def make_app(url: str) -> Flask:
        app = Flask("iam.sandbox.identity_providers")
        app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_OCTETS
        app.before_request(only_this_machine)
        players.extend(one for cast in CAST for one in cast(url, client_url, country, clock))
        players.append(OwnKeys(url, inbox))
        for one in players:
            app.register_blueprint(one.blueprint())
        return app

    with receiving_mail(inbox) as smtp_url, serving(make_app, port) as url:
        messages = OwnKeys(url, inbox).environment(smtp_url)
        yield IdentityProviders(url=url, players=players, messages=messages, inbox=inbox)
