"""Legal representatives: the register is asked live whenever someone acts as one, and its answer recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, JointAct
from iam.domain.audit import Leaf
from iam.domain.enterprises import Enterprise, RegisterAnswer, RegisterExtract
from iam.domain.errors import Conflict, Forbidden, NotFound
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.ports import Archive, EnterpriseRegister, Randomness, UnitOfWork
from iam.services.acting import record
from iam.services.joint_acts import JointActs
from iam.services.people import numbers_of, person_of

ASKED = "register_asked"
"""The leaf of a question to the register that no act followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """A live confirmation that a person legally represents an enterprise, good for one act."""

    enterprise: str
    person: str
    function: str
    required_signatures: int
    extract: RegisterExtract


class Representations:
    """Asks the register, and records what it said: with the act, or by itself for a reading and for a refusal."""

    def __init__(
        self, archive: Archive, register: EnterpriseRegister, randomness: Randomness, joint_acts: JointActs
    ) -> None:
        self._archive = archive
        self._register = register
        self._randomness = randomness
        self._joint_acts = joint_acts

    def confirm(self, actor: Actor) -> Representation:
        """Ask the register now whether the actor represents the enterprise; call it before any unit of work.

        That it says no is recorded at once; its yes by `enter` or `note`.

        Raises:
            Unavailable: `register_unavailable` when it does not answer: nothing is done.
            NotFound: `unknown_enterprise` when it knows no such enterprise.
            Forbidden: `not_legal_representative` or `enterprise_ceased`.
        """
        extract = self._register.extract(actor.enterprise)
        if not extract.exists:
            raise NotFound("unknown_enterprise", "The enterprise register knows no enterprise with this number.")
        if extract.ceased_at is not None and extract.ceased_at <= extract.asked_at:
            self._note_refusal(actor, extract)
            raise Forbidden("enterprise_ceased", "The enterprise register says that this enterprise has ceased.")
        with self._archive.reading() as reading:
            entry = extract.representative(numbers_of(reading, actor.person))
        if entry is None:
            self._note_refusal(actor, extract)
            raise Forbidden(
                "not_legal_representative",
                "The enterprise register does not list you as a legal representative in office of this enterprise.",
                cure={"type": "correct_enterprise_register", "enterprise": actor.enterprise},
            )
        return Representation(
            enterprise=actor.enterprise,
            person=actor.person,
            function=entry.function,
            required_signatures=max(1, extract.required_signatures),
            extract=extract,
        )

    def enter(self, uow: UnitOfWork, actor: Actor, representation: Representation) -> Enterprise:
        """Record the register's answer, and the enterprise's entry when this is its representative's first act."""
        answer = self._answered(uow, actor, representation.extract, representation.function)
        known = uow.get(Enterprise, actor.enterprise)
        if known is not None and known.entered_at is not None:
            return known
        period = known.valid if known else Period(uow.now)
        entered = Enterprise(id=actor.enterprise, valid=period, entered_at=uow.now)
        uow.put(entered)
        record(uow, actor, "enterprise_entered", enterprise=actor.enterprise, register_answer=answer.id)
        return entered

    def sign(
        self, uow: UnitOfWork, actor: Actor, representation: Representation, kind: str, content: Mapping[str, str]
    ) -> JointAct:
        """Validate as legal representative; complete when as many as the signing power asks, all still in office."""
        extract = representation.extract
        in_office = (one for one in extract.representatives if one.valid.contains(extract.asked_at))
        people = (person_of(uow, Niss.parse(one.niss)) for one in in_office)
        return self._joint_acts.sign(
            uow,
            actor,
            kind,
            content,
            required=representation.required_signatures,
            still_entitled=frozenset(one for one in people if one is not None),
        )

    def register_enterprise(self, actor: Actor, representation: Representation) -> Enterprise:
        """Let an enterprise enter as a tenant, once. Conflict (`enterprise_exists`) when it did before."""
        with self._archive.writing() as uow:
            known = uow.get(Enterprise, actor.enterprise)
            if known is not None and known.entered_at is not None:
                raise Conflict("enterprise_exists", "This enterprise is already registered.")
            entered = self.enter(uow, actor, representation)
            uow.commit()
            return entered

    def note(self, actor: Actor, representation: Representation) -> None:
        """Record the register's answer by itself, for who only reads as legal representative."""
        with self._archive.writing() as uow:
            answer = self._answered(uow, actor, representation.extract, representation.function)
            record(uow, actor, ASKED, enterprise=answer.enterprise, register_answer=answer.id)
            uow.commit()

    def _note_refusal(self, actor: Actor, extract: RegisterExtract) -> None:
        """Record that the register does not list the actor in office, and that the enterprise ceased where it says so.

        Both are kept though the act is refused; with the end every permit ends, too.
        """
        with self._archive.writing() as uow:
            answer = self._answered(uow, actor, extract, "")
            record(uow, actor, ASKED, enterprise=answer.enterprise, register_answer=answer.id)
            if extract.ceased_at is not None and extract.ceased_at <= extract.asked_at:
                _note_cessation(uow, extract.enterprise, extract.ceased_at)
            uow.commit()

    def _answered(self, uow: UnitOfWork, actor: Actor, extract: RegisterExtract, function: str) -> RegisterAnswer:
        answer = RegisterAnswer(
            id=self._randomness.identifier(),
            enterprise=extract.enterprise,
            asked_at=extract.asked_at,
            person=actor.person,
            function=function,
            required_signatures=max(1, extract.required_signatures),
        )
        uow.put(answer)
        return answer


def _note_cessation(uow: UnitOfWork, enterprise: str, ceased_at: datetime) -> None:
    known = uow.get(Enterprise, enterprise)
    if known is None or known.ceased(ceased_at) == known:
        return
    uow.put(known.ceased(ceased_at))
    leaf = Leaf(act="enterprise_ceased", actor=SERVER_OPERATOR, caller="", objects={"enterprise": enterprise})
    uow.audit(leaf)
    uow.announce("enterprise_ceased", {"enterprise": enterprise})
