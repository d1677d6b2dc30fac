"""Batches: many evaluations in one request, with values said once for all, and where an answer may stop."""

# Source: OpenID AuthZEN Authorization API 1.0, "Access Evaluations API".

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple

from iam.api.authzen_wire import (
    EVALUATION,
    Defaults,
    Evaluation,
    Members,
    Paths,
    bounded,
    defaults_of,
    evaluation_of,
    unknown,
)
from iam.api.wire_faults import EvaluationFault, Fault, wrong_type

MOST_ITEMS: Final = 1000
BATCH: Final = EVALUATION | {"evaluations", "options"}
_OPTIONS: Final = frozenset({"evaluations_semantic"})


class Semantic(StrEnum):
    """After which answer the rest is left out."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class Answer(NamedTuple):
    """One answered evaluation: the decision, and the whole decision object as JSON."""

    decision: bool
    text: str


class Batch(NamedTuple):
    """A request for several evaluations; a fault stands in the place of one that cannot be read."""

    items: list[Evaluation | EvaluationFault]
    semantic: Semantic
    ignored: Paths
    """Members beside the evaluations that the specification does not know."""


def is_batch(members: Members) -> bool:
    """Whether there are evaluations; without any the request is one evaluation.

    Raises Fault: `wrong_type` when they are not in a list.
    """
    sent = members.get("evaluations", [])
    if not isinstance(sent, list):
        raise wrong_type("evaluations", "a list of objects")
    return bool(sent)


def batch_of(members: Members, most: int) -> Batch:
    """Read a batch.

    Raises:
        Fault: `too_many_evaluations` beyond `most`; `wrong_type`, `missing_member` or `too_long` in what is said once
            for all; `unknown_semantic`. What is wrong in one evaluation is that evaluation's own fault.
    """
    sent = members["evaluations"]
    if not isinstance(sent, list):
        raise wrong_type("evaluations", "a list of objects")
    if len(sent) > most:
        detail = f"A batch takes at most {most} evaluations."
        raise Fault(HTTPStatus.BAD_REQUEST, "too_many_evaluations", detail, field="evaluations")
    semantic, ignored = options_of(members)
    defaults = defaults_of(members)
    return Batch([_item(one, place, defaults) for place, one in enumerate(sent)], semantic, ignored)


def options_of(members: Members) -> tuple[Semantic, Paths]:
    """The semantic, and what is ignored at the top and among the options. Raises Fault: `unknown_semantic`, …"""
    sent = members.get("options", {})
    if not isinstance(sent, dict):
        raise wrong_type("options", "an object")
    wanted = sent.get("evaluations_semantic", Semantic.EXECUTE_ALL)
    if wanted not in tuple(Semantic):
        detail = f"The semantic is one of {', '.join(Semantic)}."
        raise EvaluationFault("unknown_semantic", detail, "options.evaluations_semantic")
    return Semantic(wanted), bounded(unknown(members, BATCH, "") + unknown(sent, _OPTIONS, "options."))


def _item(sent: object, place: int, defaults: Defaults) -> Evaluation | EvaluationFault:
    if not isinstance(sent, dict):
        raise wrong_type(f"evaluations[{place}]", "an object")
    try:
        return evaluation_of(sent, defaults)
    except EvaluationFault as fault:
        return fault


def settled(answers: Iterable[Answer], semantic: Semantic) -> list[Answer]:
    """The answers up to and with the one after which the semantic asks for no more."""
    if semantic is Semantic.EXECUTE_ALL:
        return list(answers)
    last = semantic is Semantic.PERMIT_ON_FIRST_PERMIT
    kept = []
    for answer in answers:
        kept.append(answer)
        if answer.decision is last:
            break
    return kept
