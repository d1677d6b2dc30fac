"""Parties of a login: the identity provider as its metadata tells it, ourselves, and what a browser asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from iam.domain.assurance import Assurance
from saml.decryption import DecryptionKey
from saml.pinned_keys import PinnedKey
from saml.refusals import SamlRefused


@dataclass(frozen=True, slots=True)
class Place:
    """Where an identity provider takes messages about the end of sessions."""

    requests: str
    answers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An identity provider, as verified metadata tells it."""

    entity: str
    """Its entity identifier, which every issuer must equal."""
    keys: tuple[PinnedKey, ...]
    """With which it signs."""
    sign_on: Mapping[str, str]
    """Where it takes requests, by binding."""
    log_out: Mapping[str, Place] = field(default_factory=dict)
    """Where it takes messages about log-outs, by binding; empty where it does not end sessions."""
    valid_until: datetime | None = None
    """After which its metadata tells nothing any more."""

    def in_force(self, now: datetime) -> Self:
        """The provider with those of its keys that verify now. SamlRefused: `metadata_expired`, `key_expired`."""
        keys = tuple(key for key in self.keys if key.in_force(now))
        if self.valid_until is not None and now >= self.valid_until:
            raise SamlRefused("metadata_expired")
        if not keys:
            raise SamlRefused("key_expired")
        return replace(self, keys=keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """The service provider that we are to one identity provider."""

    entity: str
    """Our entity identifier, which the audience must equal."""
    acs: str
    """Where responses come in, which destination and recipient must equal."""
    log_out: str
    """Where requests to end sessions come in."""
    logged_out: str
    """Where answers to such requests of ours come in."""
    keys: tuple[DecryptionKey, ...] = field(repr=False)
    """With which we decrypt: those in use, and those before and after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """How a response must be protected."""

    message_signed: bool = True
    assertion_signed: bool = True
    encrypted: bool = True

    def __post_init__(self) -> None:
        if not (self.message_signed or self.assertion_signed) or (self.encrypted and not self.assertion_signed):
            raise ValueError("something is signed, and what is encrypted is signed inside")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked when this browser's login began."""

    request: str
    """The ID of our request."""
    at: datetime
    minimum: Assurance
    levels: Mapping[str, Assurance]
    """The names of levels that may come back, with what each is worth."""
    again: bool
    """Whether the person was to show the key anew."""
    country: str = ""
    """The country chosen (ISO 3166-1 alpha-2); empty where none is."""
    enterprise: bool = False
    """Whether the person logs in for an enterprise of that country."""
