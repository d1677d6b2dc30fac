"""Login providers: who may vouch for a person's login, by which kind of door, with which key and up to which level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from iam.domain.assurance import Assurance, LoginKey

Labels = Mapping[str, str]
"""Texts by language code: nl, fr, de, en."""


class ProviderKind(StrEnum):
    """By which kind of door a provider is reached; the values are those of the configuration."""

    OIDC = "oidc"
    EIDAS = "eidas"
    SAML = "saml"
    WEB_EID = "web_eid"
    CERTIFICATE = "certificate"
    PASSWORD = "password"  # noqa: S105 - the name of a kind, not a secret
    ONE_TIME_CODE = "one_time_code"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginProvider:
    """One provider, as configured."""

    id: str
    kind: ProviderKind
    key: LoginKey
    enabled: bool
    highest: Assurance
    """The highest level that is believed, whatever the provider says."""
    levels: Mapping[str, Assurance]
    """What the provider's own names for levels (acr, AuthnContextClassRef, LoA) mean here."""
    labels: Labels
    settings: Mapping[str, object] = field(default_factory=dict)
    """What its door needs; read strictly there."""

    def level_of(self, told: str) -> Assurance | None:
        """What a level told by the provider is worth; None for a name that the configuration does not know."""
        level = self.levels.get(told)
        return None if level is None else min(level, self.highest)


class LoginProviders:
    """All providers of one configuration, in its order."""

    def __init__(self, providers: Mapping[str, LoginProvider]) -> None:
        self._providers = dict(providers)

    def __iter__(self) -> Iterator[LoginProvider]:
        return iter(self._providers.values())

    def enabled(self, name: str) -> LoginProvider | None:
        """A provider that is there and switched on, or None."""
        found = self._providers.get(name)
        return found if found is not None and found.enabled else None

    def of_kind(self, kind: ProviderKind) -> list[LoginProvider]:
        """The providers of one kind that are switched on."""
        return [one for one in self if one.kind is kind and one.enabled]
