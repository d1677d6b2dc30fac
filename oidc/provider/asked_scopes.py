"""What a request asks to be able to do: its scopes, the one service they are for, and for which mandator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from iam.domain.client_metadata import NATIONAL_NUMBER, OPENID, PERSON_SCOPES
from iam.domain.clients import Profile
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.ports import Law
from iam.services.token_issue import TokenRefused, service_of
from oidc.provider.authorization_answering import Registered
from oidc.provider.authorization_details import read_mandator
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.errors import InvalidAuthorizationDetails, InvalidTarget, ProviderError
from oidc.provider.resource_indicators import check_resource

MAX_SCOPES: Final = 10
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def read_scopes(parameters: Mapping[str, str], whose: Registered, law: Law) -> tuple[str, ...]:
    """The scopes, each once: the client's own, of at most one service, none of any where the profile has none.

    AuthorizationRefused (`invalid_scope`).
    """
    text = parameters.get("scope", "")
    if not text or _SCOPE.fullmatch(text) is None:
        raise _refused("malformed_scope", "Name scopes, with single blanks between them.")
    scopes = tuple(dict.fromkeys(text.split(" ")))
    if len(scopes) > MAX_SCOPES:
        raise _refused("too_many_scopes", f"Ask for at most {MAX_SCOPES} scopes.")
    about_person = set(scopes) & PERSON_SCOPES
    if about_person and OPENID not in scopes and about_person != {"offline_access"}:
        raise _refused("openid_missing", "Scopes about the person need openid.")
    if not set(scopes) <= set(whose.metadata.scopes):
        raise _refused("scope_not_registered", "The client is not registered for one of these scopes.")
    if whose.client.profile is Profile.OIDC_BASIC and not set(scopes) <= PERSON_SCOPES:
        raise _refused("scope_not_in_profile", "This client's profile has no scopes of declaration services.")
    try:
        service = service_of(scopes, law)
    except TokenRefused as refusal:
        raise _refused(refusal.code, refusal.detail) from None
    if NATIONAL_NUMBER in scopes and not whose.client.may_know_number(service.code if service else ""):
        raise _refused("number_not_allowed", "The national number takes a recorded legal ground.")
    return scopes


def read_target(parameters: Mapping[str, str], scopes: tuple[str, ...], issuer: str, law: Law) -> None:
    """Hold `resource` to the service of the scopes. AuthorizationRefused (`invalid_target`)."""
    service = service_of(scopes, law)
    try:
        check_resource(parameters.get("resource"), issuer, service.code if service else "")
    except InvalidTarget as refusal:
        raise AuthorizationRefused(AuthorizationFault.INVALID_TARGET, refusal.reason, _plain(refusal)) from None


def read_asked_mandator(
    parameters: Mapping[str, str], scopes: tuple[str, ...], law: Law
) -> tuple[str, Capacity] | None:
    """The mandator for whom the person is to act, and in which capacity; None where none is named (RFC 9396).

    AuthorizationRefused (`invalid_authorization_details`): also where the scopes are for no service, or nobody has
    mandators in that capacity.
    """
    fault = AuthorizationFault.INVALID_AUTHORIZATION_DETAILS
    try:
        asked = read_mandator(parameters.get("authorization_details"))
    except InvalidAuthorizationDetails as refusal:
        raise AuthorizationRefused(fault, refusal.reason, _plain(refusal)) from None
    if asked is None:
        return None
    if service_of(scopes, law) is None:
        detail = "A mandator is named, but no scope of a service."
        raise AuthorizationRefused(fault, "details_without_scope", detail)
    if asked[1] not in MANDATARY_CAPACITIES:
        detail = "Nobody acts for a mandator in this capacity."
        raise AuthorizationRefused(fault, "capacity_without_mandators", detail)
    return asked


def _plain(refusal: ProviderError) -> str:
    """The words of a refusal without its reason code, which the answer puts before them again."""
    return str(refusal.description).removeprefix(f"{refusal.reason}: ")


def _refused(reason: str, description: str) -> AuthorizationRefused:
    return AuthorizationRefused(AuthorizationFault.INVALID_SCOPE, reason, description)
