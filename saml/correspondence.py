"""Correspondence: who we are to each identity provider, who it is to us, and how our signed messages reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from iam.domain.login_providers import LoginProvider
from iam.ports import Clock, Randomness
from saml.algorithms import SIGNATURES
from saml.own_keys import SamlKeys
from saml.parties import Ourselves, Peer
from saml.peer_metadata import KnownPeers
from saml.provider_settings import BINDINGS, Registration
from saml.signing import redirect_query, signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How the browser carries a message to the identity provider."""

    address: str
    field: str
    """`SAMLRequest` or `SAMLResponse`."""
    message: bytes
    """The message that a form posts; empty where the address holds it all."""
    relay_state: str
    details: Mapping[str, str]
    """What must be found again when the answer comes."""


class Correspondence:
    """Our side of every exchange."""

    def __init__(self, base_url: str, keys: SamlKeys, peers: KnownPeers, clock: Clock, randomness: Randomness) -> None:
        self.keys = keys
        self._base_url = base_url
        self._peers = peers
        self._clock = clock
        self._randomness = randomness

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    def new_id(self) -> str:
        """An identifier for a message."""
        return f"_{self._randomness.identifier()}"

    def new_state(self) -> str:
        """A secret that comes back with an answer."""
        return self._randomness.secret()

    def address(self, provider: LoginProvider, place: str) -> str:
        """Where we are reached on behalf of a provider."""
        return f"{self._base_url}/sign-in/{provider.kind.value}/{provider.id}/{place}"

    def ourselves(self, provider: LoginProvider, told: Registration) -> Ourselves:
        """The service provider that we are to a provider."""
        return Ourselves(
            entity=told.entity or self.address(provider, "metadata"),
            acs=self.address(provider, "acs"),
            log_out=self.address(provider, "logout"),
            logged_out=self.address(provider, "logged-out"),
            keys=tuple(self.keys.decrypting()),
        )

    def peer(self, told: Registration) -> Peer:
        """The identity provider of a registration. SamlRefused: as `KnownPeers.peer`."""
        return self._peers.peer(told, self.now())

    def sent(
        self, message: etree._Element, told: Registration, *, field: str, binding: str, leaving: tuple[str, str]
    ) -> Leaving:
        """Sign a message, to go to the address and with the relay state of `leaving`; no relay state where it is empty.

        `binding` is one of `BINDINGS`.
        """
        destination, relay_state = leaving
        key = self.keys.signing(SIGNATURES[told.signature].key)
        if binding == BINDINGS["redirect"]:
            query = redirect_query(message, field, relay_state, key, told.signature)
            address, octets = f"{destination}{'&' if '?' in destination else '?'}{query}", b""
        else:
            address, octets = destination, etree.tostring(signed(message, key, told.signature))
        return Leaving(address=address, field=field, message=octets, relay_state=relay_state, details={})
