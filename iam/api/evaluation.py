"""The AuthZEN door: a small WSGI application that takes evaluations in front of everything else."""

# Source: OpenID AuthZEN Authorization API 1.0, "Transport" and "Policy Decision Point Metadata".

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from iam.api.authzen_wire import Evaluation, Members, evaluation_of
from iam.api.batches import BATCH, MOST_ITEMS, Answer, batch_of, is_batch, options_of, settled
from iam.api.court import DecisionCourt
from iam.api.evaluation_metadata import METADATA_PATH, metadata_of
from iam.api.evaluation_persons import Login, PersonNames
from iam.api.json_bodies import json_body
from iam.api.wire_faults import EvaluationFault, Fault, fault_of_problem, fault_of_refusal
from iam.domain.errors import Refusal
from iam.domain.tokens import Caller
from iam.ports import Archive, Clock, Library, Randomness
from iam.services.authorization import Authorization
from iam.web import challenges
from iam.web.problems import ProblemAnswer

EVALUATION_PATH: Final = "/access/v1/evaluation"
EVALUATIONS_PATH: Final = "/access/v1/evaluations"
EVALUATE_SCOPE: Final = "scope:authorization:decision:evaluate"
LARGEST_EVALUATION: Final = 65_536
LARGEST_BATCH: Final = 2 * 1024 * 1024
"""Bytes of a body."""
_OURS: Final = "/access/v1/"
_MOST_MEMBERS: Final = 10_000
_MOST_MEMBERS_OF_BATCH: Final = 100_000
_REQUEST_ID: Final = re.compile(r"[!-~]{1,128}")
_STATUS_LINES: Final = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}
_NO_STORE: Final = ("Cache-Control", "no-store")
_METADATA_CACHE: Final = ("Cache-Control", "public, max-age=300")


def answered_at_once(path: str, body: bytes) -> bool:
    """Whether a request reads the archive and nothing else: one evaluation, and no login that would be used up."""
    return path == EVALUATION_PATH and b"authentication" not in body and b"\\" not in body


class Court(Protocol):
    """What answers evaluations, in whatever vocabulary of subjects, actions and resources."""

    def answer(self, caller: Caller, asked: Sequence[Evaluation]) -> Sequence[Answer | EvaluationFault]:
        """One answer for each evaluation, in their order. Raises Fault or Refusal when none can be given."""
        ...


class Reply(NamedTuple):
    """A finished answer; Content-Type, Content-Length and X-Request-ID are added to its headers."""

    status: HTTPStatus
    body: bytes
    headers: Iterable[tuple[str, str]] = (_NO_STORE,)


