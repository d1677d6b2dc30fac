"""The claims every signed token shares: their types, times, audience and issuer (RFC 7519 §4.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from oidc.invalid_token import InvalidToken, TokenFault

SKEW: Final = timedelta(seconds=10)
MAX_SKEW: Final = timedelta(seconds=60)
MAX_CHARS: Final[Mapping[str, int]] = {"iss": 512, "sub": 255, "jti": 255, "client_id": 255, "azp": 255}
TIMES: Final = ("exp", "iat", "nbf", "auth_time")
MAX_AUDIENCES: Final = 16
LAST_NUMERIC_DATE: Final = 2**33
"""In the year 2242: later instants are mistakes."""


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """The times of a token, in UTC."""

    expires_at: datetime
    issued_at: datetime | None
    not_before: datetime | None


def check_types(claims: Mapping[str, object]) -> None:
    """Hold those registered claims that are present to their types and sizes.

    Names are strings of 1 to 255 characters (issuers 512), times are numbers of seconds (not booleans, not strings)
    from 1970 to 2242, an audience is a string or a list of 1 to 16 different strings. Raises `InvalidToken`.
    """
    for name, limit in MAX_CHARS.items():
        if name in claims:
            _check_text(name, claims[name], limit)
    for name in TIMES:
        if name in claims:
            _check_time(name, claims[name])
    if "aud" in claims:
        _audiences(claims["aud"])


def text_claim(claims: Mapping[str, object], name: str) -> str:
    """The text of a claim that must be there. Raises `InvalidToken`."""
    return _check_text(name, _required(claims, name), MAX_CHARS.get(name, 255))


def time_claim(claims: Mapping[str, object], name: str) -> datetime | None:
    """The instant of a NumericDate claim in UTC, None when absent. Raises `InvalidToken`."""
    if name not in claims:
        return None
    return datetime.fromtimestamp(_check_time(name, claims[name]), UTC)


def check_times(
    claims: Mapping[str, object],
    now: datetime,
    *,
    max_life: timedelta,
    skew: timedelta = SKEW,
    iat_required: bool = False,
) -> TokenTimes:
    """Judge a token's times at `now`, an aware instant, and return them.

    Refused: no `exp`; `now` at or after `exp`, without tolerance; `nbf` or `iat` more than `skew` ahead; a life from
    `iat` to `exp` (without `iat`: from `now` plus `skew`) longer than `max_life`. `skew` is at most 60 seconds.

    Raises `InvalidToken`; `ValueError` for a greater `skew`.
    """
    if skew > MAX_SKEW:
        raise ValueError("the tolerance for clocks is at most 60 seconds")
    expires_at = time_claim(claims, "exp")
    issued_at, not_before = time_claim(claims, "iat"), time_claim(claims, "nbf")
    if expires_at is None or (iat_required and issued_at is None):
        raise InvalidToken(TokenFault.CLAIM_MISSING, "exp is required" if expires_at is None else "iat is required")
    if now >= expires_at:
        raise InvalidToken(TokenFault.EXPIRED, "the token has expired")
    if not_before is not None and not_before > now + skew:
        raise InvalidToken(TokenFault.NOT_YET_VALID, "the token is not valid yet")
    if issued_at is not None and issued_at > now + skew:
        raise InvalidToken(TokenFault.ISSUED_IN_FUTURE, "iat lies in the future")
    if expires_at - (issued_at or now + skew) > max_life:
        raise InvalidToken(TokenFault.LIVES_TOO_LONG, f"exp is more than {max_life.total_seconds():.0f} s after issue")
    return TokenTimes(expires_at, issued_at, not_before)


def check_audience(claims: Mapping[str, object], expected: str | frozenset[str], *, single_string: bool) -> None:
    """Accept a token only when it is meant for us and nobody else.

    `expected` names us, by one name or by several; `aud` must be one of them as a single string. With `single_string`
    False a list is accepted too when each of its members is one of them. Names are compared character for character.

    Raises `InvalidToken`.
    """
    ours = frozenset({expected}) if isinstance(expected, str) else expected
    value = _required(claims, "aud")
    if single_string and not isinstance(value, str):
        raise InvalidToken(TokenFault.WRONG_AUDIENCE, "aud must be a single string")
    if not ours.issuperset(_audiences(value)):
        raise InvalidToken(TokenFault.WRONG_AUDIENCE, "the token is meant for somebody else")


def check_issuer(claims: Mapping[str, object], expected: str) -> None:
    """Accept a token only from that issuer, compared character for character. Raises `InvalidToken`."""
    if text_claim(claims, "iss") != expected:
        raise InvalidToken(TokenFault.WRONG_ISSUER, "the token has another issuer")


def _required(claims: Mapping[str, object], name: str) -> object:
    if name not in claims:
        raise InvalidToken(TokenFault.CLAIM_MISSING, f"{name} is required")
    return claims[name]


def _check_text(name: str, value: object, limit: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise InvalidToken(TokenFault.CLAIM_MALFORMED, f"{name} must be a string of 1 to {limit} characters")
    return value


def _check_time(name: str, value: object) -> float:
    if (type(value) is int or type(value) is float) and 0 < value < LAST_NUMERIC_DATE:
        return value
    raise InvalidToken(TokenFault.CLAIM_MALFORMED, f"{name} must be a number of seconds since 1970")


def _audiences(value: object) -> list[str]:
    if isinstance(value, str) and value:
        return [value]
    items = value if isinstance(value, list) else [value]
    texts = [item for item in items if isinstance(item, str) and item]
    if not 0 < len(items) <= MAX_AUDIENCES or len(set(texts)) != len(items):
        raise InvalidToken(TokenFault.CLAIM_MALFORMED, "aud must be a string or a list of different strings")
    return texts
