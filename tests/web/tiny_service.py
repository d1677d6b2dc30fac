"""A tiny service on the shared plumbing, through which the tests send real requests."""

from __future__ import annotations

import io
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from flask import Flask, Request
from flask.testing import FlaskClient
from pydantic import Field

from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound, StepUpRequired, Unavailable
from iam.domain.identifiers import CbeNumber, Niss
from iam.web import challenges, errors, headers, limits, logs, markers, paging, routes
from iam.web.markers import public, requires
from iam.web.models import Identifier, Input, Instant, Line, Output, Written
from iam.web.paging import Page, PageQuery
from iam.web.preconditions import Produced
from iam.web.problems import ProblemAnswer
from iam.web.routes import Answer, Api

NISS = "85073003328"
CANARY = "cAnAry-7f3a-S3cr3t"
Cbe = Annotated[CbeNumber, Written(CbeNumber.parse, max_length=20, pattern="^[0-9A-Z. ]+$", example="0206.731.645")]


class Phone(Input):
    """How to reach somebody."""

    number: Annotated[str, Field(pattern=r"^\+[0-9]{6,15}$", max_length=16)]
    verified_at: Instant | None = None


class NewUser(Input):
    """Who is to become a user."""

    name: Line
    niss: Annotated[Niss, Written(Niss.parse, max_length=40)]
    phone: Phone
    level: Annotated[int, Field(ge=1, le=3)] = 1
    password: Annotated[str, Field(max_length=100, min_length=12)] | None = None
    remarks: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class Rename(Input):
    """A new name."""

    name: Line


class User(Output):
    """A user as shown."""

    id: str
    name: str
    version: int


class UserQuery(PageQuery):
    """Filters of the listing."""

    name: Line | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls in these tests."""

    enterprise: str


@dataclass
class Row:
    """A user as kept, from one revision on."""

    id: str
    enterprise: str
    name: str
    since: int
    version: int = 1


class Numbered:
    """Randomness without chance."""

    def __init__(self) -> None:
        self._next = itertools.count(1)

    def identifier(self) -> str:
        """The next number, as long as an id is."""
        return f"{next(self._next):022d}"

    def secret(self) -> str:
        """The next number, as long as a secret is."""
        return f"{next(self._next):043d}"


@dataclass
class TinyService:
    """The app, what it keeps, and what it wrote to its log."""

    app: Flask = field(default_factory=lambda: Flask("tiny", static_folder=None))
    log: io.StringIO = field(default_factory=io.StringIO)
    rows: list[Row] = field(default_factory=list)
    kept: dict[tuple[str, object], tuple[str, Produced]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    revision: int = 7

    def client(self) -> FlaskClient:
        """A client that is let in as the enterprise 0206731645."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 0206731645"
        return client

    def events(self) -> list[dict[str, Any]]:
        """The log, one event a line."""
        return [json.loads(line) for line in self.log.getvalue().split("\n")[:-1]]

    def own(self, caller: Caller, enterprise: CbeNumber, user: str) -> Row:
        """The caller's user; another's is refused like one that does not exist."""
        for row in self.rows:
            if (row.id, row.enterprise) == (user, enterprise.value) and caller.enterprise == enterprise.value:
                return row
        raise NotFound("not_found", "There is no such user.")

    def remember(self, key: str, caller: object, asked: str, produce: Callable[[], Produced]) -> Produced:
        """Keep answers in memory."""
        with self.lock:
            if (key, caller) not in self.kept:
                self.kept[key, caller] = (asked, produce())
            before, produced = self.kept[key, caller]
        if before != asked:
            raise Conflict("idempotency_key_reused", "This key came with another request.")
        return produced


