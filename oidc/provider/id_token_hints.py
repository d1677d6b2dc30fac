"""Hints: an ID token of ours that a client sends back to say whom it expects (OpenID Connect Core 1.0 §3.1.2.1)."""

from __future__ import annotations

from iam.domain.clients import Client
from oidc import jose
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.id_tokens import TYPE
from oidc.provider.live_keys import SigningKeys
from oidc.signing_keys import SIGNING_ALGORITHMS


def hinted_subject(hint: str, issuer: str, client: Client, keys: SigningKeys) -> str:
    """The `sub` of an ID token that we made for this client, also of one that has expired.

    AuthorizationRefused (`invalid_request`) for any other text, also for what a key signed that is no longer published.
    """
    try:
        algorithms = frozenset(SIGNING_ALGORITHMS)
        claims = jose.verify(hint, keys=keys.verifying(), algorithms=algorithms, typ=TYPE).claims
        jose.check_issuer(claims, issuer)
        jose.check_audience(claims, client.id, single_string=True)
        return jose.text_claim(claims, "sub")
    except jose.InvalidToken:
        detail = "id_token_hint is no ID token of ours for this client: leave it out, or send a newer one."
        raise AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "hint_not_ours", detail) from None
