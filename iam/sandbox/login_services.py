"""Declaration services of the sandbox country to which people log in, and how they are registered."""

from __future__ import annotations

import hashlib
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final

from iam.domain.client_metadata import SECRET_METHODS, ApplicationType, AuthMethod, ClientMetadata
from iam.domain.clients import Profile
from iam.domain.enterprises import Capacity
from iam.sandbox.environment import ADMINISTRATION
from iam.sandbox.software import LoginSide, SandboxClient, new_private_jwk, public_set
from iam.sandbox.stage import Stage
from iam.services.client_orders import NewDeclarationService

CALLBACK: Final = "/callback"
LOOPBACK: Final = "http://127.0.0.1" + CALLBACK
"""Where a native client listens; the port is its own at each login (RFC 8252 §7.3)."""
NOWHERE: Final = "https://playground.sandbox.example"
"""Stands for the playground where none runs."""
PROFILE_LASTS: Final = timedelta(days=365)
"""How long a weaker profile is good from the sandbox's start on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """One of them, as login_services.toml describes it."""

    alias: str
    label: str
    profile: Profile
    algorithm: str
    services: tuple[str, ...]
    niss_services: tuple[str, ...]
    metadata: ClientMetadata


def described_login_services(playground: str = "", return_to: Sequence[str] = ()) -> list[LoginService]:
    """All of them; web clients return people to the playground, whose address is given where one runs.

    `return_to` are more addresses to which they may return people.
    """
    tables = tomllib.loads(files("iam.sandbox").joinpath("login_services.toml").read_text(encoding="utf-8"))
    addresses = ((playground or NOWHERE) + CALLBACK, *return_to)
    return [_described(alias, table, playground or NOWHERE, addresses) for alias, table in tables.items()]


def register_login_service(stage: Stage, one: LoginService) -> SandboxClient:
    """Register one with a key or a secret of its own, which only a sandbox gives away."""
    private_jwk = new_private_jwk(one.algorithm)
    secret = secrets.token_urlsafe(32) if one.metadata.auth_method in SECRET_METHODS else ""
    hashed = hashlib.sha256(secret.encode()).hexdigest() if secret else ""
    weaker = one.profile is not Profile.DEFAULT
    order = NewDeclarationService(
        enterprise=stage.country.number_of(ADMINISTRATION),
        label=one.label,
        jwks=public_set(private_jwk),
        algorithm=one.algorithm,
        services=one.services,
        niss_services=one.niss_services,
        capacity=Capacity.ADMINISTRATION,
        profile=one.profile,
        profile_until=stage.house.clock.now() + PROFILE_LASTS if weaker else None,
        metadata=replace(one.metadata, secret_hash=hashed),
    )
    client = stage.house.clients.register_declaration_service(order)
    return SandboxClient(
        alias=one.alias,
        client_id=client.id,
        kind=client.kind,
        enterprise=client.enterprise,
        capacity=client.capacity,
        algorithm=client.algorithm,
        services=client.services,
        private_jwk=private_jwk,
        login=LoginSide(
            label=one.label,
            profile=one.profile,
            auth_method=one.metadata.auth_method,
            secret=secret,
            redirect_uris=one.metadata.redirect_uris,
            scopes=one.metadata.scopes,
            grant_types=one.metadata.grant_types,
        ),
    )


def _described(alias: str, table: dict[str, Any], playground: str, addresses: tuple[str, ...]) -> LoginService:
    native = table["application_type"] == ApplicationType.NATIVE
    basic = table["profile"] == Profile.OIDC_BASIC
    metadata = ClientMetadata(
        client="",
        application_type=ApplicationType(table["application_type"]),
        auth_method=AuthMethod(table["auth_method"]),
        grant_types=tuple(table["grant_types"]),
        redirect_uris=(LOOPBACK,) if native else addresses,
        scopes=tuple(table["scopes"]),
        dpop_bound=table["profile"] == Profile.DEFAULT,
        pushed_only=table["profile"] == Profile.DEFAULT,
        id_token_alg="RS256" if basic else "ES256",
        post_logout_redirect_uris=() if native else (playground + "/",),
    )
    return LoginService(
        alias=alias,
        label=table["label"],
        profile=Profile(table["profile"]),
        algorithm=table["algorithm"],
        services=tuple(table["services"]),
        niss_services=tuple(table["niss_services"]),
        metadata=metadata,
    )
