"""Who it was and at which level: the claims of a provider become the one value that every login yields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import InvalidInput
from iam.domain.login_providers import LoginProvider
from iam.domain.logins import PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.periods import local_date
from oidc.relying_party.authorization_request import Begun
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.id_token import ProvenSubject
from oidc.relying_party.registration import ClaimNames, Registration

BELGIUM: Final = "BE"
NOWHERE: Final = "ZZ"
"""Of ISO 3166-1 alpha-2 for users' own purposes: here for a key of which no country was told."""
MAX_NAME_CHARS: Final = 200
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_AMR: Final[list[object]] = []


def proven_login(
    provider: LoginProvider,
    registration: Registration,
    begun: Begun,
    proven: ProvenSubject,
    more: Mapping[str, object],
    logout_hint: str,
    now: datetime,
) -> ProvenLogin:
    """The login that ID token and userinfo prove, in these steps:

    (1) the level that was told is one of the configuration, and not below what was asked;
    (2) the country that issued the key is told as two letters, or follows from the number;
    (3) a Belgian number is valid, and of a Belgian key; a Belgian key without number names nobody by itself;
    (4) ID token and userinfo do not contradict each other on country and number;
    (5) without a number issuer and `sub` together are kept with name and birth date, for matching (Core §5.7).

    `more` are the claims of userinfo, which are those of the ID token where that is not asked.

    Raises LoginFailed (`oidc_level_unknown`, `oidc_level_too_low`, `oidc_number_refused`).
    """
    claims = {**more, **proven.claims}
    level = _level(provider, claims.get(registration.level_claim), begun.minimum)  # (1)
    country = _country(claims, registration.claims)  # (2)
    niss = _number(claims, registration.claims, country, now)  # (3)
    _check_agreement(more, proven.claims, registration.claims)  # (4)
    return ProvenLogin(
        provider=provider.id,
        key=_key(provider, registration, claims),
        assurance=level,
        authenticated_at=proven.authenticated_at,
        reference=begun.nonce,
        expires_at=proven.expires_at,
        niss=niss,
        subject=f"{registration.issuer}#{proven.subject}" if niss is None else "",  # (5)
        issued_in=country or (BELGIUM if niss else NOWHERE),
        personal=_personal(claims, registration.claims),
        provider_session=proven.session,
        logout_hint=logout_hint,
    )


def _check_agreement(more: Mapping[str, object], claims: Mapping[str, object], names: ClaimNames) -> None:
    for name in (names.number, names.issuing_country):
        if name in more and name in claims and more[name] != claims[name]:
            raise LoginFailed(LoginFault.NUMBER_REFUSED, "ID token and userinfo contradict each other")


def _level(provider: LoginProvider, told: object, minimum: Assurance) -> Assurance:
    level = provider.level_of(told) if isinstance(told, str) else None
    if level is None:
        raise LoginFailed(LoginFault.LEVEL_UNKNOWN, "the level that was told is none of the configuration")
    if level < minimum:
        raise LoginFailed(LoginFault.LEVEL_TOO_LOW, f"{level.label} was reached, {minimum.label} asked")
    return level


def _country(claims: Mapping[str, object], names: ClaimNames) -> str:
    told = claims.get(names.issuing_country) if names.issuing_country else None
    if told is None:
        return ""
    if not isinstance(told, str) or not _COUNTRY.fullmatch(told):
        raise LoginFailed(LoginFault.NUMBER_REFUSED, "the issuing country is not two capital letters")
    return told


def _number(claims: Mapping[str, object], names: ClaimNames, country: str, now: datetime) -> Niss | None:
    told = claims.get(names.number)
    if told is None or told == "":
        return None
    if country not in ("", BELGIUM):
        raise LoginFailed(LoginFault.NUMBER_REFUSED, "a Belgian number with a key of another country")
    try:
        return Niss.parse(told if isinstance(told, str) else "", on=local_date(now))
    except InvalidInput as refusal:
        raise LoginFailed(LoginFault.NUMBER_REFUSED, refusal.detail) from None


def _key(provider: LoginProvider, registration: Registration, claims: Mapping[str, object]) -> LoginKey:
    """The key that `amr` names, where the configuration knows it; the provider's own otherwise."""
    told = claims.get("amr", _NO_AMR)
    named = [key for name, key in registration.keys if isinstance(told, list) and name in told]
    return named[0] if len(set(named)) == 1 else provider.key


def _personal(claims: Mapping[str, object], names: ClaimNames) -> PersonalData | None:
    family_name = _name(claims.get(names.family_name))
    if not family_name:
        return None
    return PersonalData(
        family_name=family_name, given_name=_name(claims.get(names.given_name)), born=_born(claims.get(names.born))
    )


def _name(told: object) -> str:
    return told.strip() if isinstance(told, str) and len(told) <= MAX_NAME_CHARS and told.isprintable() else ""


def _born(told: object) -> date | None:
    """A whole day of the calendar; a year alone, or what is no day, is not taken for one."""
    if not isinstance(told, str) or not _DAY.fullmatch(told):
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None
