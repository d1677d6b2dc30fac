"""The fixture of the AuthZEN certification: its test catalogue, its test book read by Casbin, and a door to them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import casbin
from casbin.model import Model

from iam.api.authzen_wire import Evaluation
from iam.api.batches import Answer
from iam.api.evaluation import EVALUATE_SCOPE, EvaluationDoor
from iam.api.wire_faults import EvaluationFault
from iam.domain.tokens import Caller

FIXTURE = json.loads(Path(__file__).with_suffix(".json").read_text())
BASE_URL = "https://pdp.example.com"
MODEL = """
[request_definition]
r = facts, action

[policy_definition]
p = id, provided, action

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.action == p.action && hold(r.facts, p.provided)
"""
CALLER = Caller(
    client_id="harness",
    jti="t1",
    scopes=frozenset({EVALUATE_SCOPE}),
    service="authorization",
    expires_at=datetime(2030, 1, 1, tzinfo=UTC),
)


class Numbers:
    """Predictable ids."""

    def __init__(self) -> None:
        self._last = 0

    def identifier(self) -> str:
        self._last += 1
        return f"id-{self._last}"

    def secret(self) -> str:
        return self.identifier()


class CertificationCourt:
    """The vocabulary of the fixture in front of a book of rules."""

    def __init__(self) -> None:
        model = Model()
        model.load_model_from_text(MODEL)
        for rule in FIXTURE["book"]:
            model.add_policy("p", "p", rule)
        self._law = casbin.Enforcer(model)
        self._law.add_function("hold", lambda facts, provided: set(provided.split()) <= facts)

    def answer(self, caller: Caller, asked: Sequence[Evaluation]) -> list[Answer | EvaluationFault]:
        """Each evaluation, judged by the book."""
        return [self._answer(one) for one in asked]

    def _answer(self, one: Evaluation) -> Answer:
        known = self._known(one)
        allowed, rule = self._law.enforce_ex(facts_of(one), one.action.name) if known else (False, [])
        context = {"rules": rule[:1], "ignored": one.ignored}
        return Answer(allowed, json.dumps({"decision": allowed, "context": context}))

    def _known(self, one: Evaluation) -> bool:
        kinds = (one.subject.type, one.resource.type) == ("user", "record")
        named = one.subject.id in FIXTURE["subjects"] and one.resource.id in FIXTURE["resources"]
        return kinds and named and one.action.name in FIXTURE["actions"]


def facts_of(one: Evaluation) -> frozenset[str]:
    """What is the case: who asks, and the properties that were sent, before those that the fixture records."""
    subject: dict[str, Any] = {**FIXTURE["subjects"][one.subject.id], **one.subject.properties}
    resource: dict[str, Any] = {**FIXTURE["resources"][one.resource.id], **one.resource.properties}
    told = {one.subject.id, subject.get("role"), resource.get("status")}
    return frozenset(str(fact) for fact in told) | ({"soft"} if one.action.properties.get("soft") is True else set())


def certification_door(**options: Any) -> EvaluationDoor:
    """A door for the fixture, which any bearer of a token may use."""
    return EvaluationDoor(CertificationCourt(), lambda _header, _request: CALLER, Numbers(), BASE_URL, **options)
