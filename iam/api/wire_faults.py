"""Faults: why a request at the evaluation door gets no decision, as a status and a small JSON body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from iam.domain.errors import Refusal, RefusalKind, Unavailable
from iam.services.authorization import CallerNotActive
from iam.web import challenges
from iam.web.problems import Problem

_STATUS: Final = {
    RefusalKind.INVALID: HTTPStatus.BAD_REQUEST,
    RefusalKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.BAD_REQUEST,
    RefusalKind.CONFLICT: HTTPStatus.BAD_REQUEST,
    RefusalKind.GONE: HTTPStatus.BAD_REQUEST,
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RefusalKind.STEP_UP: HTTPStatus.BAD_REQUEST,
}


class Fault(Exception):
    """No decision: `code` is stable, `message` one sentence that never repeats what was sent, `field` a path."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        cure: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.cure = dict(cure or {})

    def as_json(self) -> dict[str, object]:
        """The members of the error body; there is never a `decision` among them."""
        told: dict[str, object] = {"error": self.code, "message": self.message}
        return told | self._whereabouts()

    def _whereabouts(self) -> dict[str, object]:
        """The field at fault and what would cure it, where they are known."""
        return ({"field": self.field} if self.field else {}) | ({"cure": self.cure} if self.cure else {})


class EvaluationFault(Fault):
    """400: one evaluation cannot be read; among others in a batch it is answered by itself, with `false`."""

    def __init__(self, code: str, message: str, field: str, *, cure: Mapping[str, object] | None = None) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, code, message, field=field, cure=cure)

    def denial(self) -> str:
        """The decision object that stands for this evaluation in a batch, as JSON."""
        error: dict[str, object] = {"status": int(self.status), "message": self.message} | self._whereabouts()
        return json.dumps({"decision": False, "context": {"reason": self.code, "error": error}})


def missing(path: str) -> EvaluationFault:
    """A required member is not there."""
    return EvaluationFault("missing_member", f"The member '{path}' is required.", path)


def wrong_type(path: str, wanted: str) -> EvaluationFault:
    """A declared member has a value of another type."""
    return EvaluationFault("wrong_type", f"The member '{path}' must be {wanted}.", path)


def fault_of_refusal(refusal: Refusal) -> Fault:
    """A refusal of the house as this door answers it."""
    if isinstance(refusal, CallerNotActive):
        return fault_of_problem(challenges.invalid_access_token(refusal.code, refusal.detail))
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, Unavailable) else {}
    status = _STATUS[refusal.kind]
    return Fault(status, refusal.code, refusal.detail, field=refusal.field, headers=headers, cure=refusal.cure)


def fault_of_problem(problem: Problem) -> Fault:
    """A problem of the other doors, such as a challenge, in this door's smaller form."""
    return Fault(HTTPStatus(problem.type.status), problem.code, problem.detail, headers=problem.headers)


def evaluation_fault(refusal: Refusal, field: str) -> EvaluationFault:
    """A refused value of one evaluation, named by its path."""
    return EvaluationFault(refusal.code, refusal.detail, field, cure=refusal.cure)
