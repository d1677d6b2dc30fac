"""A small country behind the evaluation door: an employer, its provider, their software and people, and who asks."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.test import Client, TestResponse

from iam.api.evaluation import EVALUATE_SCOPE, EvaluationDoor, evaluation_door
from iam.domain.appointments import PortfolioKind
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from iam.domain.errors import StepUpRequired
from iam.domain.identifiers import Niss
from iam.domain.persons import Person
from iam.domain.tokens import Caller
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.randomness import SystemRandomness
from iam.ports import Archive, Law
from iam.services.authentications import AuthenticationClaims, Authentications
from iam.services.authorization import Authorization
from iam.services.subjects import Subjects
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from iam.web import challenges
from iam.web.problems import ProblemAnswer
from policies.book import read_book
from policies.engine import CasbinLaw
from policies.library import LawLibrary
from tests.storage import records
from tests.storage.clocks import START, SetClock
from tests.storage.records import EMPLOYER, OTHER, PROVIDER

ASKER, OTHER_ASKER, PAYROLL = "dmfa-service", "works-service", "payroll"
PERSON, NISS = "AQAAAAAAAAAAAAAAAAAAAA", "85073003328"
STRANGER_NISS = "17073003384"
"""Valid, and nobody's until a source speaks of it."""
ANOTHER_PERSON = "AgAAAAAAAAAAAAAAAAAAAA"
SERVICES = ("dimona", "dmfa", "works", "working_abroad", "followit")
PROVIDER_ACTING = {"enterprise": PROVIDER, "capacity": "service_provider"}
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"


@cache
def law() -> CasbinLaw:
    """The book that Procura comes with."""
    return CasbinLaw(read_book())


@cache
def empty_tables() -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = Path(tempfile.mkdtemp(prefix="procura-tables-")) / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@contextmanager
def archive_on(storage: str, folder: Path, clock: SetClock) -> Iterator[Archive]:
    """An empty archive in memory or on SQLite."""
    if storage == "memory":
        yield MemoryArchive(clock)
        return
    path = folder / "procura.db"
    shutil.copyfile(empty_tables(), path)
    opened = open_archive(f"sqlite:///{path}", clock)
    yield opened
    opened.close()


