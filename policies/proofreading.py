"""The proof-reader: reads all pages of a book together and lists everything that is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from iam.domain.applications import Catalogue, GroupLink, Service
from iam.domain.facts import Fact
from iam.domain.reasons import REASONS
from policies.catalogue import CATALOGUE_PAGE, OVERRIDES_PAGE, Overrides, read_catalogue
from policies.constitution import boundless, breaches
from policies.model import MODEL_PAGE, misprints
from policies.pages import BookRefused, Page
from policies.rules import EVERY, Rule, read_chapter
from policies.sources import REASONS_PAGE, SOURCES_PAGE, Source, read_reasons, read_sources

CHAPTER = re.compile(r"chapters/[a-z0-9_]+\.csv")
REQUIRED = frozenset({MODEL_PAGE, CATALOGUE_PAGE, SOURCES_PAGE, REASONS_PAGE})
_SCOPE = re.compile(r"scope:([a-z0-9_.]+):[a-z0-9_]+:([a-z0-9_]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A book that was read: what the engine judges by."""

    model: str
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    sources: Mapping[str, Source]
    reasons: Mapping[str, Mapping[str, str]]


def read_edition(texts: Mapping[str, str], *, of_record: bool = False) -> Edition:
    """Read and proof-read the texts of a book.

    A book of record was proof-read when it came into use: it is read again as it stands, for what it says of its
    time, and refused only where it cannot be read.

    Raises:
        BookRefused: with every misprint.
    """
    pages = {name: Page(name, texts.get(name, "")) for name in (CATALOGUE_PAGE, SOURCES_PAGE, REASONS_PAGE)}
    overrides, errors = _overrides(texts.get(OVERRIDES_PAGE, "{}"))
    chapters = [read_chapter(name, text) for name, text in sorted(texts.items()) if CHAPTER.fullmatch(name)]
    catalogue, misread = read_catalogue(pages[CATALOGUE_PAGE], overrides)
    edition = Edition(
        model=texts.get(MODEL_PAGE, ""),
        catalogue=catalogue,
        rules=tuple(chain.from_iterable(rules for rules, _ in chapters)),
        sources=read_sources(pages[SOURCES_PAGE]),
        reasons=read_reasons(pages[REASONS_PAGE]),
    )
    errors += [*_wrong_files(texts), *misprints(edition.model), *misread]
    errors += chain.from_iterable(found for _, found in chapters)
    errors += [*pages[SOURCES_PAGE].errors, *pages[REASONS_PAGE].errors, *_twice(edition.rules)]
    if not errors and not of_record:
        errors += proofread(edition, pages)
    if errors:
        raise BookRefused(errors)
    return edition


def _overrides(text: str) -> tuple[Overrides, list[str]]:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if isinstance(read, dict) and all(isinstance(one, dict) for one in read.values()):
        return read, []
    return {}, [f"{OVERRIDES_PAGE}:1: a table for each service is expected"]


