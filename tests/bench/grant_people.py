"""People of a country with live grants, the services that they log in to, and every grant with its code and tokens."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Grant, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization_grants import AuthorizationCode, AuthorizationGrant, RefreshToken
from iam.domain.client_metadata import OFFLINE, OPENID, ClientMetadata, GrantType
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.periods import Period
from iam.domain.persons import Person, PersonNumber
from iam.domain.tokens import IssuedToken
from iam.sandbox.numbers import BIRTH_YEARS, CBE_RADICES, EMPLOYER_RADICES, employer_number, enterprise_number, niss
from iam.services.authorization_grants import CODE_LIFE, OFFLINE_LIFE
from iam.services.fingerprints import fingerprint
from iam.services.token_issue import LONGEST_LIFE
from tests.bench.described import SCOPE, SERVICE

OLDER, BOUND, SOFTWARE = "older", "bound", "software"
"""The clients: one whose refresh tokens take turns, one whose tokens are bound by DPoP, and one that acts by itself."""
CALLBACK = "https://portal.example/callback"
SCOPES = (OPENID, OFFLINE, SCOPE)
GRANTS_OF_ONE, PEOPLE_OF_ONE = 5, 10
"""Grants of one person, and people of one enterprise."""
_FIRST_COUNTER, _DAYS = 1, 1095
_HELD_FOR = timedelta(days=300)


def name(kind: str, number: int) -> str:
    """The id of one thing: 128 bits in no order, as the ids that are drawn."""
    digest = hashlib.sha256(f"{kind} {number}".encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def refresh_secret(number: int) -> str:
    """The refresh token of one grant."""
    return name("refresh token", number) + name("second half", number)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """So many live grants, of a fifth as many people; every second grant is for the client with bound tokens."""

    live: int
    now: datetime
    administration: str
    """The CBE number of who operates the services."""
    personal: str
    """What a login provider vouched for, sealed."""

    @property
    def count(self) -> int:
        """How many people."""
        return max(1, self.live // GRANTS_OF_ONE)

    @property
    def since(self) -> Period:
        """Since when everything stands."""
        return Period(self.now - _HELD_FOR)

    def enterprise_of(self, person: int) -> str:
        """For which enterprise somebody acts."""
        return enterprise_number(CBE_RADICES[person // PEOPLE_OF_ONE]).value

    def client_of(self, number: int) -> str:
        """For which client a grant is: OLDER or BOUND."""
        return (OLDER, BOUND)[(number + number // self.count) % 2]

    def client_id(self, alias: str) -> str:
        """The client_id of a client."""
        if alias == SOFTWARE:
            return f"self_service_procura_{self.enterprise_of(0)}_software00"
        return f"declaration_service_procura_{self.administration}_{alias:0<10}"

    def records(self, keys: dict[str, str]) -> Iterator[object]:
        """Everything; `keys` are the registered key sets of the clients."""
        yield from self.clients(keys)
        for place in range(0, self.count, PEOPLE_OF_ONE):
            yield from self._enterprise(place // PEOPLE_OF_ONE)
        for person in range(self.count):
            yield from self._person(person)
        for number in range(self.live):
            yield from self._grant(self.loaded(number), number)

    def clients(self, keys: dict[str, str]) -> Iterator[object]:
        """The three clients, with what they registered."""
        for alias in (OLDER, BOUND):
            yield self._service(alias, keys[alias])
            yield ClientMetadata(
                client=self.client_id(alias),
                grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
                redirect_uris=(CALLBACK,),
                scopes=SCOPES,
                dpop_bound=alias == BOUND,
            )
        yield self._software(keys[SOFTWARE])
        yield ClientMetadata(
            client=self.client_id(SOFTWARE), grant_types=(GrantType.CLIENT_CREDENTIALS,), dpop_bound=True
        )
        yield self._use("software-use", self.client_id(SOFTWARE), self.enterprise_of(0))

    def _grant(self, told: AuthorizationGrant, number: int) -> Iterator[object]:
        """A grant that gave tokens once: its code is used, its refresh token waits."""
        yield told
        yield self.code(told, name("code", number), "", used=True)
        yield RefreshToken(id=fingerprint(refresh_secret(number)), grant=told.id, expires_at=told.expires_at)
        yield IssuedToken(
            jti=name("token", number),
            client=told.client,
            enterprise=told.enterprise,
            capacity=told.capacity,
            mandator=None,
            service=SERVICE,
            scopes=SCOPES,
            issued_at=told.granted_at,
            expires_at=told.granted_at + LONGEST_LIFE,
            grant=told.id,
            person=told.person,
        )

    def given(self, number: int, granted: datetime) -> Iterator[object]:
        """One more grant, given at an instant, that gave tokens once."""
        return self._grant(self.unused(number, granted, name("grant", number)), number)

    def loaded(self, number: int) -> AuthorizationGrant:
        """One of the grants that live: given on the day before the database was filled."""
        return self.unused(number, self.now - timedelta(seconds=number % 86_400), name("grant", number))

    def unused(self, number: int, granted: datetime, key: str) -> AuthorizationGrant:
        """A grant of one person."""
        person = number % self.count
        return AuthorizationGrant(
            id=key,
            client=self.client_id(self.client_of(number)),
            person=name("person", person),
            login=name("login", number),
            enterprise=self.enterprise_of(person),
            capacity=Capacity.EMPLOYER,
            mandator=None,
            service=SERVICE,
            scopes=SCOPES,
            key=LoginKey.ITSME,
            assurance=Assurance.HIGH,
            authenticated_at=granted,
            source="itsme",
            reference=name("reference", number),
            personal=self.personal,
            claims="",
            binding="",
            granted_at=granted,
            expires_at=granted + OFFLINE_LIFE,
        )

    def code(self, grant: AuthorizationGrant, secret: str, challenge: str, *, used: bool = False) -> AuthorizationCode:
        """A code of a grant."""
        return AuthorizationCode(
            id=fingerprint(secret),
            grant=grant.id,
            redirect_uri=CALLBACK,
            challenge=challenge,
            key_thumbprint="",
            nonce="n-0S6_WzA2Mj",
            good_until=grant.granted_at + CODE_LIFE,
            expires_at=grant.expires_at,
            used_at=grant.granted_at if used else None,
        )

    def _service(self, alias: str, jwks: str) -> Client:
        return self._client(
            alias,
            jwks,
            enterprise=self.administration,
            capacity=Capacity.ADMINISTRATION,
            kind=ClientKind.DECLARATION_SERVICE,
            profile=Profile.OLDER if alias == OLDER else Profile.DEFAULT,
            profile_until=self.now + timedelta(days=365) if alias == OLDER else None,
            services=(SERVICE,),
        )

    def _software(self, jwks: str) -> Client:
        return self._client(
            SOFTWARE,
            jwks,
            enterprise=self.enterprise_of(0),
            capacity=Capacity.EMPLOYER,
            kind=ClientKind.TECHNICAL,
            profile=Profile.DEFAULT,
            profile_until=None,
            services=(),
        )

    def _client(self, alias: str, jwks: str, **told: Any) -> Client:
        return Client(
            id=self.client_id(alias),
            jwks=jwks,
            algorithm="ES256",
            niss_services=(),
            label=alias,
            registered_by="server_operator",
            valid=self.since,
            **told,
        )

    def _enterprise(self, place: int) -> Iterator[object]:
        number = enterprise_number(CBE_RADICES[place]).value
        yield Enterprise(id=number, valid=self.since, entered_at=self.since.start)
        yield CapacityHeld(
            id=f"{number}-directory",
            enterprise=number,
            capacity=Capacity.EMPLOYER,
            ground=Ground.EMPLOYER_DIRECTORY,
            reference=f"nsso:{employer_number(EMPLOYER_RADICES[place]).value}",
            valid=self.since,
        )

    def _person(self, person: int) -> Iterator[object]:
        key, enterprise, since = name("person", person), self.enterprise_of(person), self.since
        counter, day = divmod(person, _DAYS)
        number = niss(date(BIRTH_YEARS[0], 1, 1) + timedelta(days=day), _FIRST_COUNTER + counter)
        yield Person(id=key, known_since=since.start)
        yield PersonNumber(niss=number.value, person=key, since=since.start, first_person=key)
        yield Appointment(
            id=f"{key}-appointment",
            enterprise=enterprise,
            person=key,
            role=Role.USER,
            capacity=Capacity.EMPLOYER,
            domain=None,
            appointed_by=LEGAL_REPRESENTATIVE,
            tie="employee",
            valid=since,
            activated_at=since.start,
        )
        yield self._use(f"{key}-use", f"{key}-appointment", enterprise)

    def _use(self, key: str, holder: str, enterprise: str) -> Grant:
        return Grant(
            id=key,
            holder=holder,
            enterprise=enterprise,
            capacity=Capacity.EMPLOYER,
            service=SERVICE,
            actions=("consult", "declare"),
            given_by=LEGAL_REPRESENTATIVE,
            valid=self.since,
        )
