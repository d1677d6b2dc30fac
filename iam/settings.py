"""Settings from the environment: read once, checked whole, and refused by name when missing or unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from socket import inet_aton
from urllib.parse import urlsplit

from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber


class Environment(StrEnum):
    """Where the service runs; the sandbox plays the state's own systems, production asks the real ones."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class UnsafeSettings(Exception):
    """Settings with which the service does not start; one line for each, naming the setting."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator decides; each field names its environment variable."""

    environment: Environment
    """PROCURA_ENVIRONMENT"""
    data: Path
    """PROCURA_DATA: the folder of the database and of nothing secret."""
    port: int
    """PORT"""
    issuer: str
    """PROCURA_ISSUER: the public base URL, without a slash at the end."""
    database_url: str
    """DATABASE_URL: sqlite:///… or postgresql+psycopg://…"""
    sealing_key_file: Path | None
    """PROCURA_SEALING_KEY: a file outside the data folder, readable by its owner alone."""
    sealing_key_text: str | None
    """PROCURA_SEALING_KEY_VALUE: the same key, where files are not to be had."""
    enterprise_register: str
    """PROCURA_ENTERPRISE_REGISTER: base URL of the register of enterprises."""
    employer_directory: str
    """PROCURA_EMPLOYER_DIRECTORY: base URL of the employer directory."""
    person_register: str
    """PROCURA_PERSON_REGISTER: base URL of the register of persons; empty where its changes are not followed."""
    authentication_sources: Path | None
    """PROCURA_AUTHENTICATION_SOURCES: TOML with who may vouch for a person's login."""
    login_providers: Path | None
    """PROCURA_LOGIN_PROVIDERS: TOML with the providers by which people log in here; without it nobody does."""
    smtp_url: str
    """PROCURA_SMTP_URL: mail server, smtp:// with STARTTLS or smtps://; without it e-mail waits, then is given up."""
    mail_from: str
    """PROCURA_MAIL_FROM: the address from which e-mail comes."""
    sms_gateway: str
    """PROCURA_SMS_GATEWAY: address of the gateway of short messages; without it they wait, then are given up."""
    sms_token: str
    """PROCURA_SMS_TOKEN: bearer token for that gateway."""
    administration: str
    """PROCURA_ADMINISTRATION: CBE number of the administration that runs this service."""
    migration_open: bool
    """PROCURA_MIGRATION: open or closed."""
    catalogue_overrides: Path | None
    """PROCURA_CATALOGUE_OVERRIDES: TOML with other levels and login keys than the catalogue's."""
    answer_within: timedelta
    """PROCURA_ANSWER_WITHIN_DAYS: after how many days an unanswered proposal lapses."""
    clock_offset: timedelta
    """PROCURA_CLOCK_OFFSET: seconds that the sandbox's clock runs ahead (or behind)."""
    workers: int
    """PROCURA_WORKERS: processes of the web server."""
    mtls_address: str = ""
    """PROCURA_MTLS_ADDRESS: origin of the host on which clients show certificates; without it none does."""
    mtls_proxy_secret: Path | None = None
    """PROCURA_MTLS_PROXY_SECRET: file with the word by which the nginx in front of that host is known."""
    mtls_authorities: Path | None = None
    """PROCURA_MTLS_AUTHORITIES: PEM file of the authorities that issue certificates to clients."""

    @property
    def sandbox(self) -> bool:
        """Whether this is the sandbox."""
        return self.environment is Environment.SANDBOX


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        UnsafeSettings: with every problem at once, each naming its variable.
    """
    reader = _Reader(environ)
    data = Path(environ.get("PROCURA_DATA", ".procura"))
    port = reader.number("PORT", 8080, 1, 65535)
    settings = Settings(
        environment=reader.environment(),
        data=data,
        port=port,
        issuer=environ.get("PROCURA_ISSUER", "").rstrip("/"),
        database_url=environ.get("DATABASE_URL", "") or f"sqlite:///{(data / 'procura.db').absolute()}",
        sealing_key_file=reader.path("PROCURA_SEALING_KEY"),
        sealing_key_text=environ.get("PROCURA_SEALING_KEY_VALUE") or None,
        enterprise_register=environ.get("PROCURA_ENTERPRISE_REGISTER", "").rstrip("/"),
        employer_directory=environ.get("PROCURA_EMPLOYER_DIRECTORY", "").rstrip("/"),
        person_register=environ.get("PROCURA_PERSON_REGISTER", "").rstrip("/"),
        authentication_sources=reader.path("PROCURA_AUTHENTICATION_SOURCES"),
        login_providers=reader.path("PROCURA_LOGIN_PROVIDERS"),
        smtp_url=environ.get("PROCURA_SMTP_URL", ""),
        mail_from=environ.get("PROCURA_MAIL_FROM", ""),
        sms_gateway=environ.get("PROCURA_SMS_GATEWAY", "").rstrip("/"),
        sms_token=environ.get("PROCURA_SMS_TOKEN", ""),
        administration=reader.cbe("PROCURA_ADMINISTRATION"),
        migration_open=reader.choice("PROCURA_MIGRATION", ("closed", "open")) == "open",
        catalogue_overrides=reader.path("PROCURA_CATALOGUE_OVERRIDES"),
        answer_within=timedelta(days=reader.number("PROCURA_ANSWER_WITHIN_DAYS", 90, 1, 3660)),
        clock_offset=timedelta(seconds=reader.number("PROCURA_CLOCK_OFFSET", 0, -(10**10), 10**10)),
        workers=reader.number("PROCURA_WORKERS", 1, 1, 256),
        mtls_address=environ.get("PROCURA_MTLS_ADDRESS", "").rstrip("/").lower(),
        mtls_proxy_secret=reader.path("PROCURA_MTLS_PROXY_SECRET"),
        mtls_authorities=reader.path("PROCURA_MTLS_AUTHORITIES"),
    )
    problems = [*reader.problems, *_problems(settings)]
    if problems:
        raise UnsafeSettings(problems)
    return settings


class _Reader:
    """Reads single values and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self._environ.get(name, "")
        if not text:
            return default
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdecimal() and len(digits) <= 11 and least <= int(text) <= most:
            return int(text)
        self.problems.append(f"{name} must be a whole number from {least} to {most}")
        return default

    def path(self, name: str) -> Path | None:
        text = self._environ.get(name, "")
        return Path(text) if text else None

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self._environ.get(name, "") or choices[0]
        if text not in choices:
            self.problems.append(f"{name} must be one of: {', '.join(choices)}")
            return choices[0]
        return text

    def environment(self) -> Environment:
        return Environment(self.choice("PROCURA_ENVIRONMENT", tuple(Environment)))

    def cbe(self, name: str) -> str:
        text = self._environ.get(name, "")
        if not text:
            return ""
        try:
            return CbeNumber.parse(text).value
        except InvalidInput:
            self.problems.append(f"{name} must be a valid CBE number")
            return ""


