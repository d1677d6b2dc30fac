"""The stage on which the country's people act while it is loaded: the house at an instant of its past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from iam.app import build
from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.house import House
from iam.sandbox.country import Country
from iam.services.authentications import AuthenticationClaims
from iam.services.representation import Representation
from iam.settings import Settings

SOURCE = "sandbox loading"
"""Who vouches for logins while the country is loaded."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The house and the country."""

    house: House
    country: Country

    def login(self, niss: Niss) -> Authentication:
        """A login with an identity card, at this instant."""
        now = self.house.clock.now()
        claims = AuthenticationClaims(
            source=SOURCE,
            niss=niss,
            key=LoginKey.EID,
            assurance=Assurance.HIGH,
            authenticated_at=now,
            reference=self.house.randomness.identifier(),
            expires_at=now + timedelta(minutes=5),
        )
        return self.house.authentications.admit(claims)

    def actor(self, person: str, firm: str, capacity: Capacity | None = None) -> Actor:
        """One of the country's people, by alias, who acts for an enterprise."""
        login = self.login(self.country.niss_of(person))
        return Actor(authentication=login, enterprise=self.country.number_of(firm), capacity=capacity)

    def representative(self, person: str, firm: str) -> tuple[Actor, Representation]:
        """A person who acts as legal representative; the enterprise register is asked."""
        actor = self.actor(person, firm)
        return actor, self.house.representations.confirm(actor)


@contextmanager
def stage_at(settings: Settings, country: Country, ago: timedelta) -> Iterator[Stage]:
    """The house as it stood so long ago; what is done there is recorded at that time."""
    house = build(replace(settings, clock_offset=settings.clock_offset - ago))
    try:
        yield Stage(house, country)
    finally:
        house.archive.close()
