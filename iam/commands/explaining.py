"""`procura explain`: how a decision comes about, now or as it did in the past: facts, rules, what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import click

from iam.app import house
from iam.commands.printing import as_json, console, speaking, table
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Decision, Inquiry, Question, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.facts import SENTENCES, Fact, case_of, establish, followed_service
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import format_instant, parse_instant
from iam.domain.relations import typed_properties
from iam.house import House
from iam.ports import Law
from iam.services.authorization import Ask
from iam.services.people import numbers_known, person_named

BY_NUMBER = "niss:"


@click.command("explain")
@click.argument("evaluation", type=click.File("rb"), default="-")
@click.option("--key", type=click.Choice(list(LoginKey)), help="The person's login key, in place of a login token.")
@click.option("--level", type=click.Choice([one.label for one in Assurance]), help="The level that it reached.")
@as_json
@speaking
def explain(evaluation: IO[bytes], key: str | None, level: str | None, as_json: bool) -> None:
    """Explain a decision: EVALUATION is the body of an AuthZEN evaluation (standard input when left out).

    To explain a past answer, put its `as_of` and `known_at` into `context`.
    """
    body = json.load(evaluation)
    with house() as here:
        as_of, known_at = _instant(body, "as_of"), _instant(body, "known_at")
        law = here.library.current() if known_at is None else here.library.known_at(known_at)
        question = _question(body, here, law, _login(key, level, here), known_at)
        decision = here.judge.decide(Ask(question=question, as_of=as_of, known_at=known_at))
        facts = _facts(here, law, question, decision, known_at)
    told = _told(decision, facts)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    verdict = "[green]permitted[/green]" if decision.allowed else f"[red]refused[/red]: {decision.reason}"
    console.print(f"{verdict}  (revision {decision.revision}, book {decision.book[:12]})")
    console.print(dict(law.texts(decision.reason))["en"])
    table("Facts", ["fact", "sentence"], [(fact, SENTENCES[Fact(fact)]) for fact in facts])
    if decision.rules:
        console.print(f"decided by: {', '.join(decision.rules)}")
    if decision.cure:
        console.print(f"cure: {json.dumps(dict(decision.cure))}")


def _told(decision: Decision, facts: list[str]) -> dict[str, object]:
    return {
        "decision": decision.allowed,
        "reason": decision.reason,
        "rules": list(decision.rules),
        "facts": facts,
        "cure": dict(decision.cure),
        "authority": dict(decision.authority),
        "until": format_instant(decision.until) if decision.until else None,
        "revision": decision.revision,
        "as_of": format_instant(decision.as_of),
        "known_at": format_instant(decision.known_at),
        "book": decision.book,
    }


def _facts(here: House, law: Law, question: Question, decision: Decision, known_at: datetime | None) -> list[str]:
    """The facts that were the case, in the order of the vocabulary."""
    service = law.catalogue.services.get(question.service)
    if service is None or question.action not in service.actions:
        return []
    groups = law.catalogue.groups_of(followed_service(question, service), decision.as_of)
    now = here.clock.now()
    inquiry = Inquiry(question=question, groups=groups, at=decision.as_of, now=now, known_at=known_at)
    case = case_of(question, here.archive.situation(inquiry), law.catalogue, decision.as_of)
    established = establish(case)
    return [fact for fact in Fact if fact in established]


def _question(
    body: Mapping[str, Any], here: House, law: Law, login: Authentication | None, known_at: datetime | None
) -> Question:
    subject, resource = _member(body, "subject"), _member(body, "resource")
    kind = SubjectKind(_member(subject, "type"))
    acting = subject.get("properties", {})
    person, numbers = _subject(here, str(_member(subject, "id")), known_at)
    service = law.catalogue.services.get(_member(resource, "type"))
    sent = resource.get("properties", {})
    return Question(
        subject_kind=kind,
        subject=person,
        enterprise=CbeNumber.parse(acting["enterprise"]).value if "enterprise" in acting else None,
        capacity=Capacity(acting["capacity"]) if "capacity" in acting else None,
        service=resource["type"],
        action=_member(_member(body, "action"), "name"),
        concerned=CbeNumber.parse(resource["id"]).value if "id" in resource else None,
        properties=typed_properties(service, sent, law.catalogue) if service else {},
        authentication=login if kind is SubjectKind.PERSON else None,
        numbers=numbers,
    )


def _subject(here: House, subject: str, known_at: datetime | None) -> tuple[str, frozenset[str]]:
    """A person by NISS as it was known, or an id as it stands (a person's internal id, or a client_id)."""
    if not subject.startswith(BY_NUMBER):
        return subject, frozenset()
    person = person_named(here.archive, Niss.parse(subject.removeprefix(BY_NUMBER)), known_at)
    return person or "", numbers_known(here.archive, person, known_at) if person else frozenset()


def _login(key: str | None, level: str | None, here: House) -> Authentication | None:
    if key is None or level is None:
        return None
    return Authentication("", LoginKey(key), Assurance.parse(level), here.clock.now(), "explain", "explain")


def _instant(body: Mapping[str, Any], name: str) -> datetime | None:
    written = body.get("context", {}).get(name)
    return None if written is None else parse_instant(written)


def _member(record: Mapping[str, Any], name: str) -> Any:
    if name not in record:
        raise InvalidInput("missing_member", f"The evaluation lacks '{name}'.")
    return record[name]
