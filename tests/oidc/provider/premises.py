"""A small country with its authorization server: an employer, a provider with a mandate, their software, our doors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import TestResponse

from iam.domain.appointments import Grant
from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import Capacity, CapacityHeld, Ground
from iam.domain.keys import SealedKey
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.ports import Archive, KeyChest, UnitOfWork
from iam.services.authorization import Authorization
from iam.services.kept_secrets import SealedSecrets
from iam.services.subjects import Subjects
from iam.services.tokens import Tokens
from iam.settings import Settings, read_settings
from iam.storage.archive import SqlArchive
from iam.storage.keys import SqlKeyChest
from iam.token_desk import TokenDesk
from iam.web import errors, headers, limits
from oidc.key_shelves import TOKENS
from oidc.provider.client_assertion import ASSERTION_TYPE
from oidc.provider.endpoints import provider_blueprint
from oidc.provider.key_rotation import KeyRotation
from oidc.provider.live_keys import SigningKeys
from oidc.provider.person_claims import PersonClaims
from oidc.provider.server import Parts
from oidc.signing_keys import SIGNING_ALGORITHMS, first_ring, generate_private_jwk
from policies.book import read_book
from policies.engine import CasbinLaw
from policies.library import LawLibrary
from tests.oidc.provider.forgery import compact, ec_jwk, jwks
from tests.storage import records
from tests.storage.clocks import START, SetClock

ISSUER = "https://procura.example"
ANOTHER_HOST = "another.example"
NSSO = "0671516647"
EMPLOYER, PROVIDER, OTHER = records.EMPLOYER, records.PROVIDER, records.OTHER
SOFTWARE = f"self_service_procura_{PROVIDER}_abcdefghij"
IN_HOUSE = f"self_service_procura_{EMPLOYER}_abcdefghij"
SERVICE = f"declaration_service_procura_{NSSO}_abcdefghij"
DECLARE, CONSULT = "scope:dimona:declaration:declare", "scope:dimona:declaration:consult"
INTROSPECT, EVALUATE = "scope:authorization:token:introspect", "scope:authorization:decision:evaluate"
MANDATE = [{"type": "procura_mandator", "mandator": EMPLOYER, "capacity": "service_provider"}]

UNSET: Any = object()


class MemoryChest:
    """A chest of keys in memory."""

    def __init__(self) -> None:
        self.held: list[SealedKey] = []

    def sealed_keys(self) -> Sequence[SealedKey]:
        return sorted(self.held, key=lambda key: key.active_from)

    def keep(self, uow: UnitOfWork, keys: Sequence[SealedKey]) -> None:
        self.held = list(keys)


@lru_cache
def the_law() -> CasbinLaw:
    """The book of the house itself."""
    return CasbinLaw(read_book())


@lru_cache
def the_settings() -> Settings:
    """Of the sandbox, with nothing outside."""
    return read_settings(
        {
            "PROCURA_ENVIRONMENT": "sandbox",
            "PROCURA_ISSUER": ISSUER,
            "PROCURA_ENTERPRISE_REGISTER": "http://127.0.0.1:9",
            "PROCURA_EMPLOYER_DIRECTORY": "http://127.0.0.1:9",
            "PROCURA_ADMINISTRATION": NSSO,
            "PROCURA_AUTHENTICATION_SOURCES": "nowhere.toml",
            "PROCURA_SEALING_KEY_VALUE": "A" * 43,
        }
    )


@lru_cache
def first_keys() -> tuple[Sealer, tuple[SealedKey, ...]]:
    """Sealed signing keys, made once for all tests."""
    sealer = Sealer(bytes(range(32)))
    ring = first_ring({alg: generate_private_jwk(alg) for alg in SIGNING_ALGORITHMS}, START)
    return sealer, tuple(TOKENS.sealed(key, sealer) for key in ring.keys)


@dataclass
class Premises:
    """The house and what tests ask of it."""

    archive: Archive
    clock: SetClock
    settled: bool = False
    """Whether the country stands already: then this is another process over the same archive."""
    hosts: tuple[str, ...] = ("procura.example", "localhost", ANOTHER_HOST)
    """For which it answers."""
    sealer: Sealer = field(init=False)
    chest: KeyChest = field(init=False)

    def __post_init__(self) -> None:
        self.sealer, kept = first_keys()
        self.chest = SqlKeyChest(self.archive) if isinstance(self.archive, SqlArchive) else MemoryChest()
        if not self.settled or isinstance(self.chest, MemoryChest):
            self.keep(*(replace(key, published_at=self.clock.at, active_from=self.clock.at) for key in kept))
        self.randomness = SystemRandomness()
        self.library = LawLibrary(the_law(), lambda _instant: ("", ""))
        self.judge = Authorization(self.archive, self.library, self.clock, self.randomness)
        self.tokens = Tokens(self.archive, self.judge, self.library, self.clock, self.randomness)
        self.keys = SigningKeys(self.chest, self.sealer, self.clock)
        secrets = SealedSecrets(self.archive, self.chest, self.sealer, self.randomness)
        self.desk = TokenDesk(
            self.archive, self.judge, self.library, self.clock, self.randomness, the_settings(), secrets
        )
        self.bearer = self.desk.bearer(self.keys)
        self.rotation = KeyRotation(self.archive, self.chest, self.sealer)
        self.app = self.open_doors()
        if not self.settled:
            self.settle()

    def open_doors(self) -> Flask:
        """The application that serves the endpoints."""
        app = Flask("premises")
        headers.install(app, self.hosts, self.randomness, https=True)
        errors.install(app, self.randomness)
        limits.install(app)
        desk = self.desk
        parts = Parts(
            issuer=ISSUER,
            registrations=desk.registrations,
            requests=desk.requests,
            tokens=self.tokens,
            redemption=desk.redemption,
            devices=desk.devices,
            token_exchange=desk.token_exchange,
            registration=desk.registration,
            software_requests=desk.software_requests,
            subjects=Subjects(self.archive, PairwiseSubjects(bytes(32))),
            person_claims=PersonClaims(archive=self.archive, seal=self.sealer),
            keys=self.keys,
            bearer=self.bearer,
            possession=desk.possession,
            library=self.library,
            clock=self.clock,
        )
        app.register_blueprint(provider_blueprint(parts))
        return app

    def keep(self, *keys: SealedKey) -> None:
        """Keep exactly these keys in the chest."""
        with self.archive.writing() as uow:
            self.chest.keep(uow, keys)
            uow.commit()

    def find_client(self, client_id: str) -> Client | None:
        with self.archive.reading() as reading:
            return reading.get(Client, client_id)

    def settle(self) -> None:
        """Put everybody in their place: the employer mandates the provider for DmfA-Dimona."""
        capacity, key = Capacity.SERVICE_PROVIDER, jwks(ec_jwk(kid="k1"))
        self.record(
            *(records.enterprise(one) for one in (EMPLOYER, PROVIDER, OTHER, NSSO)),
            records.capacity_held("c1"),
            records.capacity_held("c2", enterprise=PROVIDER, capacity=capacity),
            records.capacity_held("c3", enterprise=NSSO, capacity=Capacity.ADMINISTRATION),
            records.capacity_held("c4", enterprise=OTHER),
            records.client(SOFTWARE, jwks=key),
            records.client(IN_HOUSE, enterprise=EMPLOYER, capacity=Capacity.EMPLOYER, jwks=key),
            records.client(
                SERVICE,
                enterprise=NSSO,
                capacity=Capacity.ADMINISTRATION,
                kind=ClientKind.DECLARATION_SERVICE,
                services=("dimona", "works"),
                jwks=key,
            ),
            self.grant("g1", SOFTWARE, PROVIDER, capacity, "dimona", "declare", "consult"),
            self.grant("g2", IN_HOUSE, EMPLOYER, Capacity.EMPLOYER, "dimona", "declare", "consult"),
            records.portfolio("f1", holder=SOFTWARE, enterprise=PROVIDER),
            records.cover("m1/dmfa-dimona"),
        )

    def grant(self, key: str, holder: str, enterprise: str, capacity: Capacity, service: str, *actions: str) -> Grant:
        return records.grant(
            key, holder=holder, enterprise=enterprise, capacity=capacity, service=service, actions=actions
        )

    def held(self, key: str, enterprise: str, capacity: Capacity) -> CapacityHeld:
        return records.capacity_held(key, enterprise=enterprise, capacity=capacity, ground=Ground.RECOGNITION)

    def record(self, *facts: object) -> None:
        with self.archive.writing() as uow:
            for fact in facts:
                uow.put(fact)
            uow.commit()

    def remove(self, kind: type[object], key: str) -> None:
        with self.archive.writing() as uow:
            uow.remove(kind, key)
            uow.commit()

    def seconds(self, **ahead: float) -> int:
        return int((self.clock.at + timedelta(**ahead)).timestamp())

    def claims(self, client_id: str = SOFTWARE, **claims: Any) -> dict[str, object]:
        """The claims of an assertion; `UNSET` leaves one out."""
        plain: dict[str, object] = {
            "iss": client_id,
            "sub": client_id,
            "aud": ISSUER,
            "jti": self.randomness.identifier(),
            "iat": self.seconds(),
            "exp": self.seconds(seconds=60),
        }
        return {name: value for name, value in {**plain, **claims}.items() if value is not UNSET}

    def assertion(self, client_id: str = SOFTWARE, *, header: Mapping[str, object] | None = None, **claims: Any) -> str:
        head: dict[str, object] = {"alg": "ES256", "kid": "k1"} if header is None else dict(header)
        return compact(head, self.claims(client_id, **claims))

    def post(self, path: str, parameters: Mapping[str, str] | str, **headers: str) -> TestResponse:
        body = parameters if isinstance(parameters, str) else urlencode(parameters)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return self.app.test_client().post(path, data=body.encode(), headers=told)

    def authenticated(self, client_id: str = SOFTWARE, assertion: str | None = None) -> dict[str, str]:
        proof = self.assertion(client_id) if assertion is None else assertion
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}

    def ask(
        self,
        scope: str = DECLARE,
        client_id: str = SOFTWARE,
        details: object = MANDATE,
        assertion: str | None = None,
        **more: str,
    ) -> TestResponse:
        """Ask for a token; `details` None leaves the authorization details out."""
        parameters = {"grant_type": "client_credentials", **self.authenticated(client_id, assertion), **more}
        if scope:
            parameters["scope"] = scope
        if details is not None:
            parameters["authorization_details"] = details if isinstance(details, str) else json.dumps(details)
        return self.post("/oauth2/token", parameters)

    def token(self, scope: str = DECLARE, client_id: str = SOFTWARE, details: object = MANDATE) -> str:
        answer = self.ask(scope, client_id, details)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def service_token(self, scope: str = INTROSPECT) -> str:
        return self.token(scope, SERVICE, None)

    def introspect(self, token: str, bearer: str | None = None, **headers: str) -> TestResponse:
        caller = self.service_token() if bearer is None else bearer
        return self.post("/oauth2/introspect", {"token": token}, Authorization=f"Bearer {caller}", **headers)

    def active(self, token: str) -> bool:
        return bool(self.introspect(token).get_json()["active"])

    def leaves(self, act: str) -> list[Mapping[str, str]]:
        return [one.leaf.objects for one in self.archive.leaves() if one.leaf.act == act]
