"""What a client is told of a person: no more than its scopes, its claims and its legal ground allow."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import NATIONAL_NUMBER, PROFILE, PROFILE_CLAIMS
from iam.domain.clients import Client
from iam.domain.logins import PersonalData
from iam.domain.persons import PersonNumber
from iam.ports import Archive, Seal
from iam.services import personal_data
from oidc.provider.claims_parameter import kept_level, kept_names
from oidc.provider.levels import acr_of, amr_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonClaims:
    """Tells of people."""

    archive: Archive
    seal: Seal

    def login(self, grant: AuthorizationGrant) -> dict[str, object]:
        """Of the login that a grant rests on (OpenID Connect Core 1.0 §2)."""
        return {
            "auth_time": int(grant.authenticated_at.timestamp()),
            "acr": kept_level(grant.claims, grant.assurance) or acr_of(grant.assurance),
            "amr": amr_of(grant.key),
        }

    def of(self, grant: AuthorizationGrant, place: str, scopes: frozenset[str]) -> dict[str, object]:
        """Of the person, for a place: `id_token`, with what was asked for it by name, or `userinfo`, with what the
        scopes stand for besides (OpenID Connect Core 1.0 §5.4, §5.5).
        """
        named = kept_names(grant.claims, place)
        wanted = set(named)
        if place == "userinfo":
            wanted |= set(PROFILE_CLAIMS) if PROFILE in scopes else set()
            wanted |= {NATIONAL_NUMBER} if NATIONAL_NUMBER in scopes else set()
        told = {
            **self.login(grant),
            **_profile(personal_data.opened(grant.personal, self.seal)),
            **self._number(grant, wanted & scopes),
        }
        return {name: value for name, value in told.items() if name in wanted}

    def _number(self, grant: AuthorizationGrant, wanted: Set[str]) -> Mapping[str, object]:
        """The newest number of the person, where the client has a recorded legal ground for it at this very moment."""
        if NATIONAL_NUMBER not in wanted or NATIONAL_NUMBER not in grant.scopes:
            return {}
        with self.archive.reading() as reading:
            client = reading.get(Client, grant.client)
            if client is None or not client.may_know_number(grant.service):
                return {}
            found = reading.find(PersonNumber, person=grant.person)
        newest = max(found, key=lambda one: one.since, default=None)
        return {NATIONAL_NUMBER: newest.niss} if newest else {}


def _profile(personal: PersonalData | None) -> Mapping[str, object]:
    if personal is None:
        return {}
    told = {
        "name": f"{personal.given_name} {personal.family_name}".strip(),
        "family_name": personal.family_name,
        "given_name": personal.given_name,
        "birthdate": personal.born.isoformat() if personal.born else "",
    }
    return {name: value for name, value in told.items() if value}
