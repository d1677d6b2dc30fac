"""Operations: what one route takes, gives and asks of its caller, checked when it is declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Required, TypedDict, get_type_hints

from pydantic import TypeAdapter
from werkzeug.routing import Map, Rule

from iam.web.inputs import Reader
from iam.web.markers import Marker, Public
from iam.web.models import Input, Output, places_of, unbounded

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Declared(TypedDict, total=False):
    """What is said of an operation where it is declared; all but the first two may be left out."""

    summary: Required[str]
    answers: Required[Mapping[int, type[Output] | None]]
    """The model of each successful status; None for an answer without body."""
    body: type[Input] | None
    query: type[Input] | None
    fields: Mapping[str, str]
    """By the name that a refusal of the domain gives to an input, the place in the body at which it was sent."""
    refusals: tuple[int, ...]
    """Statuses with which it may refuse, besides those that follow from the rest."""
    security: tuple[str, ...]
    """Security schemes of the document of which a caller needs one, where they differ from the group's."""
    idempotent: bool
    """Honours `Idempotency-Key`."""
    versioned: bool
    """Gives an `ETag`; a write needs `If-Match`, and its view takes the number as `version`."""
    max_body: int | None
    """In bytes, where the app's own limit does not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, ready to be served and described."""

    method: str
    path: str
    tag: str
    name: str
    description: str
    marker: Marker
    security: tuple[str, ...]
    declared: Declared
    path_types: Mapping[str, Any]
    path_readers: Mapping[str, Reader]
    query_reader: Reader | None

    @property
    def answers(self) -> Mapping[int, type[Output] | None]:
        """The model of each successful status."""
        return self.declared["answers"]

    @property
    def body(self) -> type[Input] | None:
        """The model of the body; None where it takes none."""
        return self.declared.get("body")

    @property
    def query(self) -> type[Input] | None:
        """The model of the query; None where it takes none."""
        return self.declared.get("query")

    @property
    def fields(self) -> Mapping[str, str]:
        """By the domain's name of an input, the place in the body, where the two differ."""
        return self.declared.get("fields", {})

    @property
    def idempotent(self) -> bool:
        """Whether it honours an idempotency key."""
        return self.declared.get("idempotent", False)

    @property
    def versioned(self) -> bool:
        """Whether it gives entity tags."""
        return self.declared.get("versioned", False)

    @property
    def needs_version(self) -> bool:
        """Whether a request must say on which version it rests."""
        return self.versioned and self.method in WRITES

    @property
    def public(self) -> bool:
        """Whether anybody may call it."""
        return isinstance(self.marker, Public)


def declare(
    method: str,
    path: str,
    view: Callable[..., Any],
    declared: Declared,
    *,
    marker: Marker,
    tag: str,
    security: tuple[str, ...],
) -> Operation:
    """Make an operation of what was declared.

    Raises ValueError for a declaration that does not hold together, or that takes inputs of unbounded size.
    """
    query = declared.get("query")
    path_types = _path_types(view, path)
    operation = Operation(
        method=method,
        path=path,
        tag=tag,
        name=view.__name__,
        description=inspect.getdoc(view) or "",
        marker=marker,
        security=() if isinstance(marker, Public) else declared.get("security", security),
        declared=declared,
        path_types=path_types,
        path_readers={name: Reader.of(kind) for name, kind in path_types.items()},
        query_reader=Reader.of(query) if query else None,
    )
    faults = [*_faults(operation), *_signature_faults(operation, view), *_open_inputs(operation)]
    if faults:
        raise ValueError(f"{method} {path}: {'; '.join(faults)}")
    return operation


def _path_types(view: Callable[..., Any], path: str) -> dict[str, Any]:
    """The type into which each parameter of the path is read: what the view's annotation says."""
    hints = get_type_hints(view, include_extras=True)
    rule = Rule(path)
    rule.bind(Map())
    return {name: hints.get(name, str) for name in sorted(rule.arguments)}


def _faults(operation: Operation) -> list[str]:
    faults = []
    if not operation.answers or not all(200 <= status < 300 for status in operation.answers):
        faults.append("answers are successful, and one at least")
    if operation.body and operation.method not in _WITH_BODY:
        faults.append("this method takes no body")
    if operation.idempotent and operation.method not in WRITES:
        faults.append("reading is idempotent by itself")
    taken = places_of(operation.body) if operation.body else frozenset()
    faults += [f"the body takes nothing at {place}" for place in operation.fields.values() if place not in taken]
    return faults


def _signature_faults(operation: Operation, view: Callable[..., Any]) -> list[str]:
    expected = {*operation.path_types}
    expected |= set() if operation.public else {"caller"}
    expected |= {"body"} if operation.body else set()
    expected |= {"query"} if operation.query else set()
    expected |= {"version"} if operation.needs_version else set()
    found = set(inspect.signature(view).parameters)
    return [] if found == expected else [f"the view takes {sorted(found)}, but should take {sorted(expected)}"]


def _open_inputs(operation: Operation) -> list[str]:
    inputs = {"body": operation.body, "query": operation.query, **operation.path_types}
    return [
        f"{name}{place}"
        for name, kind in inputs.items()
        if kind is not None
        for place in unbounded(TypeAdapter(kind).json_schema())
    ]
