"""What a client registered besides its keys: how it authenticates, where people return to, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ApplicationType(StrEnum):
    """Where a client runs (OpenID Connect Dynamic Client Registration 1.0 §2)."""

    WEB = "web"
    NATIVE = "native"


class AuthMethod(StrEnum):
    """How a client authenticates (OpenID Connect Core 1.0 §9, RFC 8705 §2)."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"
    SELF_SIGNED_TLS_CLIENT_AUTH = "self_signed_tls_client_auth"
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - the name of a method
    NONE = "none"


class GrantType(StrEnum):
    """How a client gets tokens (RFC 7591 §2, RFC 8628 §3.4, RFC 8693 §2.1)."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant


SECRET_METHODS: Final = frozenset({AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST})
CERTIFICATE_METHODS: Final = frozenset({AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH})

OPENID: Final = "openid"
PROFILE: Final = "profile"
PROFILE_CLAIMS: Final = ("name", "family_name", "given_name", "birthdate")
"""What the scope `profile` stands for here (OpenID Connect Core 1.0 §5.4)."""
OFFLINE: Final = "offline_access"
NATIONAL_NUMBER: Final = "egovNRN"
"""The scope and claim of the national number; only for clients with a recorded legal ground."""
PERSON_SCOPES: Final = frozenset({OPENID, PROFILE, OFFLINE, NATIONAL_NUMBER})
"""Scopes about the person alone: no service's act stands behind them, and no judge is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """Metadata in the terms of RFC 7591 and OpenID Connect; a client without it uses `client_credentials` alone."""

    client: str
    """The client_id."""
    application_type: ApplicationType = ApplicationType.WEB
    auth_method: AuthMethod = AuthMethod.PRIVATE_KEY_JWT
    grant_types: tuple[str, ...] = (GrantType.CLIENT_CREDENTIALS,)
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """What the client may ask for people."""
    secret_hash: str = ""
    """SHA-256 (hexadecimal) of a secret of 256 random bits; empty without one."""
    tls_subject: str = ""
    """The certificate's expected subject: a metadata name of RFC 8705 §2.1.2, a colon and its value."""
    dpop_bound: bool = False
    """Whether its access tokens are bound to a key of its own (RFC 9449 §5.2)."""
    certificate_bound: bool = False
    """Whether its access tokens are bound to its certificate (RFC 8705 §3.4)."""
    pushed_only: bool = False
    """Whether it must push its requests (RFC 9126 §6)."""
    signed_request_only: bool = False
    """Whether its requests are signed objects (RFC 9101 §10.5)."""
    request_object_alg: str = ""
    """The one algorithm of its request objects; empty when it sends none."""
    id_token_alg: str = "ES256"  # noqa: S105 - the name of an algorithm
    id_token_encryption: str = ""
    """`alg enc` of RFC 7518, empty for none."""
    userinfo_alg: str = ""
    """Empty for JSON."""
    userinfo_encryption: str = ""
    authorization_alg: str = ""
    """The algorithm of JARM answers; empty where it uses none."""
    introspection_alg: str = "ES256"
    default_max_age: int = -1
    """Seconds; -1 for none."""
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    frontchannel_logout_uri: str = ""
    sector_identifier_uri: str = ""
    client_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    logo_uri: str = ""
    """Shown to people as a link, never fetched by us."""
    initiate_login_uri: str = ""
    jwks_uri: str = ""
    """Where the client publishes its keys itself (RFC 7591 §2); the registration then holds none."""
    software_id: str = ""
    software_version: str = ""
    vendor: bool = False
    """Whether it may ask enterprises to register its software; the operator alone says so."""

    @property
    def signs_in(self) -> bool:
        """Whether people log in to it, or grant it something, through a browser."""
        return bool({GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE} & set(self.grant_types))

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 §2.1)."""
        return self.auth_method is AuthMethod.NONE

    @property
    def sender_constrained(self) -> bool:
        """Whether its access tokens are worth something only with a key of its own."""
        return self.dpop_bound or self.certificate_bound
