"""Acts that need several people: they wait until enough distinct persons validated the very same content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict
from iam.ports import Randomness, UnitOfWork
from iam.services.acting import record


def content_hash(kind: str, enterprise: str, content: str) -> str:
    """SHA-256 (hexadecimal) that binds what is done, for which enterprise, with which content."""
    bound = json.dumps([kind, enterprise, content], separators=(",", ":"))
    return hashlib.sha256(bound.encode()).hexdigest()


def void_waiting(uow: UnitOfWork, actor: Actor, kind: str) -> None:
    """Let no act of a kind wait any longer in the actor's enterprise: what was validated before must be so again."""
    for one in uow.find(JointAct, enterprise=actor.enterprise, kind=kind):
        if one.done_at is None:
            uow.remove(JointAct, one.id)
            record(uow, actor, "joint_act_voided", joint_act=one.id, kind=kind, enterprise=actor.enterprise)


class JointActs:
    """Collects validations of one content."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness

    def sign(
        self,
        uow: UnitOfWork,
        actor: Actor,
        kind: str,
        content: Mapping[str, str],
        *,
        required: int,
        still_entitled: frozenset[str] | None = None,
    ) -> JointAct:
        """Add the actor's validation to the open act with this content, or open one; execute it when complete.

        Args:
            required: how many distinct persons must validate.
            still_entitled: person ids whose earlier validations still count; None = all.

        Raises:
            Conflict: `already_validated` when the actor validated before and others are still awaited.
        """
        written = json.dumps(dict(content), sort_keys=True, separators=(",", ":"))
        act = self._open(uow, actor.enterprise, kind, written, required)
        before = tuple(one for one in act.validated_by if still_entitled is None or one in still_entitled)
        if actor.person in before and len(before) < required:
            raise Conflict(
                "already_validated",
                "You validated this already; another person must validate the same content.",
                cure={"type": "another_person", "act": act.id, "content_hash": act.content_hash},
            )
        signed = replace(act, required=required, validated_by=(*before, actor.person))
        if signed.complete():
            signed = replace(signed, done_at=uow.now)
        uow.put(signed)
        record(uow, actor, "joint_act_validated", joint_act=act.id, kind=kind, enterprise=actor.enterprise)
        return signed

    def _open(self, uow: UnitOfWork, enterprise: str, kind: str, written: str, required: int) -> JointAct:
        bound = content_hash(kind, enterprise, written)
        for one in uow.find(JointAct, enterprise=enterprise, kind=kind):
            if one.content_hash == bound and one.done_at is None:
                return one
        return JointAct(
            id=self._randomness.identifier(),
            enterprise=enterprise,
            kind=kind,
            content=written,
            content_hash=bound,
            required=required,
            validated_by=(),
            started_at=uow.now,
        )
