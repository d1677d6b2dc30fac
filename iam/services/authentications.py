"""Logins that others vouch for: admitted once, each becoming the one value that every login yields."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.errors import StepUpRequired
from iam.domain.identifiers import Niss
from iam.ports import Archive, Randomness
from iam.services.people import person_for

PURPOSE = "authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationClaims:
    """What a configured source said of a login, verified at the door."""

    source: str
    """The issuer that vouches for it."""
    niss: Niss
    key: LoginKey
    assurance: Assurance
    authenticated_at: datetime
    reference: str
    """The single-use `jti` of the testimony."""
    expires_at: datetime
    """Until when the testimony must be remembered."""


class Authentications:
    """Turns testimonies of logins into authentications."""

    def __init__(self, archive: Archive, randomness: Randomness) -> None:
        self._archive = archive
        self._randomness = randomness

    def admit(self, claims: AuthenticationClaims) -> Authentication:
        """Use up a testimony and return the authentication; a number seen for the first time becomes a person.

        Raises:
            StepUpRequired: `authentication_replayed` when the testimony was used before, on any node.
        """
        fingerprint = hashlib.sha256(f"{claims.source}\0{claims.reference}".encode()).hexdigest()
        with self._archive.writing() as uow:
            if not uow.claim(PURPOSE, fingerprint, claims.expires_at):
                raise StepUpRequired(
                    "authentication_replayed",
                    "This proof of a login was used before: the person must log in again.",
                    cure={"type": "step_up"},
                )
            person = person_for(uow, claims.niss, self._randomness)
            uow.commit()
        return Authentication(
            person_id=person,
            key=claims.key,
            assurance=claims.assurance,
            authenticated_at=claims.authenticated_at,
            source=claims.source,
            reference=claims.reference,
        )
