"""The token request: a code becomes an ID token and an access token, for its verifier and our proof alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iam.domain.errors import Unavailable
from iam.outward_ports import GuardedWeb
from oidc.relying_party.client_proof import ClientProofs
from oidc.relying_party.discovery import JSON, ProviderMetadata, json_object
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration

MAX_OCTETS: Final = 131_072
MAX_ACCESS_TOKEN_CHARS: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the token endpoint gave; nothing of it is believed yet."""

    id_token: str
    access_token: str


def request_tokens(
    web: GuardedWeb,
    proofs: ClientProofs,
    registration: Registration,
    metadata: ProviderMetadata,
    *,
    code: str,
    verifier: str,
    redirect_uri: str,
) -> Tokens:
    """Redeem a code (OpenID Connect Core §3.1.3). LoginFailed (`oidc_unavailable`, `oidc_not_believed`)."""
    proof = proofs.proof(registration, metadata)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        **proof.form,
    }
    try:
        answer = web.post_form(
            metadata.token_endpoint, form, origins=registration.origins, authorization=proof.authorization
        )
    except Unavailable as silent:
        raise LoginFailed(LoginFault.UNAVAILABLE, silent.detail) from None
    if answer.status in (400, 401):
        raise LoginFailed(LoginFault.NOT_BELIEVED, f"the token endpoint refuses the code: status {answer.status}")
    if answer.status != 200 or answer.media_type != JSON:
        raise LoginFailed(LoginFault.UNAVAILABLE, f"the token endpoint answers {answer.status}, or no JSON")
    document = json_object(answer.body, MAX_OCTETS)
    id_token, access_token = document.get("id_token"), document.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str) or not access_token.isascii():
        raise LoginFailed(LoginFault.NOT_BELIEVED, "the token endpoint gives no ID token or no access token")
    if str(document.get("token_type", "")).lower() != "bearer" or len(access_token) > MAX_ACCESS_TOKEN_CHARS:
        raise LoginFailed(LoginFault.NOT_BELIEVED, "the access token is no bearer token of useful length")
    return Tokens(id_token=id_token, access_token=access_token)