def _wrong_files(texts: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(REQUIRED - texts.keys()):
        yield f"{name}:1: is missing"
    for name in sorted(texts.keys() - REQUIRED - {OVERRIDES_PAGE}):
        if not CHAPTER.fullmatch(name):
            yield f"{name}:1: is no page of a book; a chapter is called chapters/<name>.csv"


def _twice(rules: Iterable[Rule]) -> Iterator[str]:
    first: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in first:
            yield f"{rule.place}: the id '{rule.id}' stands already at {first[rule.id].place}"
        first.setdefault(rule.id, rule)


def proofread(edition: Edition, pages: Mapping[str, Page]) -> list[str]:
    """Everything that is wrong between the pages: each can be read, but together they make no book."""
    catalogue = pages[CATALOGUE_PAGE]
    return [
        *_incomplete(edition),
        *chain.from_iterable(_misapplied(rule, edition) for rule in edition.rules),
        *_unsourced(edition, pages[SOURCES_PAGE]),
        *_speechless(edition, pages[REASONS_PAGE]),
        *chain.from_iterable(_unlawful(service, edition, catalogue) for service in edition.catalogue.services.values()),
        *_scopes(edition.catalogue, catalogue),
        *_groups(edition.catalogue, catalogue),
    ]


def _incomplete(edition: Edition) -> Iterator[str]:
    if all(rule.forbids for rule in edition.rules):
        yield "chapters:1: a book without a permit is no law"
    if not any(rule.forbids for rule in edition.rules):
        yield "chapters:1: a book without a prohibition is no law"


def _misapplied(rule: Rule, edition: Edition) -> Iterator[str]:
    services = edition.catalogue.services
    for code in rule.services:
        if code != EVERY and code not in services:
            yield f"{rule.place}: {rule.id} speaks of the service '{code}', which the catalogue does not have"
    named = [service for code, service in services.items() if code in rule.services or EVERY in rule.services]
    if not rule.forbids:
        breached = chain(breaches(rule), boundless(rule, named))
        yield from (f"{rule.place}: {rule.id} {breach}" for breach in breached)
    if Fact.ACTIVATED in rule.facts:
        for service in named:
            if not service.activatable:
                yield f"{rule.place}: {rule.id} asks that '{service.code}' was activated, which nobody can do"
    for action in rule.actions:
        for service in named:
            if action not in (EVERY, *service.actions):
                yield f"{rule.place}: {rule.id} speaks of '{action}', which is no action of '{service.code}'"


def _unsourced(edition: Edition, page: Page) -> Iterator[str]:
    rules = {rule.id: rule for rule in edition.rules}
    for rule in edition.rules:
        if rule.id not in edition.sources:
            yield f"{rule.place}: {rule.id} has no source in {page.name}"
    for code, source in edition.sources.items():
        if code not in rules:
            yield f"{page.place((code,))}: no rule has the id '{code}'"
        elif rules[code].forbids and source.reason is None:
            yield f"{page.place((code,))}: the prohibition {code} says no reason"
        elif not rules[code].forbids and source.reason is not None:
            yield f"{page.place((code, 'reason'))}: {code} is a permit; only a prohibition has a reason"


def _speechless(edition: Edition, page: Page) -> Iterator[str]:
    given = REASONS | {source.reason for source in edition.sources.values() if source.reason}
    for code in sorted(given - edition.reasons.keys()):
        yield f"{page.name}:1: the reason '{code}' has no text"
    for code in edition.reasons:
        if code not in given:
            yield f"{page.place((code,))}: no rule and no decision gives the reason '{code}'"


def _unlawful(service: Service, edition: Edition, page: Page) -> Iterator[str]:
    """Actions that nobody may ever do, and levels configured below what a rule asks itself."""
    path = ("services", service.code, "actions")
    if not service.actions:
        yield f"{page.place(path[:2])}: the service '{service.code}' has no actions"
    for name, action in service.actions.items():
        permits = [rule for rule in edition.rules if not rule.forbids and rule.speaks_of(service.code, name)]
        if not permits:
            yield f"{page.place((*path, name))}: no rule permits '{name}' of '{service.code}'"
        for rule in permits:
            if rule.floor is not None and service.minimum_for(action) < rule.floor:
                asked = f"{service.code} {name} with {service.minimum_for(action).label}"
                yield f"{page.place((*path, name))}: {asked} lies below {rule.floor.label}, which {rule.id} asks"


def _scopes(catalogue: Catalogue, page: Page) -> Iterator[str]:
    every = [(service, action) for service in catalogue.services.values() for action in service.actions.values()]
    first: dict[str, str] = {}
    for service, action in every:
        place = page.place(("services", service.code, "actions", action.name))
        written = _SCOPE.fullmatch(action.scope)
        if written is None or written.groups() != (service.code, action.name):
            yield f"{place}: the scope is written scope:{service.code}:<object>:{action.name}"
        if first.setdefault(action.scope, place) != place:
            yield f"{place}: the scope '{action.scope}' stands already at {first[action.scope]}"


def _groups(catalogue: Catalogue, page: Page) -> Iterator[str]:
    for code, group in catalogue.groups.items():
        place = page.place(("groups", code))
        if not any(link.group == code for link in catalogue.links):
            yield f"{place}: the group '{code}' gives no service"
        if not group.mandators or not group.mandataries:
            yield f"{place}: the group '{code}' has no mandators or no mandataries"
        for capacity, served in group.mandataries_for.items():
            if capacity not in group.mandataries or not served <= group.mandators:
                yield f"{place}: mandataries_for of '{code}' names who is no mandatary or mandator of it"
    for number, link in enumerate(catalogue.links):
        if any(_overlapping(link, other) for other in catalogue.links[:number]):
            yield f"{page.place(('links',))}: '{link.service}' is linked twice to '{link.group}' at one time"


def _overlapping(one: GroupLink, other: GroupLink) -> bool:
    return (one.service, one.group) == (other.service, other.group) and one.valid.overlaps(other.valid)
