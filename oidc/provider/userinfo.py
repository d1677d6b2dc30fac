"""Userinfo: what a client is told of the person whose grant its access token hangs on (OpenID Connect Core 5.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from flask import Response, request

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OPENID, ClientMetadata
from iam.domain.clients import Client
from iam.domain.tokens import IssuedToken
from iam.services.authorization import STEP_UP_REASONS
from oidc import jose
from oidc.provider.errors import InsufficientAuthentication, InsufficientScope, InvalidToken
from oidc.provider.levels import acr_of, assurance_of

if TYPE_CHECKING:
    from oidc.provider.server import Provider

TYPE: Final = "JWT"


def userinfo(provider: Provider) -> Response:
    """The claims, in these steps:

    (1) the access token is one of ours, presented as it is bound (RFC 6750 §2, RFC 9449 §7);
    (2) it, its grant and its client stand now;
    (3) it has the scope `openid`;
    (4) the judge still permits its scopes: where the login alone has become too weak, a new one cures it (RFC 9470 §3);
    (5) the claims of its scopes, and those asked by name, are told; signed where the client registered so.
    """
    jti = provider.presented_token(request)  # (1)
    token, grant, client, metadata = _standing(provider, jti)  # (2)
    if OPENID not in token.scopes:  # (3)
        raise InsufficientScope("openid_missing", "The access token has not the scope openid.")
    _check_permitted(provider, jti)  # (4)
    parts = provider.parts
    claims = {
        "sub": provider.id_tokens.subject(client, grant),
        **parts.person_claims.of(grant, "userinfo", frozenset(token.scopes)),
    }
    if not metadata.userinfo_alg:  # (5)
        return provider.handle_response(200, json.dumps(claims), _headers("application/json"))
    signed = {**claims, "iss": provider.issuer, "aud": client.id, "iat": int(parts.clock.now().timestamp())}
    written = jose.sign(signed, parts.keys.current(metadata.userinfo_alg), typ=TYPE)
    return provider.handle_response(200, written, _headers("application/jwt"))


def _standing(provider: Provider, jti: str) -> tuple[IssuedToken, AuthorizationGrant, Client, ClientMetadata]:
    parts = provider.parts
    now = parts.clock.now()
    with parts.registrations.archive.reading() as reading:
        token = reading.get(IssuedToken, jti)
        grant = reading.get(AuthorizationGrant, token.grant) if token and token.grant else None
    if token is None or grant is None or token.revoked_at is not None or now >= token.expires_at or not grant.live(now):
        raise InvalidToken("token_ended", "The access token is not good any more.")
    found = parts.registrations.find(token.client)
    if found is None or found.metadata is None:
        raise InvalidToken("client_ended", "The client is not registered any more.")
    return token, grant, found.client, found.metadata


def _check_permitted(provider: Provider, jti: str) -> None:
    refused = provider.parts.tokens.refused_now(jti)
    if refused is None:
        return
    reason, cure = refused.decision.reason, refused.decision.cure
    level = assurance_of(str(cure.get("acr", "")))
    if reason in STEP_UP_REASONS and level is not None:
        raise InsufficientAuthentication(reason, "Let the person log in again.", acr=acr_of(level))
    raise InvalidToken("token_not_permitted", "What the access token allows is not permitted any more.", detail=reason)


def _headers(media_type: str) -> list[tuple[str, str]]:
    return [("Content-Type", media_type), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
