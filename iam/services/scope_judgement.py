"""What a token's scopes are worth at an instant: one decision for each, by the same judge as every check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from iam.domain.applications import Action, Catalogue, PropertyType, Service
from iam.domain.assumptions import favourable_properties, favourable_to_citizen
from iam.domain.assurance import Authentication
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.delegations import Delegation
from iam.domain.periods import local_date
from iam.domain.persons import PersonNumber
from iam.domain.tokens import IssuedToken
from iam.ports import Library, Reading
from iam.services.authorization import Ask, Authorization


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedScope:
    """One scope of a token with the decision that permits or refuses it."""

    scope: str
    decision: Decision
    on_condition: tuple[str, ...]
    """Resource properties on which the permit was given in advance: each check must bring them, and judges them."""


class ScopeJudgement:
    """Asks the judge about every scope of a token, at issue and whenever somebody relies on it."""

    def __init__(self, judge: Authorization, library: Library) -> None:
        self._judge = judge
        self._library = library

    def of(
        self, reading: Reading, token: IssuedToken, now: datetime, *first: Ask, login: Authentication | None = None
    ) -> Judged:
        """Judge the scopes of a token at `now`, all in the view `reading`, after the questions in `first`.

        `login` is that of a person's grant; None to read it from the grant that the token hangs on.

        What only an act can tell is assumed (`favourable_properties`); a scope that fails so is asked again for each
        service that it may follow and each quarter delegated to the client's enterprise.
        """
        catalogue = self._library.current().catalogue
        judged = [scope for scope in token.scopes if scope not in PERSON_SCOPES]
        whose = _subject(reading, token, login, numbered=any(_told_by_number(one, catalogue) for one in judged))
        asked = [_asked(token, whose, scope, catalogue, now) for scope in judged]
        answers = self._judge.decide_all([*first, *(Ask(question=one.question) for one in asked)], reading)
        decisions = answers[len(first) :]
        scopes = [
            _judged(one, one.question.properties, decision)
            if decision.allowed
            else self._retried(reading, one, decision, catalogue, now)
            for one, decision in zip(asked, decisions, strict=True)
        ]
        return Judged(first=tuple(answers[: len(first)]), scopes=tuple(scopes))

    def _retried(
        self, reading: Reading, asked: _Asked, refused: Decision, catalogue: Catalogue, now: datetime
    ) -> JudgedScope:
        for properties in _alternatives(reading, asked, catalogue, now):
            decision = self._judge.decide(Ask(question=replace(asked.question, properties=properties)), reading)
            if decision.allowed:
                return _judged(asked, properties, decision)
            if refused.reason == "properties_missing":
                refused = decision  # says what is lacking once the service followed is known
        return _judged(asked, {}, refused)


@dataclass(frozen=True, slots=True)
class Judged:
    """The answers to the questions asked first, and the token's scopes."""

    first: tuple[Decision, ...]
    scopes: tuple[JudgedScope, ...]

    def refused(self) -> JudgedScope | None:
        """The first scope that is not permitted, or None."""
        return next((one for one in self.scopes if not one.decision.allowed), None)


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: SubjectKind
    id: str
    authentication: Authentication | None = None
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Asked:
    scope: str
    service: Service | None
    question: Question


def _told_by_number(scope: str, catalogue: Catalogue) -> bool:
    """Whether what is sent with acts under a scope may name a person by number; nothing else looks at numbers."""
    found = catalogue.service_of_scope(scope)
    return found is not None and PropertyType.ENTERPRISE_OR_PERSON in found[0].properties.values()


def _subject(reading: Reading, token: IssuedToken, login: Authentication | None, *, numbered: bool) -> _Subject:
    """Who acts with a token: the person whose grant it hangs on, by the login of that grant; else the client itself.

    The person's numbers are read where they can matter (`numbered`).
    """
    if token.person is None:
        return _Subject(SubjectKind.CLIENT, token.software or token.client)
    if login is None and token.grant is not None:
        grant = reading.get(AuthorizationGrant, token.grant)
        login = grant.authentication if grant is not None else None
    numbers = reading.find(PersonNumber, person=token.person) if numbered else []
    return _Subject(SubjectKind.PERSON, token.person, login, frozenset(one.niss for one in numbers))


def _asked(token: IssuedToken, whose: _Subject, scope: str, catalogue: Catalogue, now: datetime) -> _Asked:
    found: tuple[Service | None, Action | None] = catalogue.service_of_scope(scope) or (None, None)
    service, action = found
    concerned = token.mandator or token.enterprise
    question = Question(
        subject_kind=whose.kind,
        subject=whose.id,
        authentication=whose.authentication,
        numbers=whose.numbers,
        enterprise=token.enterprise,
        capacity=token.capacity,
        service=token.service,
        action=action.name if action else "",
        concerned=concerned,
        properties=_assumed(service, concerned, whose.numbers, now),
    )
    return _Asked(scope, service, question)


def _assumed(
    service: Service | None, concerned: str | None, numbers: frozenset[str], now: datetime
) -> dict[str, object]:
    """The relations that only an act can show: of the employer concerned, or else of the citizen."""
    if service is None:
        return {}
    today = local_date(now)
    return (
        favourable_properties(service, concerned, today)
        if concerned
        else favourable_to_citizen(service, numbers, today)
    )


def _judged(asked: _Asked, properties: Mapping[str, object], decision: Decision) -> JudgedScope:
    return JudgedScope(scope=asked.scope, decision=decision, on_condition=tuple(sorted(properties)))


def _alternatives(
    reading: Reading, asked: _Asked, catalogue: Catalogue, now: datetime
) -> Sequence[Mapping[str, object]]:
    """Other properties with which the scope may be permitted: a service to follow, a quarter that was delegated."""
    assumed, service = asked.question.properties, asked.service
    if service is None:
        return ()
    followed: list[Mapping[str, object]] = []
    for name, kind in service.properties.items():
        if kind is PropertyType.SERVICE:
            followed += [{**assumed, name: code} for code in catalogue.services if catalogue.groups_of(code, now)]
    quarters = [name for name, kind in service.properties.items() if kind is PropertyType.QUARTER]
    delegated = _delegated(reading, asked.question, now) if quarters else ()
    concerned: list[Mapping[str, object]] = [
        {**one, quarters[0]: delegation.last_quarter} for delegation in delegated for one in (followed or [assumed])
    ]
    return followed + concerned


def _delegated(reading: Reading, question: Question, now: datetime) -> Sequence[Delegation]:
    if question.concerned == question.enterprise:
        return ()
    held = reading.find(Delegation, mandator=question.concerned, receiver=question.enterprise)
    return [one for one in held if one.valid.contains(now)]
