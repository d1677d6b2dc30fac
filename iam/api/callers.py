"""Callers: which client calls and for which person, judged before any operation begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Request

from iam.domain.actors import Actor, Software
from iam.domain.assurance import Authentication
from iam.domain.authorization import Question, SubjectKind
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden, NotFound
from iam.domain.tokens import Caller
from iam.ports import Library
from iam.services.authorization import Ask, Authorization, CallerNotActive
from iam.web import challenges, problems
from iam.web.problems import Issue, IssueType, ProblemAnswer, Where

LOGIN_HEADER: Final = "Procura-Authentication"
CAPACITY_HEADER: Final = "Procura-Capacity"
OUR_SERVICE: Final = "authorization"
ADMINISTER: Final = "administer"

VerifyBearer = Callable[[str | None, str, dict[str, Any]], Caller]
"""From the header Authorization, the service that must be the token's audience and the WSGI request to who calls.

Raises ProblemAnswer: 401 for a token that is missing, expired or not good for that service.
"""
Login = Callable[[str, str], Authentication]
"""From an authentication token and the client_id that presents it to the login behind it, used up by that.

Raises StepUpRequired.
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A person must act, through a client that is registered for `service` where one is named."""

    service: str | None = None


@dataclass(frozen=True, slots=True)
class PersonOrClient:
    """A person must act, or a technical client consult for its own enterprise with a token for this service."""

    service: str
    action: str


@dataclass(frozen=True, slots=True)
class PersonCall:
    """A person who acts through a client, in a capacity or above any."""

    client: Client
    authentication: Authentication
    capacity: Capacity | None

    @property
    def person(self) -> str:
        """The internal id of who acts."""
        return self.authentication.person_id

    def actor(self, enterprise: str) -> Actor:
        """The person as who acts for an enterprise."""
        return Actor(
            authentication=self.authentication, enterprise=enterprise, capacity=self.capacity, caller=self.client.id
        )


@dataclass(frozen=True, slots=True)
class SoftwareCall:
    """A technical client that consults for its own enterprise."""

    client: Client
    token: str
    """The `jti` of its access token."""

    def reader(self, enterprise: str) -> Software:
        """The software as reader of its own enterprise. NotFound (`not_found`) for another."""
        if enterprise != self.client.enterprise:
            raise NotFound("not_found", "There is no such enterprise.")
        return Software(client=self.client.id, token=self.token, enterprise=enterprise, capacity=self.client.capacity)


Call = PersonCall | SoftwareCall


class Guard:
    """Lets in who meets what a route requires."""

    def __init__(
        self,
        judge: Authorization,
        library: Library,
        find_client: Callable[[str], Client | None],
        verify_bearer: VerifyBearer,
        login: Login,
    ) -> None:
        self._judge = judge
        self._library = library
        self._find_client = find_client
        self._verify_bearer = verify_bearer
        self._login = login

    def __call__(self, requirement: object, request: Request) -> Call:
        """Who calls.

        Raises:
            ProblemAnswer: 400, 401, or 403 `missingScope`. Forbidden: the client may not do this.
            StepUpRequired: the login is missing or not good. TypeError: for a requirement that is none of ours.
        """
        if isinstance(requirement, PersonOrClient) and LOGIN_HEADER not in request.headers:
            return self._software(requirement, request)
        if isinstance(requirement, Person | PersonOrClient):
            return self._person(requirement.service, request)
        raise TypeError(f"the guard knows no requirement {requirement!r}")

    def _person(self, service: str | None, request: Request) -> PersonCall:
        """Let a person in, in these steps:

        (1) the client's access token is for us, and carries the scope of passing on a person's acts;
        (2) the capacity named is one;
        (3) client and token are good now, and the client may do this and is registered for the service;
        (4) a login is presented, vouched for and used up, which happens for nobody whom we would not serve.
        """
        caller = self._verify_bearer(request.headers.get("Authorization"), OUR_SERVICE, request.environ)  # (1)
        self._check_scope(caller, OUR_SERVICE, ADMINISTER)
        capacity = _capacity(request)  # (2)
        client = self._client_of(caller)  # (3)
        self._check_client(client, caller, service)
        token = request.headers.get(LOGIN_HEADER)  # (4)
        if not token:
            raise ProblemAnswer(_login_missing())
        return PersonCall(client, self._login(token, client.id), capacity)

    def _software(self, requirement: PersonOrClient, request: Request) -> SoftwareCall:
        """Let software in; what it may consult is judged with each reading, its access token included."""
        sent = request.headers.get("Authorization")
        try:
            caller = self._verify_bearer(sent, requirement.service, request.environ)
        except ProblemAnswer as refused:
            raise self._without_login(request, refused) from None
        self._check_scope(caller, requirement.service, requirement.action)
        client, capacity = self._client_of(caller), _capacity(request)
        if capacity not in (None, client.capacity):
            raise Forbidden("capacity_differs", "The client was registered in another capacity.")
        return SoftwareCall(client, caller.jti)

    def _without_login(self, request: Request, refused: ProblemAnswer) -> ProblemAnswer:
        """What to tell a caller whose token is not for the service: that a login is missing, if that is all."""
        try:
            self._verify_bearer(request.headers.get("Authorization"), OUR_SERVICE, request.environ)
        except ProblemAnswer:
            return refused
        return ProblemAnswer(_login_missing())

    def _check_scope(self, caller: Caller, service: str, action: str) -> None:
        scope = self._library.current().catalogue.services[service].actions[action].scope
        if scope not in caller.scopes:
            raise ProblemAnswer(challenges.missing_scope([scope]))

    def _client_of(self, caller: Caller) -> Client:
        client = self._find_client(caller.client_id)
        if client is None:
            raise ProblemAnswer(_no_longer_active())
        return client

    def _check_client(self, client: Client, caller: Caller, service: str | None) -> None:
        question = Question(
            subject_kind=SubjectKind.CLIENT,
            subject=client.id,
            enterprise=client.enterprise,
            capacity=client.capacity,
            service=OUR_SERVICE,
            action=ADMINISTER,
            concerned=client.enterprise,
        )
        try:
            decision = self._judge.decide(Ask(question=question, caller=client.id, caller_token=caller.jti))
        except CallerNotActive:
            raise ProblemAnswer(_no_longer_active()) from None
        if not decision.allowed:
            raise self._judge.refusal_of(decision)
        if service is not None and (decision.caller is None or service not in decision.caller.services):
            detail = f"The calling client is not registered for the service '{service}'."
            raise Forbidden("service_not_registered", detail, cure={"type": "register_client", "service": service})


def _capacity(request: Request) -> Capacity | None:
    sent = request.headers.get(CAPACITY_HEADER)
    if sent is None:
        return None
    try:
        return Capacity(sent)
    except ValueError:
        detail = f"Send one of these capacities, or none: {', '.join(Capacity)}."
        issue = Issue(IssueType.INVALID_INPUT, Where.HEADER, CAPACITY_HEADER, detail)
        raise ProblemAnswer(problems.bad_request("invalid_capacity", detail, issue)) from None


def _login_missing() -> problems.Problem:
    detail = f"A person must act: send who logged in as an authentication token in the header {LOGIN_HEADER}."
    return challenges.step_up("login_missing", detail, {"type": "step_up", "header": LOGIN_HEADER})


def _no_longer_active() -> problems.Problem:
    detail = "The calling client or its access token is no longer active."
    return challenges.invalid_access_token("caller_not_active", detail)
