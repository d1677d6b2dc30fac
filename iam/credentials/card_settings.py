"""Card settings: what a provider of logins by Web eID or by client certificate says, read when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from iam.credentials.certificate_trust import SettingsReader, Trust, read_trust
from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider

SOFTWARE_CARD: Final = "software_card"
LEAST_SECRET: Final = 32
_WEB_EID: Final = frozenset({SOFTWARE_CARD})
_CERTIFICATE: Final = frozenset({"address", "proxy_secret", "citizen_policies"})
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebEidSettings:
    """A provider of logins by Web eID."""

    trust: Trust
    software_card: str | None
    """Address of the script that plays browser extension, reader and card: in the sandbox alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSettings:
    """A provider of logins by client certificate."""

    trust: Trust
    address: str
    """Origin of the host on which nginx asks browsers for a certificate."""
    proxy_secret: str
    """By what the application knows that nginx."""
    citizen_policies: frozenset[str]
    """The policies whose certificates are those of identity cards."""

    @property
    def host(self) -> str:
        """The host of `address`, with its port where it has one."""
        return urlsplit(self.address).netloc


class CardSettings(Generic[Read]):
    """The settings of each provider of one kind; its files are read anew when its configuration changed."""

    def __init__(self, read: Callable[[LoginProvider], Read]) -> None:
        self._read = read
        self._turn = threading.Lock()
        self._known: dict[str, tuple[LoginProvider, Read]] = {}

    def of(self, provider: LoginProvider) -> Read:
        """What this provider says. Raises UnsafeSettings."""
        known = self._known.get(provider.id)
        return known[1] if known is not None and known[0] == provider else self._taken(provider)

    def check(self, provider: LoginProvider) -> None:
        """Read the settings and their files, to learn whether they can be followed. Raises UnsafeSettings."""
        self._taken(provider)

    def _taken(self, provider: LoginProvider) -> Read:
        with self._turn:
            read = self._read(provider)
            self._known[provider.id] = (provider, read)
            return read


def web_eid_settings(*, production: bool) -> CardSettings[WebEidSettings]:
    """The settings of providers of kind `web_eid`."""

    def read(provider: LoginProvider) -> WebEidSettings:
        reader = SettingsReader(provider)
        card = reader.address(SOFTWARE_CARD)
        if provider.key is not LoginKey.EID:
            reader.problem("key", "must be eid: it is an identity card that answers")
        if production and card is not None:
            reader.problem(f"settings.{SOFTWARE_CARD}", "is for the sandbox alone")
        reader.raise_problems()
        trust = read_trust(provider, production=production, also=_WEB_EID)
        return WebEidSettings(trust=trust, software_card=card)

    return CardSettings(read)


def certificate_settings(*, production: bool) -> CardSettings[CertificateSettings]:
    """The settings of providers of kind `certificate`."""

    def read(provider: LoginProvider) -> CertificateSettings:
        reader = SettingsReader(provider)
        address = _host_of_its_own(reader)
        secret = _secret(reader)
        citizens = frozenset(reader.texts("citizen_policies"))
        if citizens - provider.levels.keys():
            reader.problem("settings.citizen_policies", "names a policy that has no level")
        reader.raise_problems()
        return CertificateSettings(
            trust=read_trust(provider, production=production, also=_CERTIFICATE),
            address=address,
            proxy_secret=secret,
            citizen_policies=citizens,
        )

    return CardSettings(read)


def _host_of_its_own(reader: SettingsReader) -> str:
    address = reader.address("address") or ""
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.path not in ("", "/") or parts.query:
        reader.problem("settings.address", "must be https:// and a host, on which nginx asks for certificates")
    return f"https://{parts.netloc.lower()}"


def _secret(reader: SettingsReader) -> str:
    """The secret in the file that `proxy_secret` names."""
    name = reader.text("proxy_secret")
    try:
        secret = Path(name).read_text(encoding="ascii").strip() if name else ""
    except (OSError, UnicodeDecodeError):
        secret = ""
    if len(secret) < LEAST_SECRET or not secret.isprintable() or set(secret) & {" ", ","}:
        reader.problem("settings.proxy_secret", f"must name a file with one word of {LEAST_SECRET} characters or more")
    return secret