def guard(requirement: object, request: Request) -> Caller:
    """Let in who carries a CBE number as token; `manage` needs a scope that only 0206731645 has."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not token:
        raise ProblemAnswer(challenges.no_access_token())
    if scheme != "Bearer" or not token.isdigit():
        raise ProblemAnswer(challenges.invalid_access_token("token_malformed"))
    if requirement == "manage" and token != "0206731645":
        raise ProblemAnswer(challenges.missing_scope(["tiny:users:manage"]))
    return Caller(token)


def tiny_service() -> TinyService:
    """A fresh service that holds three users of one enterprise and one of another."""
    service = TinyService()
    service.rows += [Row(f"u{n}", "0206731645", f"User {n}", since=n) for n in (1, 2, 3)]
    service.rows += [Row("b1", "0403170701", "Other", since=4)]
    logs.configure(service.log, lambda: datetime(2026, 11, 22, 2, 18, tzinfo=UTC))
    randomness = Numbered()
    headers.install(service.app, ["localhost", "api.procura.test:8443"], randomness, https=True)
    limits.install(service.app)
    markers.install(service.app, guard)
    errors.install(service.app, randomness)
    routes.install(service.app, service.remember)
    for api in (users_api(service), misfortunes_api()):
        service.app.register_blueprint(api.blueprint)
    return service


def users_api(service: TinyService) -> Api:
    """Users of an enterprise: listing, making, reading, renaming, removing."""
    api = Api("Users", prefix="/api/v1", about="Users of an enterprise.")
    declare_collection(api, service)
    declare_single(api, service)
    return api


def declare_collection(api: Api, service: TinyService) -> None:
    """Listing and making."""

    @api.get("/enterprises/<enterprise>/users", summary="List users", query=UserQuery, answers={200: Page[User]})
    @requires("read")
    def list_users(caller: Caller, enterprise: Cbe, query: UserQuery) -> Page[User]:
        at = query.snapshot(service.revision)
        known = [row for row in service.rows if row.enterprise == enterprise.value == caller.enterprise]
        found = [row for row in known if row.since <= at and row.id > query.after and query.name in (None, row.name)]
        rows = sorted(found, key=lambda row: row.id)[: query.limit + 1]
        return paging.page(Page[User], query, rows, snapshot=at, key=lambda row: row.id, show=shown)

    @api.post(
        "/enterprises/<enterprise>/users", summary="Make a user", body=NewUser, answers={201: User}, idempotent=True
    )
    @requires("manage")
    def create_user(caller: Caller, enterprise: Cbe, body: NewUser) -> Answer:
        """Make somebody a user of the enterprise."""
        service.revision += 1
        row = Row(f"u{len(service.rows) + 1}", enterprise.value, body.name, since=service.revision)
        service.rows.append(row)
        return Answer(shown(row), location=f"/api/v1/enterprises/{enterprise.value}/users/{row.id}", version=1)


def declare_single(api: Api, service: TinyService) -> None:
    """Reading, renaming and removing one."""
    path = "/enterprises/<enterprise>/users/<user>"

    @api.get(path, summary="Read a user", answers={200: User}, versioned=True)
    @requires("read")
    def read_user(caller: Caller, enterprise: Cbe, user: Identifier) -> Answer:
        row = service.own(caller, enterprise, user)
        return Answer(shown(row), version=row.version)

    @api.put(path, summary="Rename a user", body=Rename, answers={200: User}, versioned=True)
    @requires("manage")
    def rename_user(caller: Caller, enterprise: Cbe, user: Identifier, body: Rename, version: int) -> Answer:
        row = service.own(caller, enterprise, user)
        if version != row.version:
            raise Conflict("stale_version", "This was changed in the meantime; read it again and repeat your change.")
        row.name, row.version = body.name, row.version + 1
        return Answer(shown(row), version=row.version)

    @api.delete(path, summary="Remove a user", answers={204: None})
    @requires("manage")
    def remove_user(caller: Caller, enterprise: Cbe, user: Identifier) -> None:
        service.rows.remove(service.own(caller, enterprise, user))


def shown(row: Row) -> User:
    """A user as the API shows it."""
    return User(id=row.id, name=row.name, version=row.version)


def _chained() -> Exception:
    failure = KeyError("outer")
    failure.__cause__ = ValueError(CANARY)
    return failure


MISFORTUNES: dict[str, Callable[[], Exception]] = {
    "invalid": lambda: InvalidInput("invalid_quarter", "Write the quarter as 2026Q4.", field="quarter"),
    "forbidden": lambda: Forbidden("no_mandate", "No mandate.", cure={"type": "propose_mandate", "rules": ["R1"]}),
    "step_up": lambda: StepUpRequired("assurance_too_low", "Log in.", cure={"type": "step_up", "acr": "high"}),
    "conflict": lambda: Conflict("group_taken", "Another mandatary holds this group."),
    "gone": lambda: Gone("invitation_used", "This invitation was used."),
    "unavailable": lambda: Unavailable("register_unavailable", "The register does not answer.", retry_after=9),
    "crash": lambda: RuntimeError(f"password={CANARY} niss {NISS} in {CANARY}"),
    "chained": _chained,
}


def misfortunes_api() -> Api:
    """Everything that can go wrong below a view."""
    api = Api("Misfortunes", prefix="/api/v1")

    @api.get("/misfortunes/<name>", summary="Fail", answers={204: None}, refusals=(409, 410, 503))
    @public("fails for everybody alike")
    def fail(name: Identifier) -> None:
        if name == "wrong_answer":
            return User(id="x", name="x", version=1)  # type: ignore[return-value]
        raise MISFORTUNES[name]()

    return api
