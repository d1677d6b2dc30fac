"""The catalogue as its page says it, with the levels and keys that configuration overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from iam.domain.applications import (
    Action,
    ApplicationGroup,
    Cardinality,
    Catalogue,
    GroupLink,
    PropertyType,
    Service,
)
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.periods import Period
from policies.pages import BookRefused, Page, Table

CATALOGUE_PAGE = "catalogue.toml"
OVERRIDES_PAGE = "overrides.json"
LEVELS = {level.label: level for level in Assurance}
_KEYS = {one.value: one for one in LoginKey}
_CAPACITIES = {one.value: one for one in Capacity}
_PROPERTIES = {one.value: one for one in PropertyType}
_CARDINALITIES = {one.value: one for one in Cardinality}
_ALGORITHMS = {one: one for one in ("ES256", "RS256")}

Overrides = Mapping[str, object]
"""A table by service: `minimum`, `keys`, and under `actions` the same by action."""


def load_catalogue(text: str, overrides: Overrides | None = None) -> Catalogue:
    """Read a catalogue and apply what configuration overrides.

    Raises:
        BookRefused: with every misprint of the catalogue and of the overrides.
    """
    page = Page(CATALOGUE_PAGE, text)
    catalogue, errors = read_catalogue(page, overrides or {})
    if errors:
        raise BookRefused(errors)
    return catalogue


def read_catalogue(page: Page, overrides: Overrides) -> tuple[Catalogue, list[str]]:
    """The catalogue of a page, with every misprint found in it."""
    services = {code: _service(code, table) for code, table in page.root.table("services").tables()}
    groups = {code: _group(code, table) for code, table in page.root.table("groups").tables()}
    links = [link for table in page.root.list_of_tables("links") for link in _links(table, services, groups)]
    page.root.close()
    services, refused = _overridden(services, overrides)
    return Catalogue(services=services, groups=groups, links=tuple(links)), [*page.errors, *refused]


def _service(code: str, table: Table) -> Service:
    asked = table.table("properties")
    service = Service(
        code=code,
        domain=table.text("domain"),
        minimum=table.one_of("minimum", LEVELS),
        keys=table.some_of("keys", _KEYS),
        open_to=table.some_of("open_to", _CAPACITIES),
        actions={name: _action(name, act) for name, act in table.table("actions").tables()},
        properties={name: asked.one_of(name, _PROPERTIES) for name in asked.fields()},
        follows=table.flag("follows", otherwise=False),
        signing_algorithm=table.one_of("signing_algorithm", _ALGORITHMS) if table.has("signing_algorithm") else "ES256",
        labels=table.labels("labels"),
    )
    table.close()
    return service


def _action(name: str, table: Table) -> Action:
    action = Action(
        name=name,
        scope=table.text("scope"),
        client=table.flag("client"),
        minimum=table.one_of("minimum", LEVELS) if table.has("minimum") else None,
        keys=table.some_of("keys", _KEYS) if table.has("keys") else None,
        labels=table.labels("labels"),
    )
    table.close()
    return action


def _group(code: str, table: Table) -> ApplicationGroup:
    limited = table.table("mandataries_for") if table.has("mandataries_for") else None
    group = ApplicationGroup(
        code=code,
        cardinality=table.one_of("cardinality", _CARDINALITIES),
        mandators=table.some_of("mandators", _CAPACITIES),
        mandataries=table.some_of("mandataries", _CAPACITIES),
        mandataries_for=dict(_served(limited)) if limited else {},
        labels=table.labels("labels"),
    )
    table.close()
    return group


def _served(table: Table) -> Iterator[tuple[Capacity, frozenset[Capacity]]]:
    for name in table.fields():
        if name in _CAPACITIES:
            yield _CAPACITIES[name], table.some_of(name, _CAPACITIES)
    table.close()


def _links(table: Table, services: Mapping[str, object], groups: Mapping[str, object]) -> Iterator[GroupLink]:
    group = table.one_of("group", {code: code for code in groups} or {"": ""})
    linked = table.some_of("services", {code: code for code in services} or {"": ""})
    since, until = table.day("since"), table.day("until") if table.has("until") else None
    table.flag("unconfirmed", otherwise=False)
    table.close()
    try:
        valid = Period.of_days(since, until)
    except InvalidInput:
        table.note("until", "the link ends before it starts")
        return
    for service in sorted(linked):
        yield GroupLink(service=service, group=group, valid=valid)


def _overridden(services: dict[str, Service], overrides: Overrides) -> tuple[dict[str, Service], list[str]]:
    """The services with other minimum levels and login keys where configuration says so."""
    page = Page(OVERRIDES_PAGE, "")
    changed = dict(services)
    for code, table in Table(page, (), overrides).tables():
        if code not in services:
            page.note((code,), f"{code}: there is no such service to override")
            continue
        changed[code] = _service_overridden(services[code], table)
    return changed, page.errors


def _service_overridden(service: Service, table: Table) -> Service:
    actions = dict(service.actions)
    for name, act in table.table("actions").tables() if table.has("actions") else ():
        if name not in actions:
            table.note("actions", f"there is no action '{name}' to override")
            continue
        minimum = act.one_of("minimum", LEVELS) if act.has("minimum") else actions[name].minimum
        keys = act.some_of("keys", _KEYS) if act.has("keys") else actions[name].keys
        actions[name] = replace(actions[name], minimum=minimum, keys=keys)
        act.close()
    minimum_of_all = table.one_of("minimum", LEVELS) if table.has("minimum") else service.minimum
    keys_of_all = table.some_of("keys", _KEYS) if table.has("keys") else service.keys
    table.close()
    return replace(service, minimum=minimum_of_all, keys=keys_of_all, actions=actions)
