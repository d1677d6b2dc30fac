"""Client authentication by `private_key_jwt`: an assertion signed with the client's registered key (RFC 7523)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.domain.clients import Client, Profile, ProvenClient
from oidc import jose
from oidc.jws_reading import THUMBPRINTS
from oidc.provider.decoy import spend_verification
from oidc.provider.errors import InvalidClient, InvalidRequest
from oidc.provider.registrations import Registration
from oidc.registered_claims import MAX_SKEW

METHOD: Final = "private_key_jwt"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "PS256", "RS256")
EXPLICIT_TYPE: Final = "client-authentication+jwt"
TYPES: Final = frozenset({"JWT", EXPLICIT_TYPE})
MAX_CHARS: Final = 8_192

_TOLD: Final = frozenset(
    {
        jose.TokenFault.MALFORMED_PAYLOAD,
        jose.TokenFault.CLAIM_MISSING,
        jose.TokenFault.CLAIM_MALFORMED,
        jose.TokenFault.EXPIRED,
        jose.TokenFault.NOT_YET_VALID,
        jose.TokenFault.ISSUED_IN_FUTURE,
        jose.TokenFault.LIVES_TOO_LONG,
        jose.TokenFault.WRONG_AUDIENCE,
    }
)
"""Faults of the claims, judged before a client is looked up or after its key has proved it: they say nothing of any
registration. All others have one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionRules:
    """What a profile asks of an assertion."""

    max_life: timedelta
    token_endpoint_audience: bool
    """Whether the token endpoint's URL is taken as audience beside the issuer."""


RULES: Final[Mapping[Profile, AssertionRules]] = {
    Profile.DEFAULT: AssertionRules(max_life=timedelta(seconds=300), token_endpoint_audience=False),
    Profile.OLDER: AssertionRules(max_life=timedelta(hours=2), token_endpoint_audience=True),
    Profile.OIDC_BASIC: AssertionRules(max_life=timedelta(hours=2), token_endpoint_audience=True),
}


class ClientAssertions:
    """Verifies client assertions against registrations."""

    def __init__(self, issuer: str, token_endpoint: str, find: Callable[[str], Registration | None]) -> None:
        """`issuer` and `token_endpoint` are URLs of ours; `find` gives a registration that stands, or None."""
        self._issuer = issuer
        self._both = frozenset({issuer, token_endpoint})
        self._find = find

    def prove(self, parameters: Mapping[str, str], now: datetime) -> ProvenClient:
        """Verify the client's assertion among the parameters of a request, in these steps:

        (1) it is there, with its type, and no other credential is (RFC 6749 §2.3, RFC 7521 §4.2);
        (2) its claims name one client as `iss` and `sub`, the one that `client_id` names where that is sent;
        (3) the client is registered, and its registration and profile stand;
        (4) it is signed with a registered key and the one registered algorithm; `typ` is absent, `JWT` or
            `client-authentication+jwt` (draft-ietf-oauth-rfc7523bis §4); thumbprints of certificates are passed over;
        (5) `aud` is our issuer as a single string; for the profile `older` also the token endpoint's URL, unless the
            assertion is explicitly typed;
        (6) it has not expired, lives no longer than the profile allows, was not issued more than 60 s ahead;
        (7) it has a `jti`, which `redeem` uses up.

        Up to (4) every refusal has the same words and costs one verification, whether the client exists or not.

        Raises `InvalidRequest` at (1), `InvalidClient` after it.
        """
        assertion = _assertion(parameters)  # (1)
        try:
            read = jose.read(assertion, max_chars=MAX_CHARS, passed_over=THUMBPRINTS)
            found = self._find(_claimed_client(read.claims, parameters))  # (2)
            if found is None or not found.client.usable(now):  # (3)
                spend_verification(assertion, MAX_CHARS)
                raise _refused("unknown_client", "there is no such client, or its registration or profile has ended")
            client = found.client
            verified = _verified(assertion, read, client)  # (4)
            self._check_audience(verified, client)  # (5)
            rules = RULES[client.profile]
            times = jose.check_times(verified.claims, now, max_life=rules.max_life, skew=MAX_SKEW)  # (6)
            jti = jose.text_claim(verified.claims, "jti")  # (7)
        except jose.InvalidToken as fault:
            if fault.code in _TOLD:
                raise InvalidClient(f"assertion_{fault.code}", f"Client assertion: {fault.detail}.") from None
            raise _refused(fault.code.value, fault.detail) from None
        return _proven(found, jti, times.expires_at + MAX_SKEW)

    def _check_audience(self, verified: jose.Verified, client: Client) -> None:
        explicit = str(verified.header.get("typ", "")).lower().removeprefix("application/") == EXPLICIT_TYPE
        if RULES[client.profile].token_endpoint_audience and not explicit:
            jose.check_audience(verified.claims, self._both, single_string=False)
        else:
            jose.check_audience(verified.claims, self._issuer, single_string=True)


def _proven(found: Registration, jti: str, until: datetime) -> ProvenClient:
    return ProvenClient(
        client=found.client,
        fingerprint=hashlib.sha256(f"{found.client.id}\0{jti}".encode()).hexdigest(),
        expires_at=until,
        metadata=found.metadata,
        revision=found.revision,
    )


def _assertion(parameters: Mapping[str, str]) -> str:
    if "client_secret" in parameters:
        raise InvalidRequest("client_secret_refused", "Clients authenticate with private_key_jwt only.")
    if parameters.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in parameters:
        raise InvalidClient(
            "no_client_assertion", f"Send client_assertion with client_assertion_type={ASSERTION_TYPE}."
        )
    return parameters["client_assertion"]


def _claimed_client(claims: Mapping[str, object], parameters: Mapping[str, str]) -> str:
    """Whom the assertion names, before anything in it is believed."""
    named = claims.get("sub")
    if not isinstance(named, str) or claims.get("iss") != named or parameters.get("client_id", named) != named:
        raise _refused("client_not_named", "iss, sub and client_id do not name one client")
    return named


def _verified(assertion: str, read: jose.Reading, client: Client) -> jose.Verified:
    keys, algorithms = jose.read_key_set(client.jwks), frozenset({client.algorithm})
    try:
        return jose.verify(read, keys=keys, algorithms=algorithms, typ=TYPES, typ_required=False)
    except jose.InvalidToken as fault:
        if fault.code not in _TOLD and fault.code is not jose.TokenFault.WRONG_SIGNATURE:
            spend_verification(assertion, MAX_CHARS)
        raise


def _refused(reason: str, detail: str) -> InvalidClient:
    return InvalidClient("client_not_authenticated", "Client authentication failed.", detail=f"{reason}: {detail}")
