"""Hints: an ID token of ours that a client sends back to say whom it expects (OpenID Connect Core 1.0 §3.1.2.1)."""

from __future__ import annotations

from iam.domain.clients import Client
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.id_tokens import OwnIdTokens
from oidc.provider.live_keys import SigningKeys


def hinted_subject(hint: str, issuer: str, client: Client, keys: SigningKeys) -> str:
    """The `sub` of an ID token that we made for this client, also of one that has expired.

    AuthorizationRefused (`invalid_request`) for any other text, also for what a key signed that is no longer published.
    """
    found = OwnIdTokens(issuer, keys).hinted(hint)
    if found is None or found.client != client.id:
        detail = "id_token_hint is no ID token of ours for this client: leave it out, or send a newer one."
        raise AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "hint_not_ours", detail)
    return found.subject
