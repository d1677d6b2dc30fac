"""Who may vouch for a person's login, with which keys and up to which level: configuration, judged before use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import InvalidInput
from iam.settings import UnsafeSettings, is_loopback
from iam.web.strict_json import MalformedJson
from oidc import jose

SETTING: Final = "PROCURA_AUTHENTICATION_SOURCES"
SANDBOX_KEY: Final = "sandbox"
"""How the names (`kid`) of the sandbox's keys begin."""
_MEMBERS: Final = frozenset({"issuer", "levels", "jwks", "algorithms"})
_ALGORITHMS: Final = frozenset({"ES256", "PS256", "RS256"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationSource:
    """An identity provider (or the hall that asks it) whose testimony about a login is believed."""

    issuer: str
    keys: jose.KeySet
    algorithms: frozenset[str]
    levels: Mapping[LoginKey, Assurance]
    """The login keys that it may speak of, each with the highest level that is believed."""


Sources = Mapping[str, AuthenticationSource]
"""Sources by issuer."""


def read_sources(text: str, *, production: bool) -> Sources:
    """Read the TOML that PROCURA_AUTHENTICATION_SOURCES names.

    It is a list of tables `[[source]]` with `issuer` (a URL), `levels` (login key = level), `jwks` (JSON text of the
    public key set) and, where not ES256 alone, `algorithms`. In production a source must be reached by https, not be
    this machine, and not sign with the sandbox's keys.

    Raises:
        UnsafeSettings: naming the setting and what is wrong.
    """
    try:
        tables = tomllib.loads(text).get("source", [])
    except tomllib.TOMLDecodeError as error:
        raise _unsafe(f"is not TOML: {error}") from None
    if not isinstance(tables, list) or not tables:
        raise _unsafe("names no [[source]]")
    sources = [_source(table) for table in tables]
    by_issuer = {source.issuer: source for source in sources}
    if len(by_issuer) < len(sources):
        raise _unsafe("names an issuer twice")
    problems = [problem for source in sources for problem in (_unsafe_in_production(source) if production else [])]
    if problems:
        raise UnsafeSettings(problems)
    return by_issuer


def _source(table: object) -> AuthenticationSource:
    if not isinstance(table, dict) or not {"issuer", "levels", "jwks"} <= table.keys() <= _MEMBERS:
        raise _unsafe(f"a source has issuer, levels and jwks, perhaps algorithms, not {table!r:.80}")
    issuer, levels, algorithms = table["issuer"], table["levels"], table.get("algorithms", ["ES256"])
    if not isinstance(issuer, str) or urlsplit(issuer).scheme not in ("http", "https"):
        raise _unsafe("a source's issuer is a URL")
    if not isinstance(algorithms, list) or not algorithms or not _ALGORITHMS.issuperset(map(str, algorithms)):
        raise _unsafe(f"{issuer}: algorithms are of {', '.join(sorted(_ALGORITHMS))}")
    return AuthenticationSource(
        issuer=issuer,
        keys=_keys(issuer, table["jwks"]),
        algorithms=frozenset(algorithms),
        levels=_levels(issuer, levels),
    )


def _keys(issuer: str, text: object) -> jose.KeySet:
    try:
        return jose.read_key_set(str(text))
    except (jose.UnusableKey, MalformedJson) as error:
        raise _unsafe(f"{issuer}: jwks is no usable key set: {error}") from None


def _levels(issuer: str, levels: object) -> Mapping[LoginKey, Assurance]:
    if not isinstance(levels, dict) or not levels:
        raise _unsafe(f"{issuer}: levels gives each login key its level")
    try:
        return {LoginKey.parse(key): Assurance.parse(level) for key, level in levels.items()}
    except InvalidInput as refusal:
        raise _unsafe(f"{issuer}: {refusal.detail}") from None


def _unsafe_in_production(source: AuthenticationSource) -> list[str]:
    problems = []
    if not source.issuer.startswith("https://"):
        problems.append(f"{SETTING}: {source.issuer} is not an https URL")
    if is_loopback(source.issuer):
        problems.append(f"{SETTING}: {source.issuer} is this machine, as the sandbox's own source is")
    if any(key.kid.startswith(SANDBOX_KEY) for key in source.keys.keys):
        problems.append(f"{SETTING}: {source.issuer} signs with a key of the sandbox")
    return problems


def _unsafe(what: str) -> UnsafeSettings:
    return UnsafeSettings([f"{SETTING}: {what}"])
