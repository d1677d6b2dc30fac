"""Userinfo: what a client is told of the person whose grant its access token hangs on (OpenID Connect Core 5.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flask import Request, request

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OFFLINE, OPENID, ClientMetadata
from iam.domain.clients import Client
from iam.domain.tokens import IssuedToken
from iam.services.authorization import STEP_UP_REASONS
from iam.services.login_ends import login_lasts
from iam.services.token_descent import hanging_on
from iam.web.challenges import DPOP_ALGORITHMS
from oidc import jose
from oidc.provider.encrypted_answers import for_client
from oidc.provider.errors import (
    InsufficientAuthentication,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    ProviderError,
)
from oidc.provider.levels import acr_of, assurance_of
from oidc.provider.replies import Reply
from oidc.provider.strict_form import read_form

if TYPE_CHECKING:
    from oidc.provider.server import Provider

TYPE: Final = "JWT"
TOKEN: Final = "access_token"  # noqa: S105 - the name of a parameter


class OpenidMissing(InsufficientScope):
    """The access token lacks the scope that the resource asks (RFC 6750 §3.1)."""

    status = 403
    challenge = f'{InsufficientScope.challenge}, scope="{OPENID}"'


def userinfo(provider: Provider) -> Reply:
    """The claims, in these steps:

    (1) the access token is one of ours, presented as it is bound, in one way: by header, or in the form of a POST
        (RFC 6750 §2, RFC 9449 §7); never in the address, which others keep;
    (2) it, its grant and its client stand now, and the login lasts for whose duration it was granted;
    (3) it has the scope `openid`;
    (4) the judge still permits its scopes: where the login alone has become too weak, a new one cures it (RFC 9470 §3);
    (5) the claims of its scopes, and those asked by name, are told; signed and encrypted where the client registered
        so: what is encrypted is always signed, too.
    """
    presented = _presenting(request)
    jti = provider.presented_token(presented)  # (1)
    with _challenged_as(presented):
        token, grant, client, metadata = _standing(provider, jti)  # (2)
        if OPENID not in token.scopes:  # (3)
            raise OpenidMissing("openid_missing", "The access token has not the scope openid.")
        _check_permitted(provider, jti)  # (4)
    parts = provider.parts
    claims = {
        "sub": provider.id_tokens.subject(client, grant),
        **parts.person_claims.of(grant, "userinfo", frozenset(token.scopes)),
    }
    algorithm = metadata.userinfo_alg or (metadata.id_token_alg if metadata.userinfo_encryption else "")
    if not algorithm:  # (5)
        return provider.handle_response(200, json.dumps(claims), _headers("application/json"))
    signed = {**claims, "iss": provider.issuer, "aud": client.id, "iat": int(parts.clock.now().timestamp())}
    written = jose.sign(signed, parts.keys.current(algorithm), typ=TYPE)
    answer = for_client(written, metadata.userinfo_encryption, client.jwks, provider.issuer)
    return provider.handle_response(200, answer, _headers("application/jwt"))


@contextmanager
def _challenged_as(presented: Request) -> Iterator[None]:
    """Answer a token that was rightly presented by the scheme DPoP with a challenge of that scheme (RFC 9449 §7.1)."""
    try:
        yield
    except ProviderError as refused:
        by_key = presented.headers.get("Authorization", "")[:5].lower() == "dpop "
        if by_key and refused.challenge is not None:
            refused.challenge = f'DPoP{refused.challenge.removeprefix("Bearer")}, algs="{DPOP_ALGORITHMS}"'
        raise


def _presenting(sent: Request) -> Request:
    """The request, with a token that stood in its form as if its header had brought it (RFC 6750 §2.2).

    Raises `InvalidRequest`: a token in the address, or in two ways.
    """
    if TOKEN in sent.args:
        raise InvalidRequest("token_in_query", "Send the access token in the header, never in the URL.")
    if sent.method != "POST" or not sent.content_length or not sent.headers.get("Content-Type"):
        return sent
    parameters = read_form(sent.headers["Content-Type"], sent.get_data(cache=False))
    if TOKEN not in parameters:
        return sent
    if "Authorization" in sent.headers:
        raise InvalidRequest("two_credentials", "Send the access token in one way.")
    return Request({**sent.environ, "HTTP_AUTHORIZATION": f"Bearer {parameters[TOKEN]}"})


def _standing(provider: Provider, jti: str) -> tuple[IssuedToken, AuthorizationGrant, Client, ClientMetadata]:
    parts = provider.parts
    now = parts.clock.now()
    with parts.registrations.archive.reading() as reading:
        token = reading.get(IssuedToken, jti)
        hanging = hanging_on(reading, token, now) if token else None
        grant = reading.get(AuthorizationGrant, token.grant) if token and hanging and token.grant else None
        lasts = grant is not None and (OFFLINE in grant.scopes or login_lasts(reading, grant.login, now))
    if token is None or grant is None or not lasts:
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
