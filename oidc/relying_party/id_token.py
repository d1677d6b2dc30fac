"""The ID token, judged claim by claim against the request that it answers (OpenID Connect Core §3.1.3.7)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from oidc import base64url, jose
from oidc.registered_claims import MAX_SKEW, SKEW
from oidc.relying_party.authorization_request import OLDEST_LOGIN, Begun
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration

TYPES: Final = frozenset({"JWT"})
MAX_LIFE: Final = timedelta(hours=24)
OF_THE_LOGIN: Final = frozenset(
    {"iss", "aud", "azp", "sub", "sid", "jti", "nonce", "exp", "iat", "nbf", "auth_time", "acr", "amr", "at_hash"}
)
"""Claims about a login itself (RFC 7519 §4.1, OpenID Connect Core §2); every other may tell of the person."""
_NUMBER: Final = re.compile(r"\b[0-9]{11}\b|[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}")
"""What may be a person's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenSubject:
    """What a good ID token proves, before it is asked whose number that is."""

    subject: str
    session: str
    """The provider's name for its session (`sid`); the subject where it has none."""
    authenticated_at: datetime
    expires_at: datetime
    claims: Mapping[str, object]


def judge_id_token(
    claims: Mapping[str, object], registration: Registration, begun: Begun, access_token: str, now: datetime
) -> ProvenSubject:
    """Judge the claims of an ID token whose signature is the provider's, in these steps:

    (1) `iss` is the provider's issuer, character for character;
    (2) `aud` is our client_id and nobody else's; `azp`, where it is there, is our client_id, too;
    (3) it has not expired and lives at most a day; `nbf` and `iat` lie at most 10 s ahead; it was made after the
        request, give or take a minute between the clocks;
    (4) `nonce` is the one of this very request: there is no provider for which it may be missing;
    (5) `at_hash`, where it is there, is that of the access token;
    (6) `sub` is there;
    (7) `auth_time` is there, unless the provider is configured to recognise people anew each time, and lies not ahead;
    (8) the person showed the key after the request where that was asked, and within eight hours in any case.

    Raises InvalidToken; LoginFailed (`oidc_not_recent`) at (8).
    """
    jose.check_issuer(claims, registration.issuer)  # (1)
    _check_for_us(claims, registration.client_id)  # (2)
    times = jose.check_times(claims, now, max_life=MAX_LIFE, iat_required=True)  # (3)
    if times.issued_at is None or times.issued_at < begun.at - MAX_SKEW:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "it is older than the request")
    if not hmac.compare_digest(jose.text_claim(claims, "nonce").encode(), begun.nonce.encode()):  # (4)
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "nonce is not that of the request")
    _check_access_token_hash(claims, access_token)  # (5)
    subject = jose.text_claim(claims, "sub")  # (6)
    authenticated_at = jose.time_claim(claims, "auth_time")  # (7)
    authenticated_at = authenticated_at or (times.issued_at if registration.auth_time == "issued" else None)
    if authenticated_at is None or authenticated_at > now + SKEW:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "auth_time is missing or lies ahead")
    oldest = begun.at - MAX_SKEW if begun.again else now - OLDEST_LOGIN - MAX_SKEW
    if authenticated_at < oldest:  # (8)
        raise LoginFailed(LoginFault.NOT_RECENT, "the person did not show the key lately enough")
    return ProvenSubject(
        subject=subject,
        session=jose.text_claim(claims, "sid") if "sid" in claims else subject,
        authenticated_at=min(authenticated_at, now),
        expires_at=times.expires_at + MAX_SKEW,
        claims=claims,
    )


def tells_nothing(claims: Mapping[str, object]) -> bool:
    """Whether an ID token tells nothing of the person, so that it may stand in the address of a log-out.

    No number and no name ever stands in an address, which histories and logs keep.
    """
    return claims.keys() <= OF_THE_LOGIN and not any(_NUMBER.search(str(claims.get(name))) for name in ("sub", "sid"))


def _check_for_us(claims: Mapping[str, object], client_id: str) -> None:
    jose.check_audience(claims, client_id, single_string=False)
    if "azp" in claims and claims["azp"] != client_id:
        raise jose.InvalidToken(jose.TokenFault.WRONG_AUDIENCE, "azp is not us")


def _check_access_token_hash(claims: Mapping[str, object], access_token: str) -> None:
    """All our algorithms hash with SHA-256, of which the left half is taken (§3.1.3.6)."""
    if "at_hash" not in claims:
        return
    expected = base64url.encode(hashlib.sha256(access_token.encode()).digest()[:16])
    if not hmac.compare_digest(jose.text_claim(claims, "at_hash").encode(), expected):
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "at_hash is not that of the access token")
