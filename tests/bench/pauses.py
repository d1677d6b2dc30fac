"""Pauses: how long requests for tokens take while very many expired artefacts are cleaned, and while none are."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import Any

from rich.table import Table

from tests.bench import grant_figures
from tests.bench.databases import Database
from tests.bench.grant_country import read_people
from tests.bench.grant_requests import Requests
from tests.bench.grant_stands import opened, served
from tests.bench.over_http import Written
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, WrongAnswers

ROW = "token while expired artefacts are cleaned"
KINDS_OF_GRANT = 4
"""Of a grant that ended there expire itself, its code, its refresh token and its access token."""
ENDED = timedelta(days=40)
"""How long ago the grants that are cleaned were given: they ended, and their time of grace is over."""
AT_ONCE = 40
"""Requests that are written before they are sent, one after the other: their proofs are good for a minute."""
LONGEST = 0.25
"""Seconds that no request may wait longer for cleaning than the slowest waits without."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds that each request took, and what was cleaned meanwhile."""

    alone: Sequence[float]
    cleaning: Sequence[float]
    swept: int
    seconds: float
    """How long the cleaning took."""

    @property
    def longest(self) -> float:
        """How much longer the slowest request took while there was cleaning."""
        return max(0.0, max(self.cleaning) - max(self.alone))

    @property
    def met(self) -> bool:
        """Whether nobody noticed."""
        return self.longest <= LONGEST


def rank(seconds: Sequence[float], share: float) -> float:
    """A quantile, by the nearest rank."""
    return sorted(seconds)[math.ceil(share * len(seconds)) - 1]


def largest(databases: Sequence[Database]) -> list[Database]:
    """Of each engine the database with the most grants."""
    most = max((one.size for one in databases), default=0)
    return [one for one in databases if one.size == most]


def pauses_of(ground: Ground, database: Database) -> dict[Key, Pauses]:
    """Measure one database. Raises WrongAnswers."""
    count = ground.options.expired
    _expire(ground, database, count)
    requests, _ = served(ground, database)
    sweeper = ground.child("sweeping", **database.settings())
    _sent(requests)
    alone = [one for _ in range(25) for one in _sent(requests)]
    told: dict[str, Any] = {}
    cleaning: list[float] = []
    thread = Thread(target=lambda: told.update(sweeper.ask("sweep")))
    thread.start()
    while thread.is_alive():
        cleaning += _sent(requests, thread)
    if told["swept"] < count * KINDS_OF_GRANT:
        raise WrongAnswers(f"only {told['swept']} of {count * KINDS_OF_GRANT} artefacts were cleaned")
    return {Key(ROW, database.engine, database.size): Pauses(alone, cleaning, told["swept"], told["seconds"])}


def _expire(ground: Ground, database: Database, count: int) -> None:
    """Load so many grants with all that they gave, which have ended."""
    people, _ = read_people(database.folder)
    first = time.time_ns()
    archive = opened(ground, database)
    given = people.now - ENDED
    archive.bulk_load(record for number in range(first, first + count) for record in people.given(number, given))


def _sent(requests: Requests, until: Thread | None = None) -> list[float]:
    """Seconds that each of some requests takes; only those that were sent while a thread ran, where one is told."""
    written: Written = requests.writes()[grant_figures.BOUND](AT_ONCE)
    lines, seconds = requests.tokens.lines, []
    lines.renew()
    for one in written.requests:
        if until is not None and not until.is_alive():
            break
        began = time.perf_counter()
        (answer,) = lines.send([one])
        seconds.append(time.perf_counter() - began)
        if answer.status != 200:
            raise WrongAnswers(f"{ROW}: {answer.status} {answer.body[:300]!r}")
    return seconds


def table(found: Mapping[Key, Pauses]) -> Table:
    """The quantiles of each database."""
    shown = Table(title="Requests for tokens while expired artefacts are cleaned (milliseconds on the clock)")
    for name in ("on", "grants", "cleaning", "median", "99 %", "longest", "requests", "cleaned", "longer at most", ""):
        shown.add_column(name, justify="left" if name == "on" else "right")
    for key, one in found.items():
        for label, seconds in (("no", one.alone), ("yes", one.cleaning)):
            said = "met" if one.met else "[bold red]NOT MET[/bold red]"
            swept = f"{one.swept} in {one.seconds:.0f} s"
            ends = (
                (swept, f"{one.longest * 1000:.0f} of {LONGEST * 1000:.0f}", said) if label == "yes" else ("", "", "")
            )
            cells = [f"{value * 1000:.1f}" for value in (rank(seconds, 0.5), rank(seconds, 0.99), max(seconds))]
            shown.add_row(key.engine, str(key.size), label, *cells, str(len(seconds)), *ends)
    return shown


def as_json(found: Mapping[Key, Pauses]) -> list[dict[str, Any]]:
    """The same for a file."""
    return [
        {
            **key._asdict(),
            "alone": _told(one.alone),
            "cleaning": _told(one.cleaning),
            "swept": one.swept,
            "seconds": round(one.seconds, 1),
            "met": one.met,
        }
        for key, one in found.items()
    ]


def _told(seconds: Sequence[float]) -> dict[str, float]:
    quantiles = {"median": rank(seconds, 0.5), "p99": rank(seconds, 0.99), "longest": max(seconds)}
    return {name: round(value * 1000, 2) for name, value in quantiles.items()}