@dataclass
class EvaluationWorld:
    """The country and the door to it."""

    archive: Archive
    clock: SetClock
    law: Law = field(default_factory=law)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.library = LawLibrary(self.law, lambda _instant: (self.law.hash, ""))
        self.logins = 0
        self.callers = {f"Bearer t-{one}": caller(one) for one in (ASKER, OTHER_ASKER, PAYROLL)}
        self.put(*inhabitants())
        self.open_doors()

    def open_doors(self) -> None:
        """Put the services and the door in front of the archive."""
        self.subjects = Subjects(self.archive, PairwiseSubjects(bytes(range(32))))
        self.judge = Authorization(self.archive, self.library, self.clock, SystemRandomness())
        self.door = self.new_door(**self.options)
        self.http = Client(self.door)

    def new_door(self, **options: Any) -> EvaluationDoor:
        """A door to this country."""
        return evaluation_door(
            self.judge,
            self.library,
            self.archive,
            self.clock,
            SystemRandomness(),
            names=self.subjects,
            login=self.login,
            verify_bearer=self.verify,
            base_url="https://procura.example",
            **options,
        )

    def put(self, *made: object) -> None:
        """Record facts, in one change."""
        with self.archive.writing() as uow:
            for record in made:
                uow.put(record)
            uow.commit()

    def verify(self, header: str | None, _request: object = None) -> Caller:
        """Play the bearer door: a header is good or not; it knows nothing of what was revoked."""
        if header is None:
            raise ProblemAnswer(challenges.no_access_token())
        if header not in self.callers:
            raise ProblemAnswer(challenges.invalid_access_token("token_signature"))
        return self.callers[header]

    def login(self, token: str, client_id: str) -> Authentication:
        """Play the sources: a token is JSON of what they say, good for one caller and used up by the real use-case."""
        self.logins += 1
        told = json.loads(token)
        if told.get("azp") != client_id:
            raise StepUpRequired("authentication_invalid", "The proof is another client's.", cure={"type": "step_up"})
        claims = AuthenticationClaims(
            source="https://login.example",
            niss=Niss.parse(told["niss"]),
            key=LoginKey(told["key"]),
            assurance=Assurance.parse(told["acr"]),
            authenticated_at=self.clock.now(),
            reference=told["jti"],
            expires_at=self.clock.now() + timedelta(seconds=300),
        )
        return Authentications(self.archive, SystemRandomness()).admit(claims)

    def sub(self, person: str = PERSON, sector: str = OTHER) -> str:
        """The name under which a sector knows a person."""
        return self.subjects.sub_for(person, sector)

    def post(self, path: str, body: object, *, by: str = ASKER, **headers: str) -> TestResponse:
        """Send a request as one of the callers."""
        sent = {"Authorization": f"Bearer t-{by}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.http.post(path, json=body, headers=sent)

    def ask(self, body: object, *, by: str = ASKER, status: int = 200) -> dict[str, Any]:
        """The answer to one evaluation."""
        response = self.post(EVALUATION, body, by=by)
        assert response.status_code == status, response.text
        told: dict[str, Any] = response.json or {}
        assert ("decision" in told) is (status == 200)
        return told

    def ask_all(self, body: object) -> list[dict[str, Any]]:
        """The answers to a batch."""
        response = self.post(EVALUATIONS, body)
        assert response.status_code == 200, response.text
        return list((response.json or {})["evaluations"])


def caller(client_id: str, *scopes: str) -> Caller:
    """A caller whose token carries the scope of this door, or these."""
    return Caller(
        client_id=client_id,
        jti=f"t-{client_id}",
        scopes=frozenset(scopes or (EVALUATE_SCOPE,)),
        service="authorization",
        expires_at=START + timedelta(seconds=300),
    )


def inhabitants() -> list[object]:
    """Who is there: everything that lets the provider's software and employee declare for the employer."""
    acting: dict[str, Any] = {"enterprise": PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
    service: dict[str, Any] = {"enterprise": OTHER, "capacity": Capacity.ADMINISTRATION}
    service["kind"] = ClientKind.DECLARATION_SERVICE
    return [
        *(records.enterprise(number) for number in (EMPLOYER, PROVIDER, OTHER)),
        records.capacity_held("c1", enterprise=EMPLOYER, capacity=Capacity.EMPLOYER),
        records.capacity_held("c2", **acting),
        records.capacity_held("c3", enterprise=OTHER, capacity=Capacity.ADMINISTRATION),
        records.client(ASKER, services=SERVICES, niss_services=("dimona",), **service),
        records.client(OTHER_ASKER, services=("works",), **service),
        records.client(PAYROLL, **acting),
        *(records.token(f"t-{one}", client=one, service="authorization") for one in (ASKER, OTHER_ASKER, PAYROLL)),
        Person(id=PERSON, known_since=START),
        Person(id=ANOTHER_PERSON, known_since=START),
        records.number(NISS, PERSON),
        records.appointment("a1", person=PERSON, **acting),
        records.grant("g1", holder=PAYROLL, **acting),
        records.grant("g2", holder="a1", **acting),
        records.portfolio("f1", holder=PAYROLL, enterprise=PROVIDER, kind=PortfolioKind.ALL),
        records.portfolio("f2", holder="a1", enterprise=PROVIDER, kind=PortfolioKind.ALL),
        records.cover("m1/dmfa-dimona"),
    ]


def software(client_id: str = PAYROLL, **acting: Any) -> dict[str, Any]:
    """The provider's software as subject."""
    return {"type": "client", "id": client_id, "properties": {**PROVIDER_ACTING, **acting}}


def person(name: str, token: str | None = None, **acting: str) -> dict[str, Any]:
    """A person as subject, for the provider unless told otherwise."""
    login = {"authentication": token} if token else {}
    return {"type": "person", "id": name, "properties": {**(acting or PROVIDER_ACTING), **login}}


def citizen(name: str, token: str | None = None) -> dict[str, Any]:
    """A person as subject who acts for no enterprise."""
    return {"type": "person", "id": name, "properties": {"authentication": token} if token else {}}


def proof(jti: str, niss: str = NISS, *, azp: str = ASKER, key: str = "itsme", acr: str = "high") -> str:
    """An authentication token as the played source signs it."""
    return json.dumps({"niss": niss, "jti": jti, "azp": azp, "key": key, "acr": acr})


def evaluation(
    subject: object, action: object = "declare", service: str = "dimona", employer: str = EMPLOYER, **members: Any
) -> dict[str, Any]:
    """One evaluation; `properties` are the resource's."""
    resource: dict[str, Any] = {"type": service, "id": employer}
    if "properties" in members:
        resource["properties"] = members.pop("properties")
    return {"subject": subject, "action": {"name": action}, "resource": resource, **members}
