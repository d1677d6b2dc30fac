"""A country behind the administration API: real requests with real tokens and logins, on one archive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.api.admin_app import create_admin_app
from iam.api.collaborators import Collaborators
from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.clients import Client, ClientKind, Profile, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.mandate_terms import ProposalRules
from iam.domain.periods import Period
from iam.domain.tokens import Caller
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.randomness import SystemRandomness
from iam.ports import Archive, Law
from iam.sandbox.login_source import LoginSource
from iam.services.activations import Activations
from iam.services.appointments import Appointments
from iam.services.authentications import Authentications
from iam.services.authorization import Authorization
from iam.services.clients import Clients
from iam.services.delegations import Delegations
from iam.services.grants import Grants
from iam.services.idempotency import OnceArchive
from iam.services.invitations import Invitations
from iam.services.joint_acts import JointActs
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from iam.services.people import People
from iam.services.portfolios import Portfolios
from iam.services.recognitions import Recognitions
from iam.services.representation import Representations
from iam.services.subjects import Subjects
from iam.services.tokens import Tokens, Wanted
from oidc import jose
from oidc.authentication_sources import AuthenticationSource
from oidc.authentication_tokens import AuthenticationTokens
from oidc.client_keys import accept_jwks, canonical_jwks
from oidc.provider.access_tokens import sign_access_token
from oidc.provider.bearer import BearerTokens
from oidc.provider.live_keys import SigningKeys
from tests.oidc.provider.premises import MemoryChest, first_keys
from tests.services.worlds import LONG_AGO, World
from tests.storage.clocks import SetClock

ISSUER = "https://procura.example"
LOGINS = "https://logins.example"
ADMINISTRATION = "0206731645"
ADMINISTER = "scope:authorization:administration:administer"
CONSULT_MANDATES = "scope:mahis:mandate:consult"
PORTAL_SERVICES = ("access_management", "access_managers", "channels", "ebox", "mahis", "office")
RULES = ProposalRules(answer_within=timedelta(days=90))
API = "/api/v1"


@dataclass(frozen=True)
class Human:
    """A person of the country, as tests name them."""

    person: str
    niss: Niss


class Country(World):
    """Enterprises, people and software, and the door at which they call."""

    def __init__(self, archive: Archive, clock: SetClock, law: Law) -> None:
        self.once = OnceArchive(archive)
        super().__init__(self.once, clock, law)
        self.plain = archive
        self.randomness = SystemRandomness()  # type: ignore[assignment]
        self.judge = Authorization(self.once, self.library, clock, self.randomness)
        self.joint_acts = JointActs(self.randomness)
        self.representations = Representations(self.once, self.register, self.randomness, self.joint_acts)
        self.tokens = Tokens(archive, self.judge, self.library, clock, self.randomness)
        self.logins = LoginSource(LOGINS, ISSUER, clock)
        self.sealer, kept = first_keys()
        chest = MemoryChest()
        chest.held = [replace(key, published_at=clock.at, active_from=clock.at) for key in kept]
        self.keys = SigningKeys(chest, self.sealer, clock)
        self.subjects = Subjects(archive, PairwiseSubjects(bytes(range(32))))
        self.migration_open = True
        self.keys_work = True
        self.parts = self._parts()
        self.http: FlaskClient = create_admin_app(self.parts).test_client()
        self.officer()
        self.portal = self.declaration_service(*PORTAL_SERVICES)

    def _parts(self) -> Collaborators:
        once, judge, library, randomness = self.once, self.judge, self.library, self.randomness
        sides = MandateSides(judge, self.representations)
        return Collaborators(
            once=once,
            judge=judge,
            library=library,
            clock=self.clock,
            randomness=randomness,
            subjects=self.subjects,
            verify_bearer=self._verify,
            login=self._login,
            representations=self.representations,
            appointments=Appointments(once, judge, library, randomness, self.representations),
            invitations=Invitations(once, judge, randomness),
            grants=Grants(once, judge, library, randomness),
            portfolios=Portfolios(once, judge, randomness),
            recognitions=Recognitions(once, judge, randomness, self.joint_acts),
            activations=Activations(once, judge, library, self.representations),
            clients=Clients(once, judge, library, randomness, accepted_keys),
            mandates=Mandates(once, self.clock, sides, RULES),
            proposals=MandateProposals(once, library, randomness, sides, RULES),
            paper=MandatePaper(once, judge, library, randomness, sides, RULES),
            take_over=MandateTakeOver(once, judge, library, randomness, RULES, lambda: self.migration_open),
            delegations=Delegations(once, self.clock, judge, randomness, sides, RULES),
            people=People(once, judge, self.joint_acts),
            rules=RULES,
            administration=ADMINISTRATION,
            keys_current=lambda: self.keys_work,
            base_url=ISSUER,
            hosts=["localhost"],
            version="0",
        )

    def _verify(self, header: str | None, service: str) -> Caller:
        return BearerTokens(ISSUER, self.keys, self.clock, service=service).caller(header)

    def _login(self, token: str, caller: str) -> Any:
        keys = jose.read_key_set(json.dumps(self.logins.jwks()))
        levels = dict.fromkeys(LoginKey, Assurance.HIGH)
        source = AuthenticationSource(issuer=LOGINS, keys=keys, algorithms=frozenset({"ES256"}), levels=levels)
        claims = AuthenticationTokens(ISSUER, {LOGINS: source}, self.clock).verify(token, caller)
        return Authentications(self.plain, self.randomness).admit(claims)

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
        standing = self.tokens.issue(proof, Wanted(scopes=scopes or (ADMINISTER,)))
        return sign_access_token(standing, ISSUER, self.keys.current("ES256"))

    def login(
        self,
        human: Human,
        *,
        key: LoginKey = LoginKey.ITSME,
        level: Assurance = Assurance.SUBSTANTIAL,
        client: Client | None = None,
    ) -> str:
        """A testimony of a login, for one request through a client."""
        return self.logins.testimony(human.niss, key, level, (client or self.portal).id)

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
        self.clock.advance(seconds=1)
        return answer

    def get(self, path: str, human: Human | None, **how: Any) -> TestResponse:
        """A reading."""
        return self.ask("GET", path, human, **how)

    def post(self, path: str, human: Human | None, body: object = None, **how: Any) -> TestResponse:
        """An act; without a body an empty one."""
        return self.ask("POST", path, human, {} if body is None else body, **how)

    def facts(self) -> tuple[int, tuple[int, str]]:
        """The newest revision and the head of the audit trail: unchanged when nothing was done."""
        return self.plain.revision(), self.plain.head()


def accepted_keys(jwks: object, algorithm: str) -> str:
    """The key policy of the house."""
    return canonical_jwks(accept_jwks(jwks, algorithm=algorithm))


@lru_cache
def public_jwks() -> dict[str, Any]:
    """A key set fit to be registered."""
    source = LoginSource("https://keys.example", ISSUER, SetClock())
    key = dict(source.jwks()["keys"][0])
    return {"keys": [{name: key[name] for name in ("kty", "crv", "x", "y", "kid")}]}
