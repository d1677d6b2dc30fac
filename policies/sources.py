"""Where each rule comes from, from when to when it applies, and why a prohibition refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policies.pages import Page, Table

SOURCES_PAGE = "sources.toml"
REASONS_PAGE = "reasons.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What stands beside a rule: its sentence, its guideline or article, its dates, and a prohibition's reason code."""

    sentence: str
    source: str
    since: date
    until: date | None
    """The last day on which the rule applies; None = it stands."""
    unconfirmed: bool
    reason: str | None

    def in_force(self, on: date) -> bool:
        """Whether the rule applies on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


def read_sources(page: Page) -> dict[str, Source]:
    """The sources by rule id; misprints are noted on the page."""
    return {rule: _source(table) for rule, table in page.root.tables()}


def _source(table: Table) -> Source:
    source = Source(
        sentence=table.text("sentence"),
        source=table.text("source"),
        since=table.day("since"),
        until=table.day("until") if table.has("until") else None,
        unconfirmed=table.flag("unconfirmed", otherwise=False),
        reason=table.text("reason") if table.has("reason") else None,
    )
    table.close()
    if source.until is not None and source.until < source.since:
        table.note("until", "the rule ends before it starts")
    return source


def read_reasons(page: Page) -> dict[str, Mapping[str, str]]:
    """The sentence for each reason code by language; misprints are noted on the page."""
    return {code: table.languages() for code, table in page.root.tables()}
