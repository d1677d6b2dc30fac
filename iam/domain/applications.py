"""The catalogue's vocabulary: declaration services, their actions, and the application groups that mandates name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.instants import as_utc
from iam.domain.periods import Period

Labels = Mapping[str, str]
"""Texts by language code: nl, fr, de, en."""

ACTIVATE = "activate"
"""The action by which a service is switched on for an enterprise."""


class Cardinality(StrEnum):
    """How many mandataries a mandator may have for one application group in one quarter."""

    ONE = "one"
    SEVERAL = "several"


class PropertyType(StrEnum):
    """The type of a resource property: data that only the service knows and sends (see `iam.domain.relations`)."""

    ENTERPRISE = "enterprise"
    ENTERPRISE_OR_PERSON = "enterprise_or_person"
    ENTERPRISES = "enterprises"
    DAYS = "days"
    DAYS_LIST = "days_list"
    SERVICE = "service"
    DATE = "date"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One act of a service, its OAuth scope, and whether software may do it without a person.

    `minimum` and `keys` are stated where an act asks another login than the rest of its service (None: as the service).
    """

    name: str
    scope: str
    client: bool
    minimum: Assurance | None = None
    keys: frozenset[LoginKey] | None = None
    labels: Labels = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A declaration service as the catalogue describes it."""

    code: str
    domain: str
    minimum: Assurance
    keys: frozenset[LoginKey]
    """The login keys that are admitted; empty means any key that reaches the minimum."""
    open_to: frozenset[Capacity]
    """Capacities that the employer concerned must hold one of; empty means no such condition."""
    actions: Mapping[str, Action]
    properties: Mapping[str, PropertyType] = field(default_factory=dict)
    """Resource properties that the service may send; nothing else contributes to a decision."""
    follows: bool = False
    """Whether mandates and entitlement are those of the service named in the property `service` (FollowIt)."""
    signing_algorithm: str = "ES256"
    labels: Labels = field(default_factory=dict, compare=False)

    def minimum_for(self, action: Action) -> Assurance:
        """The assurance that an act of this service asks."""
        return self.minimum if action.minimum is None else action.minimum

    def keys_for(self, action: Action) -> frozenset[LoginKey]:
        """The login keys admitted for an act of this service; empty means any key that reaches the minimum."""
        return self.keys if action.keys is None else action.keys

    @property
    def activatable(self) -> bool:
        """Whether a legal representative switches the service on for the enterprise, as the e-Box."""
        return ACTIVATE in self.actions

    def admits(self, key: LoginKey, action: Action) -> bool:
        """Whether this login key may be used for an act of this service."""
        keys = self.keys_for(action)
        return not keys or key in keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationGroup:
    """What a mandate's object is made of: services that are given together."""

    code: str
    cardinality: Cardinality
    mandators: frozenset[Capacity]
    """Capacities that a mandator must hold one of for the group to be awake."""
    mandataries: frozenset[Capacity]
    """Capacities in which a mandatary may be given the group."""
    mandataries_for: Mapping[Capacity, frozenset[Capacity]] = field(default_factory=dict)
    """Mandatary capacities that serve certain mandators only, with those; a capacity not named serves all."""
    labels: Labels = field(default_factory=dict, compare=False)

    def open_between(self, mandator: Collection[Capacity], mandatary: Capacity) -> bool:
        """Whether a mandator with these capacities may give the group to a mandatary in this one."""
        served = self.mandataries_for.get(mandatary, self.mandators)
        return mandatary in self.mandataries and not (self.mandators & served).isdisjoint(mandator)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLink:
    """A service belongs to an application group for a period: groups are re-composed over time."""

    service: str
    group: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All services and groups, as one loaded and dated text."""

    services: Mapping[str, Service]
    groups: Mapping[str, ApplicationGroup]
    links: tuple[GroupLink, ...]
    _by_scope: Mapping[str, tuple[Service, Action]] = field(init=False, repr=False, compare=False)
    _by_service: Mapping[str, _Composition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        every = ((service, action) for service in self.services.values() for action in service.actions.values())
        object.__setattr__(self, "_by_scope", {action.scope: (service, action) for service, action in every})
        linked = {link.service for link in self.links}
        object.__setattr__(self, "_by_service", {code: _composition(code, self.links) for code in linked})

    def groups_of(self, service: str, at: datetime) -> tuple[str, ...]:
        """Codes of the groups that contain the service at this instant, in catalogue order."""
        composition = self._by_service.get(service)
        return () if composition is None else composition.groups[bisect_right(composition.edges, as_utc(at))]

    def grouped_until(self, service: str, at: datetime) -> datetime | None:
        """The earliest end of the links by which groups contain the service at this instant; None = all are open."""
        ends = (link.valid.end for link in self.links if link.service == service and link.valid.contains(at))
        return min((end for end in ends if end is not None), default=None)

    def service_of_scope(self, scope: str) -> tuple[Service, Action] | None:
        """The one service and action that an OAuth scope stands for, or None."""
        return self._by_scope.get(scope)


class _Composition(NamedTuple):
    """The groups of one service: `groups[n]` from the instant `edges[n - 1]` on."""

    edges: Sequence[datetime]
    groups: Sequence[tuple[str, ...]]


def _composition(service: str, links: Sequence[GroupLink]) -> _Composition:
    own = [link for link in links if link.service == service]
    ends = {link.valid.end for link in own if link.valid.end is not None}
    edges = sorted(ends | {link.valid.start for link in own})
    composed = [tuple(link.group for link in own if link.valid.contains(edge)) for edge in edges]
    return _Composition(edges, [(), *composed])
