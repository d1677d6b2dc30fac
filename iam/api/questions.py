"""Questions: what subject, action, resource and context of an evaluation mean to the judge."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from iam.api.authzen_wire import Entity, Evaluation, Members, Paths, bounded, text, unknown
from iam.api.evaluation_persons import BY_NUMBER, AskedPersons
from iam.api.wire_faults import EvaluationFault, evaluation_fault, missing, wrong_type
from iam.domain.applications import Service
from iam.domain.authorization import Question, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput, NotFound
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import parse_instant
from iam.domain.relations import typed_properties
from iam.domain.tokens import Caller
from iam.ports import Law, Library
from iam.services.authorization import Ask

LONGEST_TOKEN: Final = 4096
LONGEST_REFERENCE: Final = 64
"""Characters of a declaration's own id, about which a citizen asks."""
_HIGHEST_REVISION: Final = 2**63 - 1
_SUBJECT: Final = frozenset({"enterprise", "capacity", "authentication"})
_CONTEXT: Final = frozenset({"as_of", "known_at", "at_least_revision"})
_NOTHING: Final[frozenset[str]] = frozenset()
_CAPACITIES: Final = {one.value: one for one in Capacity}
_KINDS: Final = {one.value: one for one in SubjectKind}


class Asked(NamedTuple):
    """A question for the judge, and what its answer must tell or wait for."""

    ask: Ask
    """One and the same for evaluations that differ in nothing but the employer concerned."""
    employer: str | None
    """The CBE number of the employer concerned; None for a citizen's declaration."""
    law: Law
    """The law that is applied: that in use, or that of `known_at`."""
    at_least: int
    past: bool
    ignored: Paths


class Moment(NamedTuple):
    """At which instant, as known when, and at which revision at the earliest."""

    law: Law
    as_of: datetime | None
    known_at: datetime | None
    at_least: int
    ignored: Paths


class Party(NamedTuple):
    """Who acts, in which capacity of which enterprise, and the authentication token that came along."""

    kind: SubjectKind
    id: str
    enterprise: str | None
    capacity: Capacity | None
    token: str | None
    ignored: Paths


class Questions:
    """Reads the evaluations of one request; what several of them share is read once."""

    def __init__(self, caller: Caller, persons: AskedPersons, library: Library, now: datetime) -> None:
        self._caller = caller
        self._persons = persons
        self._library = library
        self._now = now
        self._moments: dict[int, Moment] = {}
        self._parties: dict[int, Party] = {}
        self._written: dict[Party, Party] = {}
        self._asks: dict[tuple[object, ...], Ask] = {}

    def read(self, one: Evaluation) -> Asked:
        """The question that an evaluation puts.

        `one` must outlive this object: what evaluations share is recognised by its identity.

        Raises:
            EvaluationFault: for a declared member of a wrong type or form, a capacity without its enterprise, an
                instant in the future; and as `AskedPersons.identified`, which also raises Fault and CallerNotActive.
        """
        moment = self._moments.get(id(one.context))
        if moment is None:
            moment = self._moments[id(one.context)] = self._moment(one.context)
        party = self._parties.get(id(one.subject))
        if party is None:
            party = self._parties[id(one.subject)] = self._same(_party(one.subject))
        service = moment.law.catalogue.services.get(one.resource.type)
        employer = _concerned(one.resource, party)
        if one.resource.properties:
            ask = self._ask(one, party, service, moment, employer)
        else:
            own = None if employer is None else employer == party.enterprise
            key = (id(moment), id(party), one.resource.type, one.action.name, own)
            shared = self._asks.get(key)
            if shared is None:
                shared = self._asks[key] = self._ask(one, party, service, moment, employer)
            ask = shared
        past = moment.as_of is not None or moment.known_at is not None
        return Asked(ask, employer, moment.law, moment.at_least, past, _ignored(one, party, moment, service))

    def _same(self, party: Party) -> Party:
        """The party that was written the same before, or this one."""
        return self._written.setdefault(party, party)

    def _ask(self, one: Evaluation, party: Party, service: Service | None, moment: Moment, employer: str | None) -> Ask:
        return Ask(
            question=self._question(one, party, service, moment, employer),
            as_of=moment.as_of,
            known_at=moment.known_at,
            caller=self._caller.client_id,
            caller_token=self._caller.jti,
        )

    def _question(
        self, one: Evaluation, party: Party, service: Service | None, moment: Moment, employer: str | None
    ) -> Question:
        sent = one.resource.properties
        properties = _typed(service, sent, moment.law) if service and sent else {}
        subject, login, numbers, known_at = party.id, None, _NOTHING, moment.known_at
        if party.kind is SubjectKind.PERSON:
            subject = ""
            if service is not None:
                subject, login = self._persons.identified(party.id, party.token, service.code, known_at)
                if any(isinstance(value, str) and value.startswith(BY_NUMBER) for value in properties.values()):
                    numbers = self._persons.numbers(subject, known_at)
        return Question(
            subject_kind=party.kind,
            subject=subject,
            enterprise=party.enterprise,
            capacity=party.capacity,
            service=one.resource.type,
            action=one.action.name,
            concerned=employer,
            properties=properties,
            authentication=login,
            numbers=numbers,
        )

    def _moment(self, context: Members) -> Moment:
        if not context:
            return Moment(self._library.current(), None, None, 0, ())
        as_of, known_at = self._instant(context, "as_of"), self._instant(context, "known_at")
        at_least = context.get("at_least_revision", 0)
        if type(at_least) is not int or not 0 <= at_least <= _HIGHEST_REVISION:
            raise wrong_type("context.at_least_revision", "a revision number")
        law = self._library.current() if known_at is None else self._law(known_at)
        return Moment(law, as_of, known_at, at_least, unknown(context, _CONTEXT, "context."))

    def _instant(self, context: Members, name: str) -> datetime | None:
        if name not in context:
            return None
        path = f"context.{name}"
        try:
            instant = parse_instant(text(context[name], path, LONGEST_REFERENCE))
        except InvalidInput as refusal:
            raise evaluation_fault(refusal, path) from None
        if instant > self._now:
            raise EvaluationFault("instant_in_future", f"'{name}' may not lie in the future.", path)
        return instant

    def _law(self, known_at: datetime) -> Law:
        try:
            return self._library.known_at(known_at)
        except (InvalidInput, NotFound) as refusal:
            raise evaluation_fault(refusal, "context.known_at") from None


