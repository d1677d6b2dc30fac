"""CPU time of other processes and of all that they started, to the nanosecond, from the kernel's own clocks."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
DATABASE = ".db"
"""How the name of a database file ends."""
_MAPPING = re.compile("[0-9a-f]+-[0-9a-f]+ ")


def parents() -> dict[int, int]:
    """The parent of every process."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue  # ended meanwhile
            found[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def tree(roots: Iterable[int]) -> set[int]:
    """These processes and everything that they started."""
    children = defaultdict(list)
    for child, parent in parents().items():
        children[parent].append(child)
    found: set[int] = set()
    left = list(roots)
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += children[one]
    return found


def used(process: int) -> float:
    """Seconds of CPU (user and system, all threads) that a process has used; 0 for one that has ended."""
    try:
        return time.clock_gettime((~process << 3) | 2)  # CPUCLOCK_SCHED of that process: clock_getcpuclockid(3)
    except OSError:
        return 0.0


def resident(process: int) -> int:
    """Bytes of memory that a process has resident: libraries included, pages of a mapped database left out.

    Those are the operating system's cache of the file: all processes share them, and they go when memory is wanted.
    """
    size, counted = 0, True
    for line in (PROC / str(process) / "smaps").read_text().splitlines():
        if _MAPPING.match(line):
            counted = not line.endswith(DATABASE)
        elif counted and line.startswith("Rss:"):
            size += int(line.split()[1]) * 1024
    return size


@dataclass(frozen=True, slots=True)
class Spent:
    """What something cost: seconds of CPU of all processes that took part, seconds on the clock, and for how many."""

    cpu: float
    wall: float
    count: int
    database: float = 0.0
    """Seconds of `cpu` that a database server used."""

    @property
    def each(self) -> float:
        """Seconds of CPU for one."""
        return self.cpu / self.count


class Meter:
    """Reads how much CPU some processes and their children have used."""

    def __init__(self, *roots: int, database: int | None = None) -> None:
        """`database` is one more root, that of a database server, whose part can be told."""
        self.roots = roots if database is None else (*roots, database)
        self._database = () if database is None else (database,)

    def read(self) -> dict[int, float]:
        """Seconds by process."""
        return {one: used(one) for one in tree(self.roots)}

    def since(self, before: dict[int, float]) -> float:
        """Seconds since an earlier reading."""
        return _more(before, self.read())

    def parts_since(self, before: dict[int, float]) -> tuple[float, float]:
        """Seconds since an earlier reading, and how many of them the database server used."""
        now = self.read()
        served = tree(self._database) if self._database else set()
        return _more(before, now), _more(before, {one: now[one] for one in served & now.keys()})


def _more(before: dict[int, float], now: dict[int, float]) -> float:
    return sum(seconds - before.get(one, 0.0) for one, seconds in now.items())
