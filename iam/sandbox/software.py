"""Software of the sandbox country: its keys, how it is registered, and how it proves itself."""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.ports import Clock

ASSERTION_LIFE = timedelta(seconds=60)
RSA_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDescription:
    """A declaration service as services.toml describes it."""

    alias: str
    label: str
    operator: str
    """The alias of the enterprise that runs it."""
    capacity: Capacity
    algorithm: str
    services: tuple[str, ...]
    niss_services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSide:
    """What a client knows of its own registration, where people log in to it."""

    label: str
    profile: Profile
    auth_method: AuthMethod
    secret: str
    """Empty where it authenticates otherwise."""
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxClient:
    """A registered client with its private key, which only a sandbox gives away."""

    alias: str
    client_id: str
    kind: ClientKind
    enterprise: str
    capacity: Capacity
    algorithm: str
    services: tuple[str, ...]
    private_jwk: dict[str, Any]
    login: LoginSide | None = None
    """None for software to which nobody logs in."""

    def assertion(self, audience: str, clock: Clock) -> str:
        """A client assertion for one use (private_key_jwt, RFC 7523 §2.2): issuer and subject are the client."""
        now = clock.now()
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
            "jti": secrets.token_urlsafe(16),
        }
        header = {"alg": self.algorithm, "kid": self.private_jwk["kid"]}
        return jwt.encode(header, claims, _imported(self.private_jwk), algorithms=[self.algorithm])


def described_services() -> list[ServiceDescription]:
    """The declaration services of services.toml."""
    tables = tomllib.loads(files("iam.sandbox").joinpath("services.toml").read_text(encoding="utf-8"))
    return [
        ServiceDescription(
            alias=alias,
            label=table["label"],
            operator=table["operator"],
            capacity=Capacity(table["capacity"]),
            algorithm=table["algorithm"],
            services=tuple(table["services"]),
            niss_services=tuple(table["niss_services"]),
        )
        for alias, table in tables.items()
    ]


def new_private_jwk(algorithm: str) -> dict[str, Any]:
    """A new private key for an algorithm, as a JWK named by its thumbprint (RFC 7638)."""
    key: ECKey | RSAKey
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": algorithm}, auto_kid=True)
    else:
        key = RSAKey.generate_key(RSA_BITS, {"use": "sig", "alg": algorithm}, auto_kid=True)
    return dict(key.as_dict(private=True))


def public_set(private_jwk: dict[str, Any]) -> dict[str, Any]:
    """The public JWK Set of one private key, as it is registered."""
    return {"keys": [dict(_imported(private_jwk).as_dict(private=False))]}


def _imported(private_jwk: dict[str, Any]) -> ECKey | RSAKey:
    return ECKey.import_key(private_jwk) if private_jwk["kty"] == "EC" else RSAKey.import_key(private_jwk)
