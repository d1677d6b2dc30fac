"""What is sent over HTTP: checks, batches of checks and requests for tokens, about the people of a grown country."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from iam.api.evaluation import EVALUATION_PATH, EVALUATIONS_PATH
from tests.bench.databases import HOST, ISSUER
from tests.bench.described import ACTION, EVALUATE, SCOPE, SERVICE, Asked, Described
from tests.bench.over_http import ISSUED, PERMITTED, Write, Written
from tests.bench.sending import Lines, request
from tests.bench.software import Software, software_of
from tests.bench.stands import WrongAnswers

ITEMS = 1000
"""Evaluations in a batch."""
TOKEN_PATH = "/oauth2/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
Batch = tuple[dict[str, Any], int]
"""What a batch asks, and how often the answer is yes."""


class Caller:
    """A declaration service whose access token is never too old."""

    def __init__(self, software: Software, lines: Lines) -> None:
        self._software = software
        self._lines = lines

    def headers(self) -> dict[str, str]:
        """The headers of its requests, with a new token. Raises WrongAnswers when there is none."""
        body = self._software.token_request(ISSUER, scope=EVALUATE)
        (answer,) = self._lines.send([request("POST", TOKEN_PATH, HOST, FORM, body)])
        if answer.status != 200:
            raise WrongAnswers(f"no token for the caller: {answer.body[:300]!r}")
        return bearing(json.loads(answer.body)["access_token"])


def bearing(token: str) -> dict[str, str]:
    """The headers of a request with an access token."""
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def evaluation(one: Asked) -> dict[str, Any]:
    """A question as AuthZEN writes it."""
    return {**_subject_and_action(one), "resource": {"type": SERVICE, "id": one.mandator}}


def _subject_and_action(one: Asked) -> dict[str, Any]:
    properties = {"enterprise": one.enterprise, "capacity": one.capacity}
    return {
        "subject": {"type": "client", "id": one.client, "properties": properties},
        "action": {"name": ACTION},
    }


def checks(described: Described, caller: Caller) -> Write:
    """One evaluation a request."""
    questions = described.questions()

    def write(count: int) -> Written:
        headers, asked = caller.headers(), list(islice(questions, count))
        return Written(_posted(EVALUATION_PATH, headers, asked), PERMITTED, sum(one.allowed for one in asked))

    return write


def for_the_floor(described: Described, token: str) -> Write:
    """The same requests, to what answers each with a constant."""
    questions, headers = described.questions(), bearing(token)

    def write(count: int) -> Written:
        return Written(_posted(EVALUATION_PATH, headers, list(islice(questions, count))), PERMITTED, count)

    return write


def _posted(path: str, headers: dict[str, str], asked: list[Asked]) -> list[bytes]:
    return [request("POST", path, HOST, headers, json.dumps(evaluation(one)).encode()) for one in asked]


def batches(asked: Iterator[Batch], caller: Caller) -> Write:
    """Batches, one a request."""

    def write(count: int) -> Written:
        headers, taken = caller.headers(), list(islice(asked, count))
        bodies = [json.dumps(body).encode() for body, _ in taken]
        written = [request("POST", EVALUATIONS_PATH, HOST, headers, body) for body in bodies]
        return Written(written, PERMITTED, sum(permitted for _, permitted in taken))

    return write


def batches_of_one(described: Described) -> Iterator[Batch]:
    """Batches about a large provider's mandators: what is the same for all is said once."""
    sources = [(number, cycle(served)) for number, served in described.served.items() if served]
    for number, mandators in cycle(sources):
        told = described.providers[number]
        one = Asked(told["client_id"], number, told["capacity"], "", True)
        resources = [{"resource": {"type": SERVICE, "id": mandator}} for mandator in islice(mandators, ITEMS)]
        yield {**_subject_and_action(one), "evaluations": resources}, ITEMS


def mixed_batches(described: Described) -> Iterator[Batch]:
    """Batches about everybody: each evaluation has its own subject and is written in full."""
    questions = described.questions()
    while True:
        asked = list(islice(questions, ITEMS))
        yield {"evaluations": [evaluation(one) for one in asked]}, sum(one.allowed for one in asked)


def tokens(described: Described) -> Write:
    """Tokens for the software of a few large providers, each for another mandator."""
    served = {number: cycle(one) for number, one in described.served.items() if one}
    software = {number: software_of(described, number) for number in served}
    turns = cycle(served)

    def body(number: str) -> bytes:
        capacity = described.providers[number]["capacity"]
        details = {"type": "procura_mandator", "mandator": next(served[number]), "capacity": capacity}
        return software[number].token_request(ISSUER, scope=SCOPE, authorization_details=json.dumps([details]))

    def write(count: int) -> Written:
        written = [request("POST", TOKEN_PATH, HOST, FORM, body(number)) for number in islice(turns, count)]
        return Written(written, ISSUED, count)

    return write


def tokens_of_peer(software: Software, issuer: str) -> Write:
    """Tokens of oidc-provider for its one client."""
    host = issuer.removeprefix("http://")

    def write(count: int) -> Written:
        bodies = [software.token_request(issuer, scope=SCOPE) for _ in range(count)]
        return Written([request("POST", "/token", host, FORM, body) for body in bodies], ISSUED, count)

    return write
