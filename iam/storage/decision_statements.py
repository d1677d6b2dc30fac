"""Which arms a question needs, put together into one statement and kept by the shape of the question."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from iam.domain.authorization import Inquiry
from iam.domain.instants import FOREVER
from iam.domain.quarters import Quarter
from iam.storage import exhibits
from iam.storage.exhibits import Arm
from iam.storage.mapping import micros

Values = tuple[Any, ...]
"""The values of an inquiry in the order of `NAMES`, and after them its groups one by one."""

NAMES = (
    *("caller", "token", "now", "subject", "enterprise", "capacity", "service", "concerned", "at", "quarter"),
    *("known_at", "groups", "items"),
)
"""What arms may ask of an inquiry; `items` are the employers of a list."""


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
    activatable: bool


def form_of(inquiry: Inquiry) -> Form:
    """The form of the statement that an inquiry needs."""
    question = inquiry.question
    enterprise, concerned = question.enterprise, question.concerned
    other = concerned is not None and concerned != enterprise
    return Form(
        "" if enterprise is None else question.subject_kind,
        "other" if other else "" if concerned is None else "own",
        len(inquiry.groups) if other and enterprise is not None else 0,
        "quarter" in question.properties and isinstance(question.properties["quarter"], Quarter),
        0 if not inquiry.caller else 2 if inquiry.caller_token else 1,
        inquiry.known_at is not None,
        inquiry.activatable,
    )


def values_of(inquiry: Inquiry, items: object = None) -> Values:
    """The values of an inquiry; what is absent equals nothing."""
    question = inquiry.question
    quarter = question.properties.get("quarter")
    now = micros(inquiry.now)
    return (
        inquiry.caller,
        inquiry.caller_token,
        now,
        question.subject,
        question.enterprise or "",
        question.capacity.value if question.capacity else "",
        question.service,
        question.concerned or "",
        now if inquiry.at is inquiry.now else micros(inquiry.at),
        quarter.index if isinstance(quarter, Quarter) else 0,
        micros(inquiry.known_at) if inquiry.known_at else 0,
        list(inquiry.groups),
        items,
        *inquiry.groups,
    )


class Text(NamedTuple):
    """A statement, with what picks its values from those of an inquiry."""

    sql: str
    names: tuple[str, ...]
    """The names of its values, in order."""
    pick: Callable[[Values], Values]


def arms_about_subject(form: Form) -> list[Arm]:
    """Who asks; who acts, in which enterprise and capacity, and what it was granted."""
    caller: list[Arm] = [[], [exhibits.CALLER], [exhibits.CALLER_WITH_TOKEN]][form.caller]
    if not form.kind:
        return caller
    acting = [exhibits.SUBJECT[form.kind], exhibits.GRANT[form.kind], exhibits.ENTERPRISE, exhibits.CAPACITY]
    return [*caller, *acting]


def arms_about_concerned(form: Form) -> list[Arm]:
    """For whom: the employer concerned, and by which portfolio, mandate or delegation."""
    if not form.concerned:
        return []
    arms = [exhibits.CONCERNED, exhibits.CONCERNED_CAPACITY]
    if form.activatable:
        arms.append(exhibits.ACTIVATION)
    if form.kind and form.concerned == "other":
        arms.append(exhibits.PORTFOLIO[form.kind])
        if form.groups:
            arms.append(exhibits.MANDATE)
            if form.quarter:
                arms.append(exhibits.DELEGATION)
    return arms


class Speech:
    """How one engine wants its statements."""

    def __init__(self, mark: str, groups: Callable[[int], str], joined: str, least: str, items: str) -> None:
        """Take the mark of a value, the condition on groups, what joins texts, tells the least, and lists many."""
        self._mark = mark
        self._groups = groups
        self._joined = joined
        self._least = least
        self._items = items

    @lru_cache(maxsize=1024)  # noqa: B019 - the engines live as long as the process
    def situation(self, form: Form) -> Text:
        """A row for each exhibit: place of its proof, id, end, detail. The head comes as place -1."""
        head = f"SELECT -1, '', r.recorded_at, CAST(r.revision AS TEXT) {_head(form)}"
        arms = [*arms_about_subject(form), *arms_about_concerned(form)]
        rows = [f"SELECT {one.proof}, {one.key}, {one.until}, {one.detail} {one.found}" for one in arms]
        if form.historical:
            head = f"SELECT * FROM ({head}) known"  # noqa: S608 - its texts are our own
        return self._text("\nUNION ALL\n".join([head, *rows]), form, _PLACES)

    @lru_cache(maxsize=1024)  # noqa: B019
    def outline(self, form: Form) -> Text:
        """One row: the revision, its record time, and for each proof what is shown."""
        arms = [*arms_about_subject(form), *arms_about_concerned(form)]
        return self._text(self._outlined(form, arms), form, _WORDS)

    @lru_cache(maxsize=1024)  # noqa: B019
    def shared_outline(self, form: Form) -> Text:
        """As `outline`, of all but the employer concerned."""
        return self._text(self._outlined(form, arms_about_subject(form)), form, _WORDS)

    @lru_cache(maxsize=1024)  # noqa: B019
    def outlines(self, form: Form) -> Text:
        """A row for each employer of the list `items`: its place there, and for each proof what is shown."""
        columns = [self._shown(one).replace(":concerned", "q.concerned") for one in arms_about_concerned(form)]
        return self._text(f"{self._items}\nSELECT {', '.join(['q.n', *columns])} FROM q", form, _WORDS)

    def _outlined(self, form: Form, arms: list[Arm]) -> str:
        shown = [self._shown(one) for one in arms]
        if not form.historical:
            return f"SELECT {', '.join(['r.revision', 'r.recorded_at', *shown])} {exhibits.HEAD}"
        head = [f"(SELECT r.{column} {exhibits.HEAD_KNOWN_AT})" for column in ("revision", "recorded_at")]
        return f"SELECT {', '.join([*head, *shown])}"

    def _shown(self, arm: Arm) -> str:
        told = f"{arm.proof} || {arm.detail}"
        return f"\n(SELECT {told if arm.single else f'{self._joined}({told}, {_NEWLINE})'} {arm.found})"

    def _text(self, text: str, form: Form, proofs: dict[str, str]) -> Text:
        text = text.replace("IN :groups", self._groups(form.groups)).replace("LEAST(", f"{self._least}(")
        text = re.sub(r"~([a-z])", r"\1.valid_from <= :at AND \1.valid_until > :at", text)
        text = re.sub(r"@([a-z])", _KNOWN if form.historical else _CURRENT, text)
        text = re.sub(r"#([a-z_]+)", lambda found: proofs[found[1]], text)
        numbered = Numbered(self._mark)
        text = re.sub(r":([a-z_0-9]+)", numbered, text).replace("FOREVER", str(FOREVER))
        return Text(text, tuple(numbered.names), _picker(numbered.names))


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


def _picker(names: list[str]) -> Callable[[Values], Values]:
    """What takes the values with these names, in this order."""
    places = [NAMES.index(name) if name in NAMES else len(NAMES) + int(name.removeprefix("group_")) for name in names]
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[place] for place in places])


def _head(form: Form) -> str:
    return exhibits.HEAD_KNOWN_AT if form.historical else exhibits.HEAD


_NEWLINE = "'\n'"
_CURRENT = r"\1.superseded = FOREVER"
_KNOWN = r"\1.recorded <= REVISION AND \1.superseded > REVISION".replace("REVISION", exhibits.REVISION_KNOWN_AT)
_PLACES = {proof.value: str(place) for place, proof in enumerate(exhibits.PROOFS)}
_WORDS = {proof.value: f"'{proof.value} '" for proof in exhibits.PROOFS}

SQLITE = Speech(
    "?",
    lambda count: f"IN ({', '.join(f':group_{number}' for number in range(count))})",
    "group_concat",
    "min",
    "WITH q(n, concerned) AS MATERIALIZED (SELECT key, value FROM json_each(:items))",
)
POSTGRESQL = Speech(
    "$",
    lambda count: "= ANY(:groups)",
    "string_agg",
    "least",
    """WITH q(n, concerned) AS MATERIALIZED (
SELECT u.place - 1, u.concerned FROM unnest(CAST(:items AS text[])) WITH ORDINALITY AS u(concerned, place))""",
)
