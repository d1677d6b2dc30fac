"""Who plays in the invariants' country: people with their numbers, enterprises, and how they log in."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss


def enterprise_number(serial: int) -> str:
    """A CBE number with valid check digits."""
    first_eight = 2_000_000 + serial
    return f"{first_eight:08d}{97 - first_eight % 97:02d}"


def niss(serial: int) -> Niss:
    """A national register number with valid check digits."""
    nine = 850_730_000 + serial
    return Niss.parse(f"{nine}{97 - nine % 97:02d}")


BAKERY, BREWERY, COMPANY, TOWN, PROVIDER, SECRETARIAT = (enterprise_number(one) for one in range(1, 7))
NAMES = (
    "director_bakery",
    "second_director_bakery",
    "director_brewery",
    "director_company",
    "mayor",
    "director_provider",
    "director_secretariat",
    "director_administration",
    "chief_bakery",
    "chief_brewery_and_secretariat",
    "chief_provider",
    "local_manager",
    "clerk_provider",
    "clerk_secretariat",
    "officer_one",
    "officer_two",
    "outsider",
    "clerk_of_works",
)
NUMBERS = {name: niss(serial) for serial, name in enumerate(NAMES, 1)}


class Login(NamedTuple):
    """A level and the key with which it was reached."""

    level: Assurance = Assurance.SUBSTANTIAL
    key: LoginKey = LoginKey.ITSME


STRONG = Login()
LOGINS = (
    STRONG,
    Login(Assurance.HIGH, LoginKey.EID),
    Login(Assurance.LOW, LoginKey.PASSWORD),
    Login(Assurance.SUBSTANTIAL, LoginKey.MYGOV),
    Login(Assurance.SUBSTANTIAL, LoginKey.TOTP),
)


class Seat(NamedTuple):
    """A person in an enterprise and capacity."""

    person: str
    enterprise: str
    capacity: Capacity | None = None

    def acting(self, at: datetime, login: Login = STRONG) -> Actor:
        """The person who logged in just now and acts from this seat."""
        authentication = Authentication(self.person, login.key, login.level, at, "test", "jti")
        return Actor(authentication=authentication, enterprise=self.enterprise, capacity=self.capacity, caller="portal")
