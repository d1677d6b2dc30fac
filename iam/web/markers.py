"""Markers: what each route requires of its caller, or why it is public, and the one place where that is enforced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import Flask, Request, current_app, g, request

_ATTRIBUTE: Final = "__procura_marker__"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Requires:
    """The caller must meet ``requirement``, which means to the guard what it says."""

    requirement: object


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may call; ``reason`` says why that is right."""

    reason: str


Marker = Requires | Public

Guard = Callable[[object, Request], object]
"""Judges a requirement on a request and returns the caller; raises ProblemAnswer or a Refusal otherwise."""


def requires(requirement: object) -> Callable[[View], View]:
    """Mark a view: only callers who meet ``requirement`` reach it."""
    return lambda view: mark(view, Requires(requirement))


def public(reason: str) -> Callable[[View], View]:
    """Mark a view: everybody reaches it, for this ``reason``. Raises ValueError without one."""
    if not reason.strip():
        raise ValueError("say why this route is public")
    return lambda view: mark(view, Public(reason))


def marker_of(view: object) -> Marker | None:
    """The marker of a view, or None."""
    marker = getattr(view, _ATTRIBUTE, None)
    return marker if isinstance(marker, (Requires, Public)) else None


def the_marker_of(view: Callable[..., Any]) -> Marker:
    """The marker of a view. Raises ValueError where it has none."""
    marker = marker_of(view)
    if marker is None:
        raise ValueError(f"{view.__qualname__} needs @requires(…) or @public(…) below its declaration")
    return marker


def mark(view: View, marker: Marker) -> View:
    """Give a view its marker. Raises ValueError where it has one."""
    if marker_of(view) is not None:
        raise ValueError(f"{view.__qualname__} carries two markers")
    setattr(view, _ATTRIBUTE, marker)
    return view


def install(app: Flask, guard: Guard) -> None:
    """Ask ``guard`` before every view, whichever door registered it, and keep the caller for :func:`caller`.

    A route without a marker answers nobody: that is a failure of ours, 500.
    """

    def enforce() -> None:
        if request.endpoint is None:
            return  # no such route: 404 or 405 follows
        marker = marker_of(current_app.view_functions[request.endpoint])
        if marker is None:
            raise UnmarkedRoute(request.endpoint)
        g.caller = guard(marker.requirement, request) if isinstance(marker, Requires) else None

    app.before_request(enforce)


def caller() -> object:
    """Who calls, as the guard found; None on a public route."""
    return g.caller


def routes(app: Flask) -> list[tuple[str, str, Marker | None]]:
    """Every method and path with its marker, in order: for the test that keeps the list."""
    return sorted(
        (
            (method, rule.rule, marker_of(app.view_functions[rule.endpoint]))
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or ())
        ),
        key=lambda route: (route[1], route[0]),
    )


class UnmarkedRoute(Exception):
    """A route that says neither what it requires nor why it is public."""
