"""Log-out with OpenID Providers: what they tell us behind the browser's back, and where we send the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from iam.domain.login_providers import LoginProvider
from oidc import jose
from oidc.registered_claims import MAX_SKEW
from oidc.relying_party.faults import LoginFailed
from oidc.relying_party.registration import Registration
from oidc.relying_party.relying_party import RelyingParty

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = frozenset({"logout+jwt", "JWT"})
MAX_LIFE: Final = timedelta(hours=1)

Obey = Callable[[str, str, datetime, frozenset[str]], int]
"""`iam.services.provider_logout.ProviderLogout.obey`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutOrder:
    """A good logout token: which sessions end, and how long it must be remembered."""

    reference: str
    expires_at: datetime
    sessions: frozenset[str]


def judge_logout_token(claims: Mapping[str, object], registration: Registration, now: datetime) -> LogoutOrder:
    """Judge a logout token whose signature is the provider's (OpenID Connect Back-Channel Logout 1.0 §2.6):

    (1) `iss` is the provider's issuer and `aud` our client_id, nobody else's;
    (2) it has not expired, and lives at most an hour from `iat`;
    (3) `sid` or `sub` says whose sessions end;
    (4) `events` has the event of a back-channel log-out, whose value is an object;
    (5) there is no `nonce`: an ID token logs nobody out;
    (6) `jti` is there, to be used up.

    Raises InvalidToken.
    """
    jose.check_issuer(claims, registration.issuer)  # (1)
    jose.check_audience(claims, registration.client_id, single_string=False)
    times = jose.check_times(claims, now, max_life=MAX_LIFE, iat_required=True)  # (2)
    named = frozenset(jose.text_claim(claims, name) for name in ("sid", "sub") if name in claims)
    if not named:  # (3)
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MISSING, "sid or sub is required")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):  # (4)
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MISSING, "events does not tell of a log-out")
    if "nonce" in claims:  # (5)
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "a logout token has no nonce")
    reference = jose.text_claim(claims, "jti")  # (6)
    return LogoutOrder(reference=reference, expires_at=times.expires_at + MAX_SKEW, sessions=named)


class ProviderLogouts:
    """Both directions of logging out with providers."""

    def __init__(self, party: RelyingParty, obey: Obey) -> None:
        self._party = party
        self._obey = obey

    def told(self, provider: LoginProvider, token: str) -> int:
        """Obey a logout token; returns how many sessions ended.

        Raises InvalidToken; LoginFailed (`oidc_unavailable`); Conflict (`logout_replayed`).
        """
        registration = self._party.registration(provider)
        claims = self._party.tokens.opened_in_the_clear(registration, token, TYPES).verified.claims
        order = judge_logout_token(claims, registration, self._party.parts.clock.now())
        return self._obey(provider.id, order.reference, order.expires_at, order.sessions)


def farewell_address(party: RelyingParty, provider: LoginProvider, logout_hint: str) -> str | None:
    """Where the browser goes to log out at the provider, too (OpenID Connect RP-Initiated Logout 1.0 §2).

    `logout_hint` is the ID token of the login. None where the provider offers nothing, or cannot be asked.
    """
    try:
        endpoint = party.metadata(provider).end_session_endpoint
        client_id = party.registration(provider).client_id
    except LoginFailed:
        return None
    if not endpoint:
        return None
    asked = {
        "client_id": client_id,
        "post_logout_redirect_uri": f"{party.parts.base_url}/sign-in",
        **({"id_token_hint": logout_hint} if logout_hint else {}),
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