def _party(subject: Entity) -> Party:
    kind, sent = _KINDS.get(subject.type), subject.properties
    if kind is None:
        raise EvaluationFault("unknown_subject_type", "The subject is a 'person' or a 'client'.", "subject.type")
    enterprise, capacity = _acting(sent)
    token = None
    if "authentication" in sent:
        path = "subject.properties.authentication"
        token = text(sent["authentication"], path, LONGEST_TOKEN)
        if kind is SubjectKind.CLIENT:
            raise EvaluationFault("subject_mismatch", "A login is a person's, never a client's.", path)
    ignored = () if sent.keys() <= _SUBJECT else unknown(sent, _SUBJECT, "subject.properties.")
    return Party(kind, subject.id, enterprise, capacity, token, ignored)


def _acting(sent: Members) -> tuple[str | None, Capacity | None]:
    """Enterprise and capacity, both or neither: neither means as citizen, never "any that fits"."""
    given = [name for name in ("enterprise", "capacity") if name in sent]
    if not given:
        return None, None
    if len(given) == 1:
        other = "capacity" if given == ["enterprise"] else "enterprise"
        raise missing(f"subject.properties.{other}")
    written = text(sent["capacity"], "subject.properties.capacity", LONGEST_REFERENCE)
    capacity = _CAPACITIES.get(written)
    if capacity is None:
        raise EvaluationFault("invalid_capacity", "There is no such capacity.", "subject.properties.capacity")
    return _cbe(sent["enterprise"], "subject.properties.enterprise"), capacity


def _concerned(resource: Entity, party: Party) -> str | None:
    """The employer concerned.

    A citizen may ask about a declaration by an id of its own instead: an id that is no CBE number concerns nobody.
    """
    if party.enterprise is not None or party.kind is SubjectKind.CLIENT:
        return _cbe(resource.id, "resource.id")
    text(resource.id, "resource.id", LONGEST_REFERENCE)
    try:
        return CbeNumber.canonical(resource.id)
    except InvalidInput:
        return None


def _cbe(value: object, path: str) -> str:
    try:
        return CbeNumber.canonical(text(value, path, LONGEST_REFERENCE))
    except InvalidInput as refusal:
        raise evaluation_fault(refusal, path) from None


def _typed(service: Service, sent: Members, law: Law) -> dict[str, object]:
    try:
        return typed_properties(service, sent, law.catalogue)
    except InvalidInput as refusal:
        raise evaluation_fault(refusal, refusal.field or "resource.properties") from None


def _ignored(one: Evaluation, party: Party, moment: Moment, service: Service | None) -> Paths:
    """The paths of everything that was sent and contributes to nothing."""
    ignored = one.ignored + party.ignored + moment.ignored
    if one.action.properties:
        ignored += unknown(one.action.properties, _NOTHING, "action.properties.")
    declared = service.properties.keys() if service else _NOTHING
    if one.resource.properties and not one.resource.properties.keys() <= declared:
        ignored += unknown(one.resource.properties, declared, "resource.properties.")
    return bounded(ignored) if ignored else ()