def _problems(settings: Settings) -> list[str]:
    """What is missing everywhere, and what production does not accept."""
    required = {
        "PROCURA_ISSUER": settings.issuer,
        "PROCURA_ENTERPRISE_REGISTER": settings.enterprise_register,
        "PROCURA_EMPLOYER_DIRECTORY": settings.employer_directory,
        "PROCURA_ADMINISTRATION": settings.administration,
        "PROCURA_AUTHENTICATION_SOURCES": settings.authentication_sources,
        "PROCURA_SEALING_KEY": settings.sealing_key_file or settings.sealing_key_text,
    }
    problems = [f"{name} is missing" for name, value in required.items() if not value]
    problems += [f"{name} must be host, perhaps port and path" for name, url in _urls(settings) if not _is_plain(url)]
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        problems.append("DATABASE_URL must start with sqlite:/// or postgresql+psycopg://")
    return problems if settings.sandbox else [*problems, *_unsafe_in_production(settings)]


def _unsafe_in_production(settings: Settings) -> list[str]:
    urls = _urls(settings)
    problems = [f"{name} must be an https URL" for name, url in urls if not url.startswith("https://")]
    problems += [f"{name} may not be a loopback address" for name, url in urls if is_loopback(url)]
    if is_loopback(settings.smtp_url):
        problems.append("PROCURA_SMTP_URL may not be a loopback address")
    if settings.clock_offset:
        problems.append("PROCURA_CLOCK_OFFSET is for the sandbox only")
    return problems


def _urls(settings: Settings) -> list[tuple[str, str]]:
    """The base URLs that are given, with their settings' names."""
    urls = {
        "PROCURA_ISSUER": settings.issuer,
        "PROCURA_ENTERPRISE_REGISTER": settings.enterprise_register,
        "PROCURA_EMPLOYER_DIRECTORY": settings.employer_directory,
        "PROCURA_PERSON_REGISTER": settings.person_register,
        "PROCURA_SMS_GATEWAY": settings.sms_gateway,
    }
    return [(name, url) for name, url in urls.items() if url]


def _is_plain(url: str) -> bool:
    """Whether a URL names a host, perhaps with port and path, and nothing else (for issuers: RFC 8414 §2)."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and url.isascii() and url.isprintable() and set(url).isdisjoint("?#@\\ ")


def is_loopback(url: str) -> bool:
    """Whether a URL names this very machine, as the sandbox's own systems do, in whatever notation."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return _is_short_loopback(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _is_short_loopback(host: str) -> bool:
    """Whether a host is 127.0.0.0/8 or 0.0.0.0 as old resolvers read it: 127.1, 0x7f.1, 2130706433."""
    try:
        address = IPv4Address(inet_aton(host))
    except (OSError, ValueError):
        return False
    return address.is_loopback or address.is_unspecified
