"""Key choices: the ways to log in that are switched on, and of each whether it is enough for what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flask import current_app
from werkzeug.exceptions import HTTPException

from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider
from iam.web.hall import Wanted
from iam.web.pages import origin_of

_NO_ADDRESSES: Final = frozenset({"claims", "requested_claims"})
"""Settings that hold names of claims, which look like addresses and lead nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a login by one provider begins, and how the browser goes there."""

    address: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to log in, as the page offers it."""

    provider: LoginProvider
    label: str
    start: Start
    lacking: str
    """The reason code for which it is not enough here; empty when it is."""
    remembered: bool


def choices(providers: Iterable[LoginProvider], wanted: Wanted, remembered: str) -> list[Choice]:
    """Every way that is switched on and has a door: the remembered one first, else in the configuration's order."""
    found = [
        Choice(
            provider=one,
            label=one.labels.get(wanted.language, one.id),
            start=start,
            lacking=lacking(one, wanted),
            remembered=one.id == remembered,
        )
        for one in providers
        if one.enabled and (start := _start(one)) is not None
    ]
    return sorted(found, key=lambda one: not one.remembered)


def lacking(provider: LoginProvider, wanted: Wanted) -> str:
    """Why no login by this provider can be enough; empty when one may be.

    A federal login may be by any key: which one it was is only known when it answers.
    """
    if wanted.keys and provider.key not in wanted.keys and provider.key is not LoginKey.FAS:
        return "key_not_admitted"
    return "assurance_too_low" if provider.highest < wanted.minimum else ""


def addresses_in(provider: LoginProvider) -> list[str]:
    """The addresses of other origins that a provider's settings name: where a form that begins a login may lead."""
    found = []
    for text in _texts(provider.settings):
        try:
            origin_of(text)
        except ValueError:
            continue
        found.append(text)
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from () if name in _NO_ADDRESSES else _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _start(provider: LoginProvider) -> Start | None:
    """Where the door of a provider begins; None where no such door is open."""
    folder = f"/sign-in/{provider.kind.value.replace('_', '-')}/{provider.id}"
    for method, address in (("POST", f"{folder}/start"), ("GET", f"{folder}/"), ("GET", folder)):
        try:
            current_app.url_map.bind("localhost").match(address, method=method)
        except HTTPException:
            continue
        return Start(address=address, method=method)
    return None
