"""An OpenID Provider in memory that tells the truth until a test makes it lie, and counts what it was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwe
from joserfc.jwk import RSAKey

from iam.domain.errors import Unavailable
from iam.domain.web_answers import WebAnswer
from tests.oidc.jose_material import RSA_PRIVATE, b64, forge, rs256, rsa_jwk
from tests.storage.clocks import SetClock

ISSUER = "https://op.example/v2"
ORIGIN = "https://op.example"
CLIENT_ID = "procura-at-op"
SUBJECT = "5d0c8a3e-0000-4000-8000-000000000001"
NUMBER = "03031507841"
ACCESS_TOKEN = "an-access-token"

Claims = dict[str, Any]
Change = Callable[[Claims], None]


def nothing(_claims: Claims) -> None:
    """Change nothing."""


@dataclass
class AnOpenIdProvider:
    """Implements `iam.outward_ports.GuardedWeb`: the whole web is this provider."""

    clock: SetClock
    issuer: str = ISSUER
    metadata: Claims = field(default_factory=dict)
    keys: list[Mapping[str, object]] = field(default_factory=lambda: [rsa_jwk(kid="op-1", use="sig", alg="RS256")])
    nonce: str = ""
    header: Claims = field(default_factory=lambda: {"alg": "RS256", "kid": "op-1", "typ": "JWT"})
    sign: Callable[[bytes], bytes] = rs256
    id_claims: Change = nothing
    userinfo_claims: Change = nothing
    wrap: Callable[[str], str] = str
    """What is done with each signed token before it is sent: nothing, or encryption."""
    answers: dict[str, WebAnswer | None] = field(default_factory=dict)
    """Answers that are given instead, by the end of the address; None for silence."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        self.asked.append((url, {"bearer": bearer} if bearer else {}))
        return self._instead(url) or self._told(url)

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        self.asked.append((url, {**form, **({"authorization": authorization} if authorization else {})}))
        id_token = self.token(self._id_claims())
        told = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}
        return self._instead(url) or json_answer(told)

    def asked_for(self, end: str) -> list[dict[str, str]]:
        """What was asked at addresses with this end."""
        return [given for url, given in self.asked if url.endswith(end)]

    def token(self, claims: Claims) -> str:
        """A token of these claims."""
        return self.wrap(forge(self.header, claims, self.sign))

    def logout_token(self, change: Change = nothing) -> str:
        """A logout token."""
        now = int(self.clock.at.timestamp())
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": "logout-1",
            "sid": "s-1",
        }
        claims["events"] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        change(claims)
        return forge({**self.header, "typ": "logout+jwt"}, claims, self.sign)

    def _instead(self, url: str) -> WebAnswer | None:
        for end, answer in self.answers.items():
            if url.endswith(end):
                if answer is None:
                    raise Unavailable("server_unavailable", "Silence.")
                return answer
        return None

    def _told(self, url: str) -> WebAnswer:
        if url == self.issuer + "/.well-known/openid-configuration":
            return json_answer({**metadata_of(self.issuer), **self.metadata})
        if url == self.issuer + "/jwks":
            return json_answer({"keys": self.keys})
        if url == self.issuer + "/userinfo":
            body = self.token(self._userinfo_claims()).encode()
            return WebAnswer(status=200, media_type="application/jwt", body=body)
        raise AssertionError(f"nobody asks {url}")

    def _id_claims(self) -> Claims:
        now = int(self.clock.at.timestamp())
        digest = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": SUBJECT,
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "acr": "basic",
            "sid": "s-1",
            "at_hash": b64(digest),
        }
        self.id_claims(claims)
        return claims

    def _userinfo_claims(self) -> Claims:
        claims: Claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": SUBJECT, "family_name": "Zomaar"}
        claims |= {"given_name": "Zita", "birthdate": "1903-03-15", "number": NUMBER, "country": "BE"}
        self.userinfo_claims(claims)
        return claims


def metadata_of(issuer: str) -> Claims:
    """What a provider says of itself."""
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + "/authorize",
        "token_endpoint": issuer + "/token",
        "jwks_uri": issuer + "/jwks",
        "userinfo_endpoint": issuer + "/userinfo",
        "end_session_endpoint": issuer + "/logout",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
    }


def json_answer(document: object, status: int = 200) -> WebAnswer:
    """A JSON answer."""
    return WebAnswer(status=status, media_type="application/json", body=json.dumps(document).encode())


def encrypted_for(jwk: Mapping[str, Any], enc: str = "A128CBC-HS256", **header: object) -> Callable[[str], str]:
    """Encrypts a signed token for the holder of a public key."""
    named = {"alg": "RSA-OAEP-256", "enc": enc, "kid": jwk["kid"], "cty": "JWT", **header}
    protected: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    registry = jwe.JWERegistry(algorithms=None, strict_check_header=False)
    registry.allowed = ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5", enc, "DEF"]
    key = RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
    return lambda signed: jwe.encrypt_compact(protected, signed, key, registry=registry)


def seconds(at: datetime, more: float = 0) -> int:
    """An instant as tokens write it."""
    return int((at + timedelta(seconds=more)).timestamp())


__all__ = ["RSA_PRIVATE", "AnOpenIdProvider", "encrypted_for", "json_answer", "seconds"]
