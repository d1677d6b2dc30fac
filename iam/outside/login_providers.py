"""The login providers of a TOML file, read anew when it changes and swapped whole; a broken file changes nothing."""

from __future__ import annotations

import os
import re
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import structlog

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import InvalidInput
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.settings import UnsafeSettings, is_loopback

SETTING: Final = "PROCURA_LOGIN_PROVIDERS"
LANGUAGES: Final = frozenset({"nl", "fr", "de", "en"})
LARGEST_FILE: Final = 1_000_000
_MEMBERS: Final = frozenset({"kind", "key", "highest", "enabled", "levels", "labels", "settings"})
_NEEDED: Final = frozenset({"kind", "key", "highest", "labels"})
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_ADDRESS: Final = re.compile(r"(?:^|_)(?:issuer|url|uri|endpoint|address|metadata|responder)$")
_SANDBOX_KEY: Final = re.compile(r"\"kid\"\s*:\s*\"sandbox")
_log: Final = structlog.get_logger("iam.outside")

Check = Callable[[LoginProvider], None]
"""A door's own reading of a provider's `settings`; UnsafeSettings names provider and setting."""
Checks = Mapping[ProviderKind, Check]
Stamp = tuple[int, int, int, int]


class FileProviderBook:
    """The providers as the file says them now.

    A provider that is added, changed, switched off or taken out counts from the next request on, in every process. A
    file that cannot be read keeps what was read before, and is told in the log once as an error.
    """

    def __init__(self, path: Path | None, *, production: bool, checks: Checks) -> None:
        """Read the file; without one there is no provider. Raises UnsafeSettings or OSError."""
        self._path = path
        self._production = production
        self._checks = checks
        self._turn = threading.Lock()
        self._stamp = _stamp(path) if path else None
        self._current = self._read(path) if path else LoginProviders({})

    def current(self) -> LoginProviders:
        """Those that are configured at this moment."""
        if self._path is not None and (stamp := _stamp_or_none(self._path)) != self._stamp:
            with self._turn:
                if stamp != self._stamp:
                    self._swap(self._path, stamp)
        return self._current

    def _swap(self, path: Path, stamp: Stamp | None) -> None:
        """Take what the file says now, or keep what it said; a file is judged once as it stands."""
        try:
            self._current = self._read(path)
            _log.info("login_providers_read", enabled=[one.id for one in self._current if one.enabled])
        except UnsafeSettings as unsafe:
            _log.error("login_providers_kept", code="unsafe_settings", problems=unsafe.problems)
        except (OSError, UnicodeDecodeError):
            _log.error("login_providers_kept", code="unreadable_file")
        self._stamp = stamp

    def _read(self, path: Path) -> LoginProviders:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise unsafe("", f"is larger than {LARGEST_FILE} octets")
        read = read_providers(content.decode("utf-8"), production=self._production)
        for one in read:
            check = self._checks.get(one.kind)
            if check is not None:
                check(one)
        return read


def unsafe(provider: str, what: str) -> UnsafeSettings:
    """The refusal of what one provider says, by its name."""
    return UnsafeSettings([f"{SETTING}: {provider}: {what}" if provider else f"{SETTING}: {what}"])


def read_providers(text: str, *, production: bool) -> LoginProviders:
    """Read tables `[providers.<id>]`: `kind`, `key`, `highest`, `labels`, perhaps `enabled`, `levels` and `settings`.

    In production no address may be plain http or lead to this machine, and no key may be one of the sandbox's.

    Raises:
        UnsafeSettings: naming the setting, the provider and what is wrong.
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # besides faults of syntax: numbers too long, brackets too deep
        raise unsafe("", f"is not TOML that can be read: {error}") from None
    listed = tables.pop("providers", {})
    if tables or not isinstance(listed, dict):
        raise unsafe("", "holds tables [providers.<id>] and nothing else")
    providers = {name: _provider(name, table) for name, table in listed.items()}
    problems = [problem for one in providers.values() for problem in _unsafe_in_production(one)]
    if production and problems:
        raise UnsafeSettings(problems)
    return LoginProviders(providers)


def _provider(name: str, table: object) -> LoginProvider:
    if not _ID.fullmatch(name):
        raise unsafe(name[:40], "a provider's id is lower-case letters, digits and hyphens, at most 32")
    if not isinstance(table, dict) or not table.keys() >= _NEEDED or not table.keys() <= _MEMBERS:
        raise unsafe(name, f"has {', '.join(sorted(_NEEDED))}, perhaps {', '.join(sorted(_MEMBERS - _NEEDED))}")
    enabled, settings = table.get("enabled", True), table.get("settings", {})
    if not isinstance(enabled, bool) or not isinstance(settings, dict):
        raise unsafe(name, "enabled is true or false, and settings a table")
    try:
        return LoginProvider(
            id=name,
            kind=_kind(table["kind"]),
            key=LoginKey.parse(str(table["key"])),
            enabled=enabled,
            highest=Assurance.parse(str(table["highest"])),
            levels=_levels(table.get("levels", {})),
            labels=_labels(table["labels"]),
            settings=settings,
        )
    except InvalidInput as refusal:
        raise unsafe(name, refusal.detail) from None


def _kind(told: object) -> ProviderKind:
    if not isinstance(told, str) or told not in tuple(ProviderKind):
        raise InvalidInput("invalid_provider", f"kind is one of {', '.join(ProviderKind)}")
    return ProviderKind(told)


def _levels(told: object) -> Mapping[str, Assurance]:
    if not isinstance(told, dict):
        raise InvalidInput("invalid_provider", "levels says what each of the provider's names for levels is worth")
    return {name: Assurance.parse(str(level)) for name, level in told.items()}


def _labels(told: object) -> Mapping[str, str]:
    named = {name: text for name, text in told.items() if str(text).strip()} if isinstance(told, dict) else {}
    if named.keys() != LANGUAGES or not all(isinstance(text, str) for text in named.values()):
        raise InvalidInput("invalid_provider", f"labels names it in {', '.join(sorted(LANGUAGES))}")
    return named


def _unsafe_in_production(provider: LoginProvider) -> list[str]:
    problems = []
    for name, text in _texts("settings", provider.settings):
        if _ADDRESS.search(name) and text.lower().startswith("http:"):
            problems.append(f"{SETTING}: {provider.id}: {name} must be an https URL")
        if "://" in text and is_loopback(text):
            problems.append(f"{SETTING}: {provider.id}: {name} may not be a loopback address")
        if _SANDBOX_KEY.search(text):
            problems.append(f"{SETTING}: {provider.id}: {name} holds a key of the sandbox")
    return problems


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text within a value, with the name that it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(name, inner)


def _stamp(path: Path) -> Stamp:
    """What tells one state of a file from another."""
    status = os.stat(path)
    return (status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)


def _stamp_or_none(path: Path) -> Stamp | None:
    try:
        return _stamp(path)
    except OSError:
        return None
