"""ID tokens: who logged in, how, when and for which client (OpenID Connect Core 1.0 §2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from iam.domain.authorization_grants import AuthorizationGrant, session_name
from iam.domain.clients import Client, ProvenClient
from iam.ports import Clock
from iam.services.grant_redemption import Granted
from iam.services.subjects import Subjects
from oidc import base64url, jose
from oidc.provider.encrypted_answers import for_client
from oidc.provider.live_keys import SigningKeys
from oidc.provider.person_claims import PersonClaims
from oidc.signing_keys import SIGNING_ALGORITHMS

LIFE: Final = timedelta(minutes=5)
TYPE: Final = "JWT"
_ALGORITHMS: Final = frozenset(SIGNING_ALGORITHMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokens:
    """Makes ID tokens."""

    issuer: str
    keys: SigningKeys
    clock: Clock
    subjects: Subjects
    person_claims: PersonClaims

    def made(self, proof: ProvenClient, granted: Granted, access_token: str) -> str:
        """The ID token that goes with an access token; `sid` names the login for this client alone.

        It has one audience, so that `azp` would say nothing more (§2). Raises InvalidRequest (`no_encryption_key`).
        """
        client, grant = proof.client, granted.grant
        algorithm = proof.metadata.id_token_alg if proof.metadata else "ES256"
        now = self.clock.now()
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": self.subject(client, grant),
            "aud": client.id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
            "sid": session_name(grant.login, client.id),
            "at_hash": _half_hash(access_token),
            **self.person_claims.login(grant),
        }
        if grant.claims:  # else nothing was asked for it by name
            claims |= self.person_claims.of(grant, "id_token", frozenset(granted.standing.token.scopes))
        if granted.nonce:
            claims["nonce"] = granted.nonce
        signed = jose.sign(claims, self.keys.current(algorithm), typ=TYPE)
        encryption = proof.metadata.id_token_encryption if proof.metadata else ""
        return for_client(signed, encryption, client.jwks, self.issuer)

    def subject(self, client: Client, grant: AuthorizationGrant) -> str:
        """How the client's sector knows the person (OpenID Connect Core 1.0 §8.1)."""
        return self.subjects.sub_for(grant.person, client.sector)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenHint:
    """What an ID token of ours says, whenever that was."""

    client: str
    subject: str
    sid: str


class OwnIdTokens:
    """Recognises ID tokens that we made."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys

    def hinted(self, token: str) -> IdTokenHint | None:
        """What an ID token of ours says, also an expired one (OpenID Connect RP-Initiated Logout 1.0 §2).

        Its key may have been retired meanwhile, for a login lasts longer than a rotation takes. None for any other
        text, also for other tokens of ours: only ID tokens have this type, one audience and `sid`.
        """
        try:
            claims = jose.verify(token, keys=self._keys.remembered(), algorithms=_ALGORITHMS, typ=TYPE).claims
            jose.check_issuer(claims, self._issuer)
            texts = {name: jose.text_claim(claims, name) for name in ("aud", "sub", "sid")}
        except jose.InvalidToken:
            return None
        if not {"iat", "exp", "auth_time"} <= claims.keys():
            return None
        return IdTokenHint(client=texts["aud"], subject=texts["sub"], sid=texts["sid"])


def _half_hash(token: str) -> str:
    """`at_hash` (OpenID Connect Core 1.0 §3.1.3.6); every algorithm that we sign with uses SHA-256."""
    return base64url.encode(hashlib.sha256(token.encode()).digest()[:16]).decode()
