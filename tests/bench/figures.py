"""Figures: medians with their range, ratios of rounds, and the bars that they are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.cpu import Spent
from tests.bench.stands import Key

CHECK = "check over HTTP"
FLOOR = "floor"
IN_PROCESS = "decision"
BATCH = "one of a batch"
MIXED = "one of a mixed batch"
TOKEN = "token"
IMPORT = "line imported"
MEMORY = "memory of a process that decides"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
FAST_ENFORCER, ENFORCER, CEDAR = "Casbin FastEnforcer", "Casbin Enforcer", "Cedar"
OIDC_PROVIDER, FLASK = "oidc-provider", "Flask constant"

FLOOR_KEY = Key(FLOOR, FLASK, 0)
PEER_KEY = Key(TOKEN, OIDC_PROVIDER, 0)
MEGABYTE = 1_000_000
LOGIN = {"oidc": "login by OpenID Connect", "eidas": "login by eIDAS"}
"""From the choice of keys to the session, through every page and endpoint of ours."""
ALONE = {kind: Key(f"cryptography of a {row}", "alone", 0) for kind, row in LOGIN.items()}
HOSTILE_KEY = Key("hostile document refused", "SAML filter", 0)
MOST_OF_A_LOGIN = 3.0
MOST_OF_A_REFUSAL = 0.020
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Range:
    """A median with the least and the most."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Range:
        """The range of some values."""
        return cls(median(values), min(values), max(values))


def cost(spent: Sequence[Spent]) -> Range:
    """Seconds of CPU for one."""
    return Range.of([one.each for one in spent])


def ratio(above: Sequence[Spent], below: Sequence[Spent]) -> Range:
    """How many times as much one costs as another, round by round; by medians where their rounds are not the same."""
    if len(above) == len(below):
        return Range.of([one.each / other.each for one, other in zip(above, below, strict=True)])
    middle = cost(below).middle
    return Range.of([one.each / middle for one in above])


@dataclass(frozen=True, slots=True)
class Bar:
    """At most so many times the cost of something else."""

    about: Key
    against: Key
    most: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar with what was found: None where one of the two was not run."""

    text: str
    most: float
    found: Range | None
    met: bool | None
    least: float | None = None
    """What must be reached instead, where more is better; `most` says nothing then."""


def bars(sizes: Sequence[int], engines: Sequence[str]) -> list[Bar]:
    """The bars for these sizes and databases."""
    most = max(sizes)
    wanted = []
    for engine in engines:
        sqlite = engine == SQLITE
        wanted.append(Bar(Key(CHECK, engine, most), FLOOR_KEY, 2.0 if sqlite else 4.0))
        if len(sizes) > 1:
            grown = Bar(Key(CHECK, engine, most), Key(CHECK, engine, min(sizes)), 1.5 if sqlite else 1.2)
            wanted.append(grown)
        wanted.append(Bar(Key(BATCH, engine, most), FLOOR_KEY, 1 / 7))
        wanted.append(Bar(Key(TOKEN, engine, most), PEER_KEY, 1.0))
    wanted += [
        Bar(Key(row, engine, 0), ALONE[kind], MOST_OF_A_LOGIN) for kind, row in LOGIN.items() for engine in engines
    ]
    for peer in (FAST_ENFORCER, CEDAR):
        wanted += [Bar(Key(IN_PROCESS, SQLITE, size), Key(IN_PROCESS, peer, size), 0.5) for size in sizes]
    return wanted


def judged(bar: Bar, series: Mapping[Key, Sequence[Spent]]) -> Verdict:
    """What came of a bar; its median counts."""
    text = f"{bar.about} / {bar.against}"
    above, below = series.get(bar.about), series.get(bar.against)
    if not above or not below:
        return Verdict(text, bar.most, None, None)
    found = ratio(above, below)
    return Verdict(text, bar.most, found, found.middle <= bar.most)


def judged_refusal(series: Mapping[Key, Sequence[Spent]]) -> Verdict:
    """What came of the bar on refusing a hostile document, in milliseconds."""
    text, most = f"{HOSTILE_KEY.row} (ms)", MOST_OF_A_REFUSAL * 1000
    spent = series.get(HOSTILE_KEY)
    if not spent:
        return Verdict(text, most, None, None)
    found = Range.of([one.each * 1000 for one in spent])
    return Verdict(text, most, found, found.middle < most)


def judged_memory(key: Key, resident: int | None, most: int = 100 * MEGABYTE) -> Verdict:
    """What came of the bar on memory, in megabytes."""
    text = f"{MEMORY} {key.engine} {key.size:,} (MB)".replace(",", " ")
    if resident is None:
        return Verdict(text, most / MEGABYTE, None, None)
    found = resident / MEGABYTE
    return Verdict(text, most / MEGABYTE, Range(found, found, found), resident <= most)