class EvaluationDoor:
    """`POST /access/v1/evaluation` and `/access/v1/evaluations`, and the metadata that tells where they are."""

    def __init__(
        self,
        court: Court,
        verify_bearer: Callable[[str | None, WSGIEnvironment], Caller],
        randomness: Randomness,
        base_url: str,
        *,
        behind: WSGIApplication | None = None,
        most_items: int = MOST_ITEMS,
        scope: str = EVALUATE_SCOPE,
    ) -> None:
        """`verify_bearer` takes the Authorization header with the request and raises ProblemAnswer; `behind` takes all
        other paths.
        """
        self._court = court
        self._verify_bearer = verify_bearer
        self._randomness = randomness
        self._behind = behind
        self._most_items = most_items
        self._scope = scope
        self._metadata = metadata_of(base_url, EVALUATION_PATH, EVALUATIONS_PATH)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI, PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if self._behind is not None and not path.startswith(_OURS) and path != METADATA_PATH:
            return self._behind(environ, start_response)
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _REQUEST_ID.fullmatch(sent) else self._randomness.identifier()
        status, body, headers = self._reply(environ, path, request_id)
        start_response(
            _STATUS_LINES[status],
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("X-Request-ID", request_id),
                ("X-Content-Type-Options", "nosniff"),
                *headers,
            ],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _reply(self, environ: WSGIEnvironment, path: str, request_id: str) -> Reply:
        """The reply to a request; whatever goes wrong inside is a 500 without a decision, told to the log by its id."""
        try:
            return self._routed(environ, path)
        except Fault as fault:
            return _told(fault)
        except Refusal as refusal:
            return _told(fault_of_refusal(refusal))
        except Exception:  # the door is closed by default: an error is never an answer
            structlog.get_logger().error("evaluation_failed", request_id=request_id, exc_info=True)
            detail = f"No decision could be made; name the request {request_id} to the operator."
            return _told(Fault(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail))

    def _routed(self, environ: WSGIEnvironment, path: str) -> Reply:
        if path == EVALUATION_PATH:
            return self._evaluation(self._caller(environ), json_body(environ, LARGEST_EVALUATION, _MOST_MEMBERS))
        if path == EVALUATIONS_PATH:
            return self._evaluations(self._caller(environ), json_body(environ, LARGEST_BATCH, _MOST_MEMBERS_OF_BATCH))
        if path != METADATA_PATH:
            raise Fault(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address.")
        _check_method(environ, "GET", "HEAD")
        return Reply(HTTPStatus.OK, self._metadata, (_METADATA_CACHE,))

    def _caller(self, environ: WSGIEnvironment) -> Caller:
        """Who calls, with the scope that this door asks; whether the token still counts is judged with the question."""
        _check_method(environ, "POST")
        try:
            caller = self._verify_bearer(environ.get("HTTP_AUTHORIZATION"), environ)
        except ProblemAnswer as answer:
            raise fault_of_problem(answer.problem) from None
        if self._scope not in caller.scopes:
            raise fault_of_problem(challenges.missing_scope((self._scope,)))
        return caller

    def _evaluation(self, caller: Caller, members: Members) -> Reply:
        return self._single(caller, evaluation_of(members))

    def _evaluations(self, caller: Caller, members: Members) -> Reply:
        if not is_batch(members):
            ignored = options_of(members)[1]
            asked = evaluation_of(members, known=BATCH)
            return self._single(caller, asked._replace(ignored=asked.ignored + ignored))
        items, semantic, ignored = batch_of(members, self._most_items)
        readable = [one for one in items if not isinstance(one, EvaluationFault)]
        answers = iter(self._court.answer(caller, readable) if readable else ())
        told = settled((_item(one, answers) for one in items), semantic)
        note = f',"context":{{"ignored":{json.dumps(ignored)}}}' if ignored else ""
        text = f'{{"evaluations":[{",".join([one.text for one in told])}]{note}}}'
        return Reply(HTTPStatus.OK, text.encode())

    def _single(self, caller: Caller, asked: Evaluation) -> Reply:
        answer = self._court.answer(caller, (asked,))[0]
        if isinstance(answer, EvaluationFault):
            raise answer
        return Reply(HTTPStatus.OK, answer.text.encode())


def _item(one: Evaluation | EvaluationFault, answers: Iterable[Answer | EvaluationFault]) -> Answer:
    """The answer in an evaluation's place: a fault's own, or the next one of the court."""
    answer = one if isinstance(one, EvaluationFault) else next(iter(answers))
    return Answer(False, answer.denial()) if isinstance(answer, EvaluationFault) else answer


def _told(fault: Fault) -> Reply:
    return Reply(fault.status, json.dumps(fault.as_json()).encode(), (_NO_STORE, *fault.headers.items()))


def _check_method(environ: WSGIEnvironment, *allowed: str) -> None:
    if environ["REQUEST_METHOD"] not in allowed:
        headers = {"Allow": ", ".join(allowed)}
        raise Fault(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Use another method.", headers=headers)


def evaluation_door(
    judge: Authorization,
    library: Library,
    archive: Archive,
    clock: Clock,
    randomness: Randomness,
    *,
    names: PersonNames,
    login: Login,
    verify_bearer: Callable[[str | None, WSGIEnvironment], Caller],
    base_url: str,
    behind: WSGIApplication | None = None,
    most_items: int = MOST_ITEMS,
) -> EvaluationDoor:
    """The door to the judge.

    `names` tells whom a caller means by a pairwise name; `login` turns an authentication token and the client_id that
    presents it into an Authentication, used up; `verify_bearer` takes the Authorization header with the request and
    raises ProblemAnswer; `behind` takes every path that is not this door's.
    """
    court = DecisionCourt(judge, library, archive, clock, names, login)
    return EvaluationDoor(court, verify_bearer, randomness, base_url, behind=behind, most_items=most_items)
