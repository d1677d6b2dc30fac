"""A country behind the administration API: real requests with real tokens and logins, on one archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.appointments import LEGAL_REPRESENTATIVE, SERVER_OPERATOR, Appointment, Grant, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.clients import Client, ClientKind, Profile, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.ports import Archive, Law
from iam.sandbox.login_source import LoginSource
from iam.services.tokens import Wanted
from oidc.provider.access_tokens import sign_access_token
from tests.api import described
from tests.api.premises import ADMINISTRATION, ISSUER, premises
from tests.services.worlds import LONG_AGO, World
from tests.storage.clocks import SetClock

__all__ = ["ADMINISTER", "ADMINISTRATION", "API", "CONSULT_MANDATES", "ISSUER", "Country", "Human", "public_jwks"]

ADMINISTER = "scope:authorization:administration:administer"
CONSULT_MANDATES = "scope:mahis:mandate:consult"
PORTAL_SERVICES = ("access_management", "access_managers", "channels", "ebox", "mahis", "office")
API = "/api/v1"


@dataclass(frozen=True)
class Human:
    """A person of the country, as tests name them."""

    person: str
    niss: Niss


class Country(World):
    """Enterprises, people and software, and the door at which they call."""

    def __init__(self, archive: Archive, clock: SetClock, law: Law) -> None:
        self.house = premises(law)
        self.house.archive.target, self.house.clock.target = archive, clock
        self.house.migration_open = self.house.keys_work = True
        super().__init__(self.house.once, clock, law)
        self.house.register.target = self.register
        self.plain = archive
        self.randomness = self.house.randomness  # type: ignore[assignment]
        self.judge = self.house.judge
        self.representations = self.house.representations
        self.logins, self.keys = self.house.logins, self.house.keys
        self.http: FlaskClient = self.house.app.test_client()
        self.officer()
        self.portal = self.declaration_service(*PORTAL_SERVICES)

    def human(self) -> Human:
        """A new person."""
        return Human(*self.person())

    def representative(self, enterprise: str) -> Human:
        """A new person whom the register lists as the one legal representative of an enterprise."""
        actor = self.represent(enterprise)[0]
        return Human(actor.person, Niss(self.register.representatives[enterprise][0].niss))

    def manager(
        self,
        enterprise: str,
        role: Role = Role.PRINCIPAL_ACCESS_MANAGER,
        capacity: Capacity | None = None,
        domain: str | None = None,
    ) -> Human:
        """A new person who manages accesses in an enterprise since long ago."""
        human = self.human()
        self.appointed(human, enterprise, role, capacity, domain)
        return human

    def appointed(
        self, human: Human, enterprise: str, role: Role, capacity: Capacity | None, domain: str | None = None
    ) -> Appointment:
        """The appointment of a person since long ago."""
        since = Period(self.clock.at - LONG_AGO)
        appointment = Appointment(
            id=self.randomness.identifier(),
            enterprise=enterprise,
            person=human.person,
            role=role,
            capacity=capacity,
            domain=domain,
            appointed_by=LEGAL_REPRESENTATIVE,
            tie="employee",
            valid=since,
            activated_at=since.start,
        )
        self.record(appointment)
        return appointment

    def user_of(self, enterprise: str, capacity: Capacity, *rights: str) -> Human:
        """A new user with rights written `service:action+action`."""
        human = self.human()
        self.user(enterprise, capacity, *rights, person=human.person)
        return human

    def declaration_service(self, *services: str) -> Client:
        """A declaration service of the administration, registered for services."""
        return self._client("declaration_service", ADMINISTRATION, Capacity.ADMINISTRATION, services)

    def software(self, enterprise: str, capacity: Capacity) -> Client:
        """A technical client of an enterprise."""
        return self._client("self_service", enterprise, capacity, ())

    def consulting(self, provider: str) -> Client:
        """Software of a provider that may consult its mandates."""
        software = self.software(provider, Capacity.SERVICE_PROVIDER)
        grant = Grant(
            id=self.randomness.identifier(),
            holder=software.id,
            enterprise=provider,
            capacity=software.capacity,
            service="mahis",
            actions=("consult",),
            given_by=SERVER_OPERATOR,
            valid=software.valid,
        )
        self.record(grant)
        return software

    def _client(self, kind: str, enterprise: str, capacity: Capacity, services: tuple[str, ...]) -> Client:
        technical = kind == "self_service"
        client = Client(
            id=f"{kind}_procura_{enterprise}_{self.randomness.identifier()[:10]}",
            enterprise=enterprise,
            capacity=capacity,
            kind=ClientKind.TECHNICAL if technical else ClientKind.DECLARATION_SERVICE,
            profile=Profile.DEFAULT,
            profile_until=None,
            jwks="{}",
            algorithm="ES256",
            services=services,
            niss_services=(),
            label="Software",
            registered_by="nobody",
            valid=Period(self.clock.at - LONG_AGO),
        )
        self.record(client)
        return client

    def token(self, client: Client | None = None, *scopes: str) -> str:
        """An access token, issued as at the token endpoint."""
        client = client or self.portal
        proof = ProvenClient(client=client, fingerprint=self.randomness.secret(), expires_at=self.clock.at)
        standing = self.house.tokens.issue(proof, Wanted(scopes=scopes or (ADMINISTER,)))
        return sign_access_token(standing, ISSUER, self.keys.current("ES256"), self.house.subjects)

    def login(
        self,
        human: Human,
        *,
        login_key: LoginKey = LoginKey.ITSME,
        level: Assurance = Assurance.SUBSTANTIAL,
        client: Client | None = None,
    ) -> str:
        """A testimony of a login, for one request through a client."""
        return self.logins.testimony(human.niss, login_key, level, (client or self.portal).id)

    def headers(self, human: Human | None, *, client: Client | None = None, **login: Any) -> dict[str, str]:
        """The headers with which a person acts."""
        headers = {"Authorization": f"Bearer {self.token(client)}"}
        if human is not None:
            headers["Procura-Authentication"] = self.login(human, client=client, **login)
        return headers

    def ask(
        self,
        method: str,
        path: str,
        human: Human | None,
        body: object = None,
        *,
        capacity: Capacity | None = None,
        version: int | None = None,
        key: str | None = None,
        more: Mapping[str, str] | None = None,
        **login: Any,
    ) -> TestResponse:
        """One request of a person through the portal; a second later the next can come."""
        headers = self.headers(human, **login)
        if capacity is not None:
            headers["Procura-Capacity"] = capacity.value
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if key is not None:
            headers["Idempotency-Key"] = key
        path = path if path.startswith("/api") else API + path
        answer = self.http.open(path, method=method, json=body, headers={**headers, **(more or {})})
        described.check(self.http.application, method, path, answer)
        self.clock.advance(seconds=1)
        return answer

    def get(self, path: str, human: Human | None, **how: Any) -> TestResponse:
        """A reading."""
        return self.ask("GET", path, human, **how)

    def post(self, path: str, human: Human | None, body: object = None, **how: Any) -> TestResponse:
        """An act; without a body an empty one."""
        return self.ask("POST", path, human, {} if body is None else body, **how)

    def as_software(self, software: Client, path: str, **more: str) -> TestResponse:
        """A reading by software, with a token to consult mandates."""
        token = self.token(software, CONSULT_MANDATES)
        return self.http.get(API + path, headers={"Authorization": f"Bearer {token}", **more})

    def facts(self) -> tuple[int, list[str]]:
        """The newest revision and the acts of the audit trail, tokens apart: unchanged when nothing was done."""
        acts = [one.leaf.act for one in self.plain.leaves()]
        return self.plain.revision(), [act for act in acts if act != "token_issued"]


@lru_cache
def public_jwks() -> dict[str, Any]:
    """A key set fit to be registered."""
    source = LoginSource("https://keys.example", ISSUER, SetClock())
    key = dict(source.jwks()["keys"][0])
    return {"keys": [{name: key[name] for name in ("kty", "crv", "x", "y", "kid")}]}
