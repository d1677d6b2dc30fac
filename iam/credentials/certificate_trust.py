"""Certificate trust: which authorities, policies and status servers a provider of card logins stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from iam.domain.assurance import Assurance
from iam.domain.login_providers import LoginProvider
from iam.settings import UnsafeSettings

SIGNATURE_POLICIES: Final = frozenset(
    f"2.16.56.{root}.1.1.{kind}.1" for root in ("1", "9", "10", "12") for kind in ("2", "7")
)
"""Policies of the certificates with which citizens and foreigners sign (Belgium Root CA, CA2, CA3, CA4)."""
ANY_POLICY: Final = "2.5.29.32.0"
TEST_ARC: Final = "2.16.56.1.40."
"""Below it: policies of Belgian test cards."""
SANDBOX_ORGANIZATION: Final = "Procura sandbox"
"""The organization in the names of the sandbox's authorities, by which production knows and refuses them."""
MAX_AUTHORITIES: Final = 200
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,9})){2,15}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_FOR_TESTS: Final = re.compile(r"(?<![a-z])(tests?|testing|sandbox|demo|specimen)(?![a-z])", re.IGNORECASE)
_KNOWN: Final = frozenset(
    {
        "authorities",
        "roots",
        "ocsp_server",
        "ocsp_responder_certificates",
        "ocsp_hosts",
        "ocsp_nonce",
        "ocsp_max_age_seconds",
        "ocsp_clock_skew_seconds",
        "old_cards",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """How the status of a certificate is asked, and which answer is believed."""

    server: str | None = None
    """Asked in place of the server that the certificate names."""
    responders: tuple[x509.Certificate, ...] = ()
    """Certificates that may sign answers besides the authority and those that it names (RFC 6960 §4.2.2.2, no. 1)."""
    hosts: frozenset[str] = frozenset()
    """The only hosts that are asked; empty for any that an authority names."""
    nonce: bool = True
    """Whether the answer must repeat what was asked with (RFC 9654)."""
    max_age: timedelta = timedelta(minutes=2)
    skew: timedelta = timedelta(minutes=15)
    """How far the clocks may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a provider of card logins trusts."""

    authorities: tuple[x509.Certificate, ...]
    """The intermediate authorities that issue the cards' certificates."""
    roots: tuple[x509.Certificate, ...] = ()
    """Where there are any, each authority in use must be issued by one of them."""
    levels: Mapping[str, Assurance] = field(default_factory=dict)
    """The certificate policies that are accepted, and the level of each."""
    status: StatusRules = StatusRules()
    old_cards: bool = False
    """Whether SHA-1 and RSA keys below 2048 bits are taken, as cards of before 2014 have them: never in production."""


def read_trust(provider: LoginProvider, *, production: bool, also: frozenset[str] = frozenset()) -> Trust:
    """What the settings of a provider say; `also` names the settings that its door reads itself.

    Raises:
        UnsafeSettings: with every problem, naming provider and setting.
    """
    reader = SettingsReader(provider)
    reader.refuse_unknown(_KNOWN | also)
    trust = Trust(
        authorities=reader.certificates("authorities"),
        roots=reader.certificates("roots"),
        levels={oid: min(level, provider.highest) for oid, level in provider.levels.items()},
        status=_status_rules(reader),
        old_cards=reader.flag("old_cards", default=False),
    )
    _check_authorities(reader, trust)
    _check_policies(reader, trust)
    if production:
        _check_for_production(reader, trust)
    reader.raise_problems()
    return trust


class SettingsReader:
    """Reads single settings of one provider and collects what is wrong with them."""

    def __init__(self, provider: LoginProvider) -> None:
        self._name = f"PROCURA_LOGIN_PROVIDERS: {provider.id}:"
        self._settings = provider.settings
        self.problems: list[str] = []

    def problem(self, setting: str, text: str) -> None:
        """Note what is wrong with a setting."""
        self.problems.append(f"{self._name} {setting} {text}")

    def raise_problems(self) -> None:
        """Raise UnsafeSettings with all that was noted, if anything was."""
        if self.problems:
            raise UnsafeSettings(self.problems)

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Note settings that nobody reads."""
        for name in sorted(self._settings.keys() - known):
            self.problem(f"settings.{name}", "is not a setting of this kind of provider")

    def text(self, name: str) -> str:
        """A text, or "" when the setting is not there."""
        value = self._settings.get(name, "")
        if isinstance(value, str):
            return value
        self.problem(f"settings.{name}", "must be a text")
        return ""

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._settings.get(name, default)
        if isinstance(value, bool):
            return value
        self.problem(f"settings.{name}", "must be true or false")
        return default

    def seconds(self, name: str, default: int, most: int) -> timedelta:
        """A time in whole seconds from 1 to `most`."""
        value = self._settings.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
            return timedelta(seconds=value)
        self.problem(f"settings.{name}", f"must be a whole number from 1 to {most}")
        return timedelta(seconds=default)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._settings.get(name, [])
        if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.problem(f"settings.{name}", "must be a list of texts")
        return ()

    def certificates(self, name: str) -> tuple[x509.Certificate, ...]:
        """The certificates of a PEM file (or of a PEM text) that the setting names."""
        told = self.text(name)
        if not told:
            return ()
        try:
            pem = told.encode() if told.lstrip().startswith("-----BEGIN") else Path(told).read_bytes()
            return tuple(x509.load_pem_x509_certificates(pem))
        except (OSError, ValueError):
            self.problem(f"settings.{name}", "must name a readable file of certificates in PEM")
            return ()

    def address(self, name: str) -> str | None:
        """An http or https address, or None."""
        told = self.text(name)
        if not told:
            return None
        try:
            parts = urlsplit(told)
            if parts.scheme in ("http", "https") and parts.hostname and parts.username is None and not parts.fragment:
                return told
        except ValueError:
            pass  # brackets that do not match: said below
        self.problem(f"settings.{name}", "must be an address that begins with http:// or https://")
        return None


def _status_rules(reader: SettingsReader) -> StatusRules:
    hosts = frozenset(reader.texts("ocsp_hosts"))
    if any(not _HOST.fullmatch(host) for host in hosts):
        reader.problem("settings.ocsp_hosts", "must list names of hosts in lower case")
    server = reader.address("ocsp_server")
    if server is not None and hosts and urlsplit(server).hostname not in hosts:
        reader.problem("settings.ocsp_server", "is on a host that ocsp_hosts does not list")
    return StatusRules(
        server=server,
        responders=reader.certificates("ocsp_responder_certificates"),
        hosts=hosts,
        nonce=reader.flag("ocsp_nonce", default=True),
        max_age=reader.seconds("ocsp_max_age_seconds", 120, 86_400),
        skew=reader.seconds("ocsp_clock_skew_seconds", 900, 900),
    )


def _check_authorities(reader: SettingsReader, trust: Trust) -> None:
    if not 1 <= len(trust.authorities) <= MAX_AUTHORITIES:
        reader.problem("settings.authorities", f"must hold 1 to {MAX_AUTHORITIES} certificates")
    if any(one.subject == one.issuer for one in trust.authorities):
        reader.problem("settings.authorities", "must hold the authorities that issue cards, not roots")


def _check_policies(reader: SettingsReader, trust: Trust) -> None:
    if not trust.levels:
        reader.problem("levels", "must list the certificate policies that are accepted")
    for oid in trust.levels:
        if not _OID.fullmatch(oid) or oid == ANY_POLICY:
            reader.problem("levels", f"{oid} is not a certificate policy")
        elif oid in SIGNATURE_POLICIES:
            reader.problem("levels", f"{oid} is a policy of certificates for signatures, not for logins")


def _check_for_production(reader: SettingsReader, trust: Trust) -> None:
    for one in (*trust.authorities, *trust.roots, *trust.status.responders):
        if is_for_tests(one):
            reader.problem("settings.authorities", "holds an authority of a test or of the sandbox")
    if any(oid.startswith(TEST_ARC) for oid in trust.levels):
        reader.problem("levels", "lists a policy of test cards")
    if trust.old_cards:
        reader.problem("settings.old_cards", "must be false in production")


def is_for_tests(certificate: x509.Certificate) -> bool:
    """Whether a certificate says of itself or of its issuer that it is for tests."""
    names = (certificate.subject, certificate.issuer)
    return any(_FOR_TESTS.search(str(part.value)) is not None for name in names for part in name)
