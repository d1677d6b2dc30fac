"""The userinfo answer: more claims about the same person, signed by the provider (OpenID Connect Core §5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from iam.domain.errors import Unavailable
from iam.outward_ports import GuardedWeb
from oidc import jose
from oidc.registered_claims import SKEW
from oidc.relying_party.discovery import ProviderMetadata
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.provider_tokens import MAX_CHARS, ProviderTokens
from oidc.relying_party.registration import Registration

MEDIA_TYPE: Final = "application/jwt"
TYPES: Final = frozenset({"JWT"})


def request_userinfo(
    web: GuardedWeb,
    tokens: ProviderTokens,
    registration: Registration,
    metadata: ProviderMetadata,
    *,
    access_token: str,
    subject: str,
    now: datetime,
) -> Mapping[str, object]:
    """Ask for the claims about the person of an ID token, in these steps:

    (1) the answer is a token (`application/jwt`): claims that nobody signed are not taken;
    (2) it is opened as the ID token was;
    (3) `iss` is the provider's issuer, `aud` our client_id and nobody else's;
    (4) where it has an end (`exp`) that has not come;
    (5) `sub` is the ID token's, character for character (§5.3.2).

    Raises InvalidToken; LoginFailed (`oidc_unavailable`, `oidc_not_believed`).
    """
    try:
        answer = web.get(
            metadata.userinfo_endpoint, origins=registration.origins, accept=MEDIA_TYPE, bearer=access_token
        )
    except Unavailable as silent:
        raise LoginFailed(LoginFault.UNAVAILABLE, silent.detail) from None
    if answer.status != 200 or len(answer.body) > MAX_CHARS:
        raise LoginFailed(LoginFault.UNAVAILABLE, f"userinfo answers {answer.status}, or too much")
    if answer.media_type != MEDIA_TYPE or not answer.body.isascii():  # (1)
        raise LoginFailed(LoginFault.NOT_BELIEVED, "userinfo is not signed")
    claims = tokens.opened(registration, answer.body.decode("ascii").strip(), TYPES).verified.claims  # (2)
    jose.check_issuer(claims, registration.issuer)  # (3)
    jose.check_audience(claims, registration.client_id, single_string=False)
    expires_at = jose.time_claim(claims, "exp")
    if expires_at is not None and now >= expires_at + SKEW:  # (4)
        raise jose.InvalidToken(jose.TokenFault.EXPIRED, "userinfo has expired")
    if jose.text_claim(claims, "sub") != subject:  # (5)
        raise LoginFailed(LoginFault.NOT_BELIEVED, "userinfo is about somebody else")
    return claims
