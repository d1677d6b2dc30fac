"""`procura explain`: how a decision comes about, now or as it did in the past: facts, rules, what is missing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import IO

import click

from iam.api.authzen_wire import evaluation_of
from iam.api.evaluation_persons import BY_NUMBER, AskedPersons
from iam.api.questions import Asked, Questions
from iam.api.wire_faults import Fault
from iam.app import house
from iam.commands.printing import as_json, console, speaking, table
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Decision, Inquiry, Question
from iam.domain.errors import InvalidInput
from iam.domain.facts import SENTENCES, Fact, case_of, establish, followed_service
from iam.domain.periods import format_instant
from iam.domain.tokens import Caller
from iam.house import House
from iam.ports import Law
from iam.web.strict_json import MalformedJson, loads


@click.command("explain")
@click.argument("evaluation", type=click.File("rb"), default="-")
@click.option(
    "--key",
    type=click.Choice([one.value for one in LoginKey]),
    help="The person's login key, in place of a login token.",
)
@click.option("--level", type=click.Choice([one.label for one in Assurance]), help="The level that it reached.")
@as_json
@speaking
def explain(evaluation: IO[bytes], key: str | None, level: str | None, as_json: bool) -> None:
    """Explain a decision: EVALUATION is the body of an AuthZEN evaluation (standard input when left out).

    To explain a past answer, put its `as_of` and `known_at` into `context`.
    """
    with house() as here:
        asked = _asked(evaluation.read(), here, _login(key, level, here))
        law, ask = asked.law, asked.ask
        decision = here.judge.decide(ask)
        facts = _facts(here, law, ask.question, decision, ask.known_at)
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


class _NoNames:
    """Names that clients know people by: an operator knows none."""

    def person_of(self, sub: str, sector: str, known_at: datetime | None = None) -> str | None:
        """Nobody."""
        return None


class _ToldPersons(AskedPersons):
    """The persons of an explanation: named by NISS or by their internal id, with the login that the operator tells."""

    def __init__(self, here: House, caller: Caller, login: Authentication | None) -> None:
        super().__init__(here.archive, _NoNames(), here.login, caller)
        self._told = login

    def identified(
        self, name: str, token: str | None, service: str, known_at: datetime | None = None
    ) -> tuple[str, Authentication | None]:
        """The person, and the login that was told; a token that stands in the evaluation is not looked at."""
        return (self._person(name, "", known_at) if name.startswith(BY_NUMBER) else name), self._told


def _asked(text: bytes, here: House, login: Authentication | None) -> Asked:
    """The question, read as at the door, but of no client. Raises InvalidInput."""
    now = here.clock.now()
    nobody = Caller(client_id="", jti="", scopes=frozenset(), service="", expires_at=now)
    try:
        body = loads(text)
        if not isinstance(body, dict):
            raise InvalidInput("wrong_type", "An evaluation is a JSON object.")
        return Questions(nobody, _ToldPersons(here, nobody, login), here.library, now).read(evaluation_of(body))
    except MalformedJson as fault:
        raise InvalidInput("malformed_json", f"The evaluation cannot be read as JSON: {fault.detail}.") from None
    except Fault as fault:
        raise InvalidInput(fault.code, fault.message) from None


def _login(key: str | None, level: str | None, here: House) -> Authentication | None:
    if key is None or level is None:
        return None
    return Authentication("", LoginKey(key), Assurance.parse(level), here.clock.now(), "explain", "explain")
