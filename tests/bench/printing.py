"""The table of figures and that of the bars, and the same as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.cpu import Spent
from tests.bench.figures import FLOOR_KEY, Range, Verdict, cost, ratio
from tests.bench.stands import Key

MICROSECONDS = 1_000_000
Series = Mapping[Key, Sequence[Spent]]


def show(console: Console, series: Series, absent: Mapping[Key, str], verdicts: Sequence[Verdict]) -> None:
    """Print both tables."""
    console.print(_figures(series, absent))
    console.print(_bars(verdicts))


def _figures(series: Series, absent: Mapping[Key, str]) -> Table:
    table = Table(title="CPU for one, user and system, of every process that takes part (microseconds)")
    for name, justify in (("what", "left"), ("on", "left"), ("mandates, grants", "right"), ("median", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in ("least", "most", "database", "on the clock", "x floor", "rounds", "of"):
        table.add_column(name, justify="right")
    for key in sorted({*series, *absent}, key=lambda one: (_place(one, series, absent), one.engine, one.size)):
        table.add_row(*(_row(key, series) if key in series else _absent(key, absent[key])))
    return table


def _place(key: Key, series: Series, absent: Mapping[Key, str]) -> int:
    """Rows of one kind stand together, in the order in which they were first measured."""
    return [one.row for one in [*series, *absent]].index(key.row)


def _row(key: Key, series: Series) -> list[str]:
    spent = series[key]
    range_ = cost(spent)
    wall = Range.of([one.wall / one.count for one in spent])
    to_floor = f"{ratio(spent, series[FLOOR_KEY]).middle:.3g}" if FLOOR_KEY in series else ""
    cells = [_micros(one) for one in (range_.middle, range_.least, range_.most)]
    database = Range.of([one.database / one.count for one in spent]).middle
    cells += [_micros(database) if database else "", _micros(wall.middle)]
    return [*_named(key), *cells, to_floor, str(len(spent)), _spaced(spent[0].count)]


def _absent(key: Key, reason: str) -> list[str]:
    return [*_named(key), f"not run: {reason}", *[""] * 7]


def _named(key: Key) -> list[str]:
    return [key.row, key.engine, _spaced(key.size) if key.size else ""]


def _micros(seconds: float) -> str:
    value = seconds * MICROSECONDS
    return f"{value:.1f}" if value < 1000 else _spaced(round(value))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _bars(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="Bars: ratios of CPU, round by round")
    for name in ("what", "median", "least", "most", "wanted", ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for one in verdicts:
        found = [f"{value:.3g}" for value in (one.found.middle, one.found.least, one.found.most)] if one.found else []
        said = "not run" if one.met is None else "met" if one.met else "[bold red]NOT MET[/bold red]"
        wanted = f"at most {one.most:.3g}" if one.least is None else f"at least {one.least:.3g}"
        table.add_row(one.text, *(found or [""] * 3), wanted, said)
    return table


def as_json(series: Series, absent: Mapping[Key, str], verdicts: Sequence[Verdict], seconds: float) -> dict[str, Any]:
    """Everything that the tables say, and each round."""
    return {
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "seconds": round(seconds, 1),
        "rows": [{**key._asdict(), **_told(spent)} for key, spent in series.items()],
        "not_run": [{**key._asdict(), "reason": reason} for key, reason in absent.items()],
        "bars": [_verdict(one) for one in verdicts],
    }


def _told(spent: Sequence[Spent]) -> dict[str, Any]:
    return {
        "cpu_microseconds": _range(cost(spent), MICROSECONDS),
        "wall_microseconds": _range(Range.of([one.wall / one.count for one in spent]), MICROSECONDS),
        "rounds": [
            {"cpu_seconds": one.cpu, "of_database": one.database, "wall_seconds": one.wall, "count": one.count}
            for one in spent
        ],
    }


def _range(found: Range, times: float = 1) -> dict[str, float]:
    return {
        "median": round(found.middle * times, 3),
        "min": round(found.least * times, 3),
        "max": round(found.most * times, 3),
    }


def _verdict(one: Verdict) -> dict[str, Any]:
    found = _range(one.found) if one.found else None
    wanted = {"at_most": one.most} if one.least is None else {"at_least": one.least}
    return {"bar": one.text, **wanted, "ratio": found, "met": one.met}
