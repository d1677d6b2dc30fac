"""Metadata of the authorization server and OpenID Provider, computed from what is really served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from iam.domain.applications import Catalogue
from iam.domain.client_metadata import PERSON_SCOPES, AuthMethod
from oidc.provider.authorization_answering import MODES
from oidc.provider.authorization_details import MANDATOR
from oidc.provider.authorization_standing import AUTHORIZE_PATH
from oidc.provider.claims_parameter import KNOWN
from oidc.provider.client_assertion import ALGORITHMS
from oidc.provider.dpop import ALGORITHMS as DPOP_ALGORITHMS
from oidc.provider.encrypted_answers import ALGORITHMS as ALGORITHMS_OF_KEYS
from oidc.provider.encrypted_answers import ENCRYPTIONS
from oidc.provider.end_session import LOGOUT_PATH
from oidc.provider.introspection import SIGNING_ALGORITHM
from oidc.provider.levels import ACR_VALUES
from oidc.provider.mutual_tls import aliases
from oidc.provider.request_objects import ALGORITHMS as REQUEST_ALGORITHMS
from oidc.signing_keys import SIGNING_ALGORITHMS

MEMBERS: Final[Mapping[str, str]] = {
    "token": "token_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
    "par": "pushed_authorization_request_endpoint",
    "device_authorization": "device_authorization_endpoint",
    "userinfo": "userinfo_endpoint",
    "register": "registration_endpoint",
    "jwks": "jwks_uri",
}
"""The member under which each endpoint is told."""
METHODS: Final = (
    AuthMethod.PRIVATE_KEY_JWT,
    AuthMethod.CLIENT_SECRET_BASIC,
    AuthMethod.CLIENT_SECRET_POST,
    AuthMethod.NONE,
)
CERTIFICATE_METHODS: Final = (AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH)
"""On the host for certificates, where there is one."""
_AUTHENTICATED: Final = ("token", "introspection", "revocation")


def metadata(
    issuer: str,
    paths: Mapping[str, str],
    grant_types: Iterable[str],
    catalogue: Catalogue,
    host_for_certificates: str = "",
) -> dict[str, object]:
    """The metadata document (RFC 8414 §2, OpenID Connect Discovery 1.0 §3).

    `paths` are the paths served, by the name of the view; `catalogue` gives the scopes that there are;
    `host_for_certificates` is the origin on which clients show certificates, empty for none.
    """
    told: dict[str, object] = {"issuer": issuer, "authorization_endpoint": issuer + AUTHORIZE_PATH}
    for view, member in MEMBERS.items():
        if view in paths:
            told[member] = issuer + paths[view]
    for endpoint in _AUTHENTICATED:
        told |= _authentication(endpoint, host_for_certificates) if f"{endpoint}_endpoint" in told else {}
    if host_for_certificates:
        told["mtls_endpoint_aliases"] = aliases(told, issuer, host_for_certificates)
        told["tls_client_certificate_bound_access_tokens"] = True
    return (
        told
        | _of_requests()
        | _of_tokens()
        | _of_logouts(issuer)
        | {
            "grant_types_supported": sorted(grant_types),
            "scopes_supported": _scopes(catalogue),
            "authorization_details_types_supported": [MANDATOR],
            "ui_locales_supported": ["nl", "fr", "de", "en"],
        }
    )


def _of_requests() -> dict[str, object]:
    """How people are asked."""
    return {
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "code_challenge_methods_supported": ["S256"],
        "require_pushed_authorization_requests": False,
        "require_signed_request_object": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": list(ACR_VALUES.values()),
        "claims_supported": sorted(KNOWN),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(REQUEST_ALGORITHMS),
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "authorization_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
    }


def _of_logouts(issuer: str) -> dict[str, object]:
    """How a log-out is told (OpenID Connect RP-Initiated, Back-Channel and Front-Channel Logout 1.0, each §2 or §3)."""
    ways = ("backchannel_logout_supported", "frontchannel_logout_supported")
    named = [way.replace("_supported", "_session_supported") for way in ways]
    return {"end_session_endpoint": issuer + LOGOUT_PATH, **dict.fromkeys([*ways, *named], True)}


def _of_tokens() -> dict[str, object]:
    """What is said of people, and with which signatures."""
    return {
        "subject_types_supported": ["pairwise"],
        "claim_types_supported": ["normal"],
        "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        **{
            f"{place}_encryption_{kind}_values_supported": list(values)
            for place in ("id_token", "userinfo")
            for kind, values in (("alg", ALGORITHMS_OF_KEYS), ("enc", ENCRYPTIONS))
        },
        "introspection_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
    }


def _authentication(endpoint: str, host_for_certificates: str) -> dict[str, object]:
    """How a caller authenticates; at introspection it must, and an access token of its own will do, too (RFC 8414 §2,
    RFC 7662 §2.1).
    """
    methods = [one.value for one in (*METHODS, *(CERTIFICATE_METHODS if host_for_certificates else ()))]
    if endpoint == "introspection":
        methods = [*(one for one in methods if one != AuthMethod.NONE), "Bearer"]
    return {
        f"{endpoint}_endpoint_auth_methods_supported": methods,
        f"{endpoint}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
    }


def _scopes(catalogue: Catalogue) -> list[str]:
    services = catalogue.services.values()
    return sorted({*PERSON_SCOPES, *(action.scope for one in services for action in one.actions.values())})
