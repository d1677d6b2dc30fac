"""The parameter `claims`: claims asked one by one, and the level as an essential one (OpenID Connect Core 5.5)."""

from __future__ import annotations

import json
from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Final

from iam.domain.client_metadata import NATIONAL_NUMBER, PROFILE, PROFILE_CLAIMS
from iam.web import strict_json
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused

MAX_BYTES: Final = 4_096
KNOWN: Final = frozenset({*PROFILE_CLAIMS, NATIONAL_NUMBER, "auth_time", "acr", "amr", "sub"})
_MEMBERS: Final = frozenset({"essential", "value", "values"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaims:
    """What is asked one by one."""

    id_token: frozenset[str] = frozenset()
    userinfo: frozenset[str] = frozenset()
    levels: tuple[str, ...] = ()
    level_essential: bool = False
    subject: str = ""
    """The `sub` that must be the person's; empty for anybody's."""
    written: str = ""
    """Canonical JSON of the names asked, to be kept; empty for none."""


def read_claims(text: str | None, scopes: Collection[str]) -> RequestedClaims:
    """Read `claims`; claims that we do not know are ignored (OpenID Connect Core 1.0 §5.5).

    `scopes` are those that the client registered: what it may not ask by scope it may not ask by name either.

    Raises AuthorizationRefused: `invalid_request` for what is no such JSON; `invalid_scope` for the national number
    where the client has no legal ground, and for claims of the profile where it did not register that scope.
    """
    if text is None:
        return RequestedClaims()
    asked = _object(text)
    wanted = {place: _place(asked.get(place)) for place in ("id_token", "userinfo")}
    names = {place: frozenset(KNOWN & each.keys()) for place, each in wanted.items()}
    _check_registered(frozenset().union(*names.values()), scopes)
    level, subject = wanted["id_token"].get("acr", {}), wanted["id_token"].get("sub", {})
    levels = _texts(level.get("values", [level["value"]] if "value" in level else []))
    kept = {place: sorted(each) for place, each in names.items() if each}
    return RequestedClaims(
        id_token=names["id_token"],
        userinfo=names["userinfo"],
        levels=levels,
        level_essential=level.get("essential") is True,
        subject=_texts([subject["value"]])[0] if "value" in subject else "",
        written=json.dumps(kept, sort_keys=True) if kept else "",
    )


def kept_names(text: str, place: str) -> frozenset[str]:
    """The names that were asked for a place (`id_token`, `userinfo`), from what `RequestedClaims.written` kept."""
    return frozenset(json.loads(text).get(place, ())) if text else frozenset()


def _check_registered(names: Set[str], scopes: Collection[str]) -> None:
    fault = AuthorizationFault.INVALID_SCOPE
    if NATIONAL_NUMBER in names and NATIONAL_NUMBER not in scopes:
        detail = "The national number takes a recorded legal ground."
        raise AuthorizationRefused(fault, "number_not_allowed", detail)
    if names & set(PROFILE_CLAIMS) and PROFILE not in scopes:
        detail = f"Claims of the person by name are for clients that registered the scope {PROFILE}."
        raise AuthorizationRefused(fault, "scope_not_registered", detail)


def _object(text: str) -> dict[str, object]:
    try:
        value = strict_json.loads(text.encode(), max_bytes=MAX_BYTES)
    except strict_json.MalformedJson as error:
        raise _malformed(f"claims is not strict JSON: {error.detail}") from None
    if not isinstance(value, dict):
        raise _malformed("claims is a JSON object")
    return value


def _place(value: object) -> dict[str, dict[str, object]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _malformed("claims holds objects named id_token and userinfo")
    wanted: dict[str, dict[str, object]] = {}
    for name, one in value.items():
        if one is not None and not isinstance(one, dict):
            raise _malformed("each claim is asked with null or an object")
        wanted[name] = {member: each for member, each in (one or {}).items() if member in _MEMBERS}
    return wanted


def _texts(values: object) -> tuple[str, ...]:
    """Values that are texts: what else is asked for cannot be met, and is not passed over."""
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise _malformed("acr and sub are asked with texts")
    return tuple(values)


def _malformed(detail: str) -> AuthorizationRefused:
    return AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "malformed_claims", f"{detail}.")
