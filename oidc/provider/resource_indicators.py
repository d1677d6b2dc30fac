"""Resource indicators: each declaration service has an address, and a token is for one of them (RFC 8707)."""

from __future__ import annotations

from typing import Final

from iam.domain.authorization_grants import AuthorizationCode, AuthorizationGrant, RefreshToken
from iam.domain.client_metadata import PERSON_SCOPES
from iam.ports import Archive, Law
from iam.services.fingerprints import fingerprint
from iam.services.token_issue import TokenRefused, service_of
from oidc.provider.errors import InvalidTarget

PATH: Final = "/services/"


def resource_of(issuer: str, service: str) -> str:
    """The resource URI of a service by its code; that of a token about the person alone is our issuer itself."""
    return f"{issuer}{PATH}{service}" if service else issuer


def check_resource(told: str | None, issuer: str, service: str) -> None:
    """Refuse a resource that is not the one that the scopes are for; none told is none asked (RFC 8707 §2).

    Raises `InvalidTarget`: also for a relative address, a fragment, another spelling.
    """
    if told is not None and told != resource_of(issuer, service):
        raise InvalidTarget("other_resource", f"These scopes are for {resource_of(issuer, service)}.")


def check_resource_of_scopes(told: str | None, issuer: str, scopes: tuple[str, ...], law: Law) -> None:
    """As `check_resource`, for the service of scopes; what is wrong with these is for their judge to say."""
    if told is None:
        return
    try:
        service = service_of(scopes, law)
    except TokenRefused:
        return
    check_resource(told, issuer, service.code if service else "")


def check_resource_of_grant(
    told: str | None, issuer: str, archive: Archive, client: str, secret: str, scopes: tuple[str, ...] = ()
) -> None:
    """As `check_resource`, for what a code or refresh token of this client gives; of another's nothing is said.

    `scopes` are those asked of a refresh token, empty for all that were granted.
    """
    grant = grant_behind(archive, client, secret) if told is not None else None
    if grant is not None:
        about_person = set(scopes or grant.scopes) <= PERSON_SCOPES
        check_resource(told, issuer, "" if about_person else grant.service)


def grant_behind(archive: Archive, client: str, secret: str) -> AuthorizationGrant | None:
    """The grant behind a code or refresh token of this client; None for every other secret."""
    with archive.reading() as reading:
        held = reading.get(AuthorizationCode, fingerprint(secret)) or reading.get(RefreshToken, fingerprint(secret))
        grant = reading.get(AuthorizationGrant, held.grant) if held else None
    return grant if grant is not None and grant.client == client else None
