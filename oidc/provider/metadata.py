"""Authorization server metadata, computed from what is really served (RFC 8414)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from iam.domain.applications import Catalogue
from oidc.provider.authorization_details import MANDATOR
from oidc.provider.client_assertion import ALGORITHMS, METHOD
from oidc.provider.introspection import SIGNING_ALGORITHM

MEMBERS: Final[Mapping[str, str]] = {
    "token": "token_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
    "jwks": "jwks_uri",
}
"""The member under which each endpoint is told."""


def metadata(
    issuer: str, paths: Mapping[str, str], grant_types: Iterable[str], catalogue: Catalogue
) -> dict[str, object]:
    """The metadata document (RFC 8414 §2).

    `paths` are the paths served, by the name of the view; `catalogue` gives the scopes that software may have.
    """
    told: dict[str, object] = {"issuer": issuer}
    for view, member in MEMBERS.items():
        if view in paths:
            told[member] = issuer + paths[view]
            told |= _authentication(member.removesuffix("_endpoint")) if member.endswith("_endpoint") else {}
    return told | {
        "grant_types_supported": sorted(grant_types),
        "response_types_supported": [],
        "scopes_supported": _scopes(catalogue),
        "authorization_details_types_supported": [MANDATOR],
        "introspection_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "ui_locales_supported": ["nl", "fr", "de", "en"],
    }


def _authentication(endpoint: str) -> dict[str, object]:
    """How a caller authenticates; at introspection an access token of its own will do, too (RFC 8414 §2)."""
    return {
        f"{endpoint}_endpoint_auth_methods_supported": [METHOD, "Bearer"] if endpoint == "introspection" else [METHOD],
        f"{endpoint}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
    }


def _scopes(catalogue: Catalogue) -> list[str]:
    services = catalogue.services.values()
    return sorted(action.scope for service in services for action in service.actions.values() if action.client)
