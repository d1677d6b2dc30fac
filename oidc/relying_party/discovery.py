"""What an OpenID Provider says of itself, checked before any of it is used (OpenID Connect Discovery 1.0 §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from iam.domain.errors import Unavailable
from iam.outward_ports import GuardedWeb
from iam.settings import is_loopback
from iam.web import strict_json
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration

WELL_KNOWN: Final = "/.well-known/openid-configuration"
MAX_URL_CHARS: Final = 2_048
MAX_OCTETS: Final = 131_072
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """The endpoints and habits of a provider that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    """Empty where there is none, as the next one."""
    end_session_endpoint: str
    names_itself: bool
    """Whether its authorization responses carry `iss` (RFC 9207 §3)."""


def discover(web: GuardedWeb, registration: Registration) -> ProviderMetadata:
    """Ask a provider for its metadata, and check it in these steps:

    (1) it comes from below the issuer (§4: a slash at its end is not doubled), over a guarded road, as strict JSON;
    (2) `issuer` is the configured one, character for character;
    (3) each endpoint is https (plain http only on this machine itself), without user or fragment, and of one of the
        origins that are configured: metadata that was tampered with sends no code elsewhere;
    (4) what it says it can do covers what we shall ask: response type `code`, PKCE with S256, our client
        authentication, the algorithms of its tokens. What it does not say is not held against it.

    Raises LoginFailed (`oidc_unavailable`).
    """
    document = fetch_json(web, registration.issuer.rstrip("/") + WELL_KNOWN, registration.origins, MAX_OCTETS)  # (1)
    if document.get("issuer") != registration.issuer:  # (2)
        raise _unusable("it names another issuer")
    _check_abilities(document, registration)  # (4)
    return ProviderMetadata(
        issuer=registration.issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", registration),  # (3)
        token_endpoint=_endpoint(document, "token_endpoint", registration),
        jwks_uri=_endpoint(document, "jwks_uri", registration),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", registration, needed=registration.userinfo),
        end_session_endpoint=_endpoint(document, "end_session_endpoint", registration, needed=False),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def fetch_json(web: GuardedWeb, url: str, origins: frozenset[str], max_octets: int) -> Mapping[str, object]:
    """A JSON object that a provider publishes. Raises LoginFailed (`oidc_unavailable`)."""
    try:
        answer = web.get(url, origins=origins, accept=JSON)
    except Unavailable as silent:
        raise LoginFailed(LoginFault.UNAVAILABLE, silent.detail) from None
    if answer.status != 200 or not (answer.media_type == JSON or answer.media_type.endswith("+json")):
        raise _unusable(f"status {answer.status}, or no JSON")
    return json_object(answer.body, max_octets)


def json_object(body: bytes, max_octets: int) -> Mapping[str, object]:
    """The strict JSON object in a body. Raises LoginFailed (`oidc_unavailable`)."""
    try:
        document = strict_json.loads(body, max_bytes=max_octets)
    except strict_json.MalformedJson as error:
        raise _unusable(f"not strict JSON: {error.detail}") from None
    if not isinstance(document, dict):
        raise _unusable("not a JSON object")
    return document


def _endpoint(document: Mapping[str, object], name: str, registration: Registration, *, needed: bool = True) -> str:
    url = document.get(name)
    if url is None and not needed:
        return ""
    if not isinstance(url, str) or not _is_safe(url, registration.origins):
        raise _unusable(f"{name} is missing, or not an address of a configured origin")
    return url


def _is_safe(url: str, origins: frozenset[str]) -> bool:
    if len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable() or set(url) & set("#@\\ "):
        return False
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    road = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    return named and road and f"{parts.scheme}://{parts.netloc}".lower() in origins


def _check_abilities(document: Mapping[str, object], registration: Registration) -> None:
    needed = {
        "response_types_supported": "code",
        "code_challenge_methods_supported": "S256",
        "token_endpoint_auth_methods_supported": registration.authentication,
        "id_token_signing_alg_values_supported": registration.token_algorithm,
    }
    for name, value in needed.items():
        told = document.get(name)
        if told is not None and (not isinstance(told, list) or value not in told):
            raise _unusable(f"{name} does not hold {value}")


def _unusable(why: str) -> LoginFailed:
    return LoginFailed(LoginFault.UNAVAILABLE, f"the provider's answer is of no use: {why}")
