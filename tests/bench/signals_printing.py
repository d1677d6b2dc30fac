"""The table of how long revocations take to reach their receivers, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.table import Table

from tests.bench.signals import GOAL, Waits
from tests.bench.stands import Key

MILLISECONDS = 1000


def table(waits: Mapping[Key, Waits]) -> Table:
    """A row for each engine, with all receivers alive and with some dead."""
    table = Table(title="A mandate revoked, until the last receiver that lives would refuse (milliseconds)")
    for name in ("what", "on", "receivers", "revoked", "answered", "median", "99th", "most", "99th below", ""):
        table.add_column(name, justify="left" if name in ("what", "on") else "right")
    for key, found in waits.items():
        times = (median(found.acknowledged), found.middle, found.slow, max(found.seconds))
        table.add_row(
            key.row,
            key.engine,
            str(found.alive),
            str(len(found.seconds)),
            *(f"{one * MILLISECONDS:.0f}" for one in times),
            f"{GOAL * MILLISECONDS:.0f}",
            "met" if found.met else "[bold red]NOT MET[/bold red]",
        )
    return table


def as_json(waits: Mapping[Key, Waits]) -> list[dict[str, Any]]:
    """Everything that the table says, and each revocation."""
    return [
        {
            **key._asdict(),
            "receivers": found.alive,
            "dead": found.dead,
            "median_seconds": round(found.middle, 4),
            "p99_seconds": round(found.slow, 4),
            "goal_seconds": GOAL,
            "met": found.met,
            "seconds": [round(one, 4) for one in found.seconds],
        }
        for key, found in waits.items()
    ]
