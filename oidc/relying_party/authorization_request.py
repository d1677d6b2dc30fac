"""The authorization request: what the browser carries to the provider, and what we remember of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from urllib.parse import urlencode

from iam.domain.assurance import Assurance
from iam.domain.login_providers import LoginProvider
from iam.ports import Clock, Randomness
from iam.web.hall import Wanted
from oidc import base64url
from oidc.relying_party.discovery import ProviderMetadata
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration

OLDEST_LOGIN: Final = timedelta(hours=8)
"""How long ago the person may have shown the key to the provider, where no new showing is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What is remembered of a login under way; it never leaves us."""

    nonce: str
    verifier: str
    minimum: Assurance
    again: bool
    at: datetime
    counterpart: str
    """Fingerprint of whom was asked: the answer goes to nobody else."""

    def details(self) -> dict[str, str]:
        """As the hall keeps it."""
        return {
            "nonce": self.nonce,
            "verifier": self.verifier,
            "minimum": self.minimum.label,
            "again": "yes" if self.again else "no",
            "at": str(self.at.timestamp()),
            "counterpart": self.counterpart,
        }

    @classmethod
    def of(cls, details: Mapping[str, str]) -> Self:
        """As the hall gives it back. LoginFailed (`oidc_not_begun_here`) for what another version of us remembered."""
        if details.keys() < {one.name for one in fields(cls)}:
            raise LoginFailed(LoginFault.NOT_BEGUN_HERE, "the login was begun before this service was renewed")
        return cls(
            nonce=details["nonce"],
            verifier=details["verifier"],
            minimum=Assurance.parse(details["minimum"]),
            again=details["again"] == "yes",
            at=datetime.fromtimestamp(float(details["at"]), UTC),
            counterpart=details["counterpart"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """Where the browser goes, with the secret that comes back and what we remember under it."""

    url: str
    state: str
    begun: Begun


def authorization_request(
    provider: LoginProvider,
    registration: Registration,
    metadata: ProviderMetadata,
    wanted: Wanted,
    redirect_uri: str,
    clock: Clock,
    randomness: Randomness,
) -> AuthorizationRequest:
    """A request for a code (OpenID Connect Core §3.1.2.1) with PKCE S256, state and nonce, all of one use.

    Raises LoginFailed (`oidc_level_not_offered`) when no level of this provider is enough.
    """
    begun = Begun(
        nonce=randomness.secret(),
        verifier=randomness.secret(),
        minimum=wanted.minimum,
        again=wanted.again,
        at=clock.now(),
        counterpart=counterpart(registration, metadata),
    )
    state = randomness.secret()
    parameters = {
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(registration.scopes),
        "state": state,
        "nonce": begun.nonce,
        "code_challenge": base64url.encode(hashlib.sha256(begun.verifier.encode()).digest()).decode(),
        "code_challenge_method": "S256",
        "acr_values": level_to_ask(provider, wanted.minimum),
        "ui_locales": wanted.language,
        **_recency(registration, begun),
        **_claims(registration),
    }
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return AuthorizationRequest(
        url=f"{metadata.authorization_endpoint}{joint}{urlencode(parameters)}", state=state, begun=begun
    )


def counterpart(registration: Registration, metadata: ProviderMetadata) -> str:
    """The fingerprint of whom a login is begun with: who they are, who we are to them, and where our secrets go.

    When it is another at the answer, the configuration or the provider's metadata changed meanwhile, by right or by
    attack (RFC 9700 §4.4): then the code, which one may redeem, is not shown to the other.
    """
    places = (metadata.token_endpoint, metadata.userinfo_endpoint, metadata.jwks_uri)
    told = "\n".join((metadata.issuer, registration.client_id, *places))
    return hashlib.sha256(told.encode()).hexdigest()


def level_to_ask(provider: LoginProvider, minimum: Assurance) -> str:
    """The provider's name for the least of its levels that is enough. LoginFailed (`oidc_level_not_offered`)."""
    enough = [told for told in provider.levels if (provider.level_of(told) or 0) >= minimum]
    if not enough:
        raise LoginFailed(LoginFault.LEVEL_NOT_OFFERED, f"{provider.id} has no level of {minimum.label}")
    return min(enough, key=lambda told: provider.level_of(told) or 0)


def _recency(registration: Registration, begun: Begun) -> dict[str, str]:
    asked: dict[str, str] = {}
    if begun.again and registration.again in ("both", "prompt"):
        asked["prompt"] = "login"
    if begun.again and registration.again in ("both", "max_age"):
        asked["max_age"] = "0"
    elif registration.auth_time == "told":
        asked["max_age"] = str(int(OLDEST_LOGIN.total_seconds()))
    return asked


def _claims(registration: Registration) -> dict[str, str]:
    if not registration.requested_claims:
        return {}
    place = "userinfo" if registration.userinfo else "id_token"
    return {"claims": json.dumps({place: dict.fromkeys(registration.requested_claims)}, separators=(",", ":"))}
