"""Which arms a question needs, put together into one statement and kept by the shape of the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from iam.domain.authorization import Inquiry
from iam.domain.instants import FOREVER
from iam.domain.quarters import Quarter
from iam.storage import exhibits
from iam.storage.mapping import micros

_RANKS = {proof.value: str(place) for place, proof in enumerate(exhibits.PROOFS)}

Text = tuple[str, tuple[str, ...]]
"""A statement, and the names of its values in order."""


class Form(NamedTuple):
    """What decides which arms a statement has."""

    kind: str
    """`person` or `client`; empty when the subject acts for no enterprise."""
    concerned: str
    """`own`, `other` or empty."""
    groups: int
    quarter: bool
    caller: int
    """0: none is named; 1: named; 2: named, with its token."""
    historical: bool


def form_of(inquiry: Inquiry) -> Form:
    """The form of the statement that an inquiry needs."""
    question = inquiry.question
    acting = question.enterprise is not None
    concerned = "" if question.concerned is None else "own" if question.concerned == question.enterprise else "other"
    return Form(
        question.subject_kind.value if acting else "",
        concerned,
        len(inquiry.groups) if acting and concerned == "other" else 0,
        isinstance(question.properties.get("quarter"), Quarter),
        0 if not inquiry.caller else 2 if inquiry.caller_token else 1,
        inquiry.known_at is not None,
    )


def values_of(inquiry: Inquiry) -> dict[str, Any]:
    """The values of an inquiry, by the names that the arms use; what is absent equals nothing."""
    question = inquiry.question
    quarter = question.properties.get("quarter")
    values: dict[str, Any] = {
        "caller": inquiry.caller,
        "token": inquiry.caller_token,
        "now": micros(inquiry.now),
        "subject": question.subject,
        "enterprise": question.enterprise or "",
        "capacity": question.capacity.value if question.capacity else "",
        "service": question.service,
        "concerned": question.concerned or "",
        "at": micros(inquiry.at),
        "quarter": quarter.index if isinstance(quarter, Quarter) else 0,
        "known_at": micros(inquiry.known_at) if inquiry.known_at else 0,
        "groups": list(inquiry.groups),
    }
    for number, group in enumerate(inquiry.groups):
        values[f"group_{number}"] = group
    return values


def arms_about_subject(form: Form) -> list[str]:
    """At which revision; who asks; who acts, in which enterprise and capacity, and what it was granted."""
    head = exhibits.HEAD_KNOWN_AT if form.historical else exhibits.HEAD
    caller: list[str] = [[], [exhibits.CALLER], [exhibits.CALLER_WITH_TOKEN]][form.caller]
    if not form.kind:
        return [head, *caller]
    acting = [exhibits.SUBJECT[form.kind], exhibits.GRANT[form.kind], exhibits.ENTERPRISE, exhibits.CAPACITY]
    return [head, *caller, *acting]


def arms_about_concerned(form: Form) -> list[str]:
    """For whom: the employer concerned, and by which portfolio, mandate or delegation."""
    if not form.concerned:
        return []
    arms = [exhibits.CONCERNED, exhibits.CONCERNED_CAPACITY, exhibits.ACTIVATION]
    if form.kind and form.concerned == "other":
        arms.append(exhibits.PORTFOLIO[form.kind])
        if form.groups:
            arms.append(exhibits.MANDATE)
            if form.quarter:
                arms.append(exhibits.DELEGATION)
    return arms


class Numbered:
    """Writes values as numbered marks, in the order of their first mention."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.names: list[str] = []

    def __call__(self, found: re.Match[str]) -> str:
        """The mark of a value."""
        name = found[1]
        if name not in self.names:
            self.names.append(name)
        return f"{self._mark}{self.names.index(name) + 1}"


class Speech:
    """How one engine wants its statements: the mark of a value, the condition on groups, the list of many employers."""

    def __init__(self, mark: str, groups: Callable[[int], str], many: str) -> None:
        self._mark = mark
        self._groups = groups
        self._many = many

    @lru_cache(maxsize=1024)  # noqa: B019 - the engines live as long as the process
    def one(self, form: Form) -> Text:
        """The statement of a whole question."""
        return self._write([*arms_about_subject(form), *arms_about_concerned(form)], form, listed=False)

    @lru_cache(maxsize=1024)  # noqa: B019
    def subject(self, form: Form) -> Text:
        """The statement of all but the employer concerned."""
        return self._write(arms_about_subject(form), form, listed=False)

    @lru_cache(maxsize=1024)  # noqa: B019
    def many_concerned(self, form: Form) -> Text:
        """The statement of a list of employers concerned; rows begin with the place in the list `items`."""
        return self._write(arms_about_concerned(form), form, listed=True)

    def _write(self, arms: Sequence[str], form: Form, *, listed: bool) -> Text:
        text = "\nUNION ALL\n".join(arms).replace("IN :groups", self._groups(form.groups))
        if listed:
            text = "\n".join((self._many, text.replace(":concerned", "q.concerned")))
        text = re.sub(r"\[([^]]+)\]", r"\1" if listed else "", text)
        text = re.sub(r"~([a-z])", r"\1.valid_from <= :at AND \1.valid_until > :at", text)
        text = re.sub(r"@([a-z])", _KNOWN if form.historical else _CURRENT, text)
        text = re.sub(r"#([a-z_]+)", lambda found: _RANKS[found[1]], text)
        numbered = Numbered(self._mark)
        text = re.sub(r":([a-z_0-9]+)", numbered, text).replace("FOREVER", str(FOREVER))
        return text, tuple(numbered.names)


_CURRENT = r"\1.superseded = FOREVER"
_KNOWN = r"\1.recorded <= REVISION AND \1.superseded > REVISION".replace("REVISION", exhibits.REVISION_KNOWN_AT)

SQLITE = Speech(
    "?",
    lambda count: f"IN ({', '.join(f':group_{number}' for number in range(count))})",
    "WITH q(n, concerned) AS MATERIALIZED (SELECT key, value FROM json_each(:items))",
)
POSTGRESQL = Speech(
    "$",
    lambda count: "= ANY(:groups)",
    """WITH q(n, concerned) AS MATERIALIZED (
SELECT u.place - 1, u.concerned FROM unnest(CAST(:items AS text[])) WITH ORDINALITY AS u(concerned, place))""",
)
