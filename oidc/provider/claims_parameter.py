"""The parameter `claims`: claims asked one by one, and the level as an essential one (OpenID Connect Core 5.5)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from typing import Final

from iam.domain.assurance import Assurance
from iam.domain.client_metadata import NATIONAL_NUMBER, PROFILE, PROFILE_CLAIMS
from iam.web import strict_json
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.levels import assurance_of

MAX_BYTES: Final = 4_096
KNOWN: Final = frozenset({*PROFILE_CLAIMS, NATIONAL_NUMBER, "auth_time", "acr", "amr", "sub"})
_LEVELS: Final = "acr"
"""Under which the levels are kept, beside the places."""
_MEMBERS: Final = frozenset({"essential", "value", "values"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaims:
    """What is asked one by one."""

    id_token: frozenset[str] = frozenset()
    userinfo: frozenset[str] = frozenset()
    levels: tuple[str, ...] = ()
    level_essential: bool = False
    subjects: frozenset[str] = frozenset()
    """Of these `sub` the person must have one; empty for anybody's."""
    written: str = ""
    """Canonical JSON of the names asked, and of the levels asked as essential, to be kept; empty for none."""


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
    levels, essential = _asked_texts(level), level.get("essential") is True
    kept = {place: sorted(each) for place, each in names.items() if each}
    known = [one for one in levels if assurance_of(one) is not None]
    kept |= {_LEVELS: known} if essential and known else {}
    return RequestedClaims(
        id_token=names["id_token"],
        userinfo=names["userinfo"],
        levels=levels,
        level_essential=essential,
        subjects=frozenset(_asked_texts(subject)),
        written=json.dumps(kept, sort_keys=True) if kept else "",
    )


def kept_names(text: str, place: str) -> frozenset[str]:
    """The names that were asked for a place (`id_token`, `userinfo`), from what `RequestedClaims.written` kept."""
    return frozenset(json.loads(text).get(place, ())) if text else frozenset()


def kept_level(text: str, level: Assurance) -> str:
    """How a login of a level is told to who asked for some as essential: by the best of those that it reaches, in the
    words that were asked (OpenID Connect Core 1.0 §5.5.1.1); empty where none was asked so, or it reaches none.
    """
    asked = json.loads(text).get(_LEVELS, []) if text else []
    reached = [(found, one) for one in asked if (found := assurance_of(one)) is not None and found <= level]
    return max(reached, key=lambda one: one[0], default=(level, ""))[1]


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


def _asked_texts(member: Mapping[str, object]) -> tuple[str, ...]:
    return _texts(member.get("values", [member["value"]] if "value" in member else []))


def _texts(values: object) -> tuple[str, ...]:
    """Values that are texts: what else is asked for cannot be met, and is not passed over."""
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise _malformed("acr and sub are asked with texts")
    return tuple(values)


def _malformed(detail: str) -> AuthorizationRefused:
    return AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "malformed_claims", f"{detail}.")
