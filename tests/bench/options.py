"""What a run of the bench measures, as its command line says it."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import POSTGRESQL, SQLITE

ROWS = ("process", "check", "batch", "token", "import", "peers", "logins", "grants", "signals")
COUNTRIES = frozenset(ROWS) - {"logins", "grants", "signals"}
"""Rows for which countries are grown."""
ENGINES = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    sizes: tuple[int, ...] = (10_000, 1_000_000)
    """Mandates, smallest first."""
    live: tuple[int, ...] = (10_000, 1_000_000)
    """Live grants, smallest first."""
    expired: int = 100_000
    """Grants that have ended, whose artefacts are cleaned."""
    engines: tuple[str, ...] = (SQLITE, POSTGRESQL)
    rows: frozenset[str] = frozenset(ROWS)
    rounds: int = 9
    seconds: float = 0.35
    """Of CPU that one stand may take in a round."""
    imported: int = 100_000
    """Lines that are imported into the largest country, and a tenth of them into the others."""
    warm: float = 8.0
    """Seconds for which Node is kept busy before it counts."""
    revocations: int = 200
    """Mandates that are revoked on each engine, with all receivers and again with some dead."""
    data: Path | None = None
    """Where countries are kept from run to run; a folder that ends with the run when None."""


QUICK = Options(
    sizes=(1000, 10_000),
    live=(2000, 10_000),
    expired=5000,
    rounds=3,
    seconds=0.1,
    imported=2000,
    warm=1.0,
    revocations=20,
)


def read(words: list[str]) -> tuple[Options, Path | None]:
    """The options that these words name, and the file for JSON. Ends the process where they cannot be read."""
    parser = ArgumentParser("python -m tests.bench", description="Measure speed against the peers, in turns.")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--quick", action="store_true", help="small countries and few rounds: it shows that all runs")
    parser.add_argument("--rows", type=_among(ROWS), help=f"some of {','.join(ROWS)}")
    parser.add_argument("--sizes", type=_sizes, help="mandates, as in 10000,1000000")
    parser.add_argument("--live", type=_sizes, help="live grants, as in 10000,1000000")
    parser.add_argument("--expired", type=int, help="ended grants whose artefacts are cleaned")
    parser.add_argument("--engines", type=_among(tuple(ENGINES)), help=f"some of {','.join(ENGINES)}")
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--imported", type=int, help="lines imported into the largest country")
    parser.add_argument("--revocations", type=int, help="mandates that are revoked on each engine")
    parser.add_argument("--data", type=Path, help="keep the countries in this folder, or use those that are there")
    given = parser.parse_args(words)
    usual = QUICK if given.quick else Options()
    chosen = Options(
        sizes=given.sizes or usual.sizes,
        live=given.live or usual.live,
        expired=given.expired or usual.expired,
        engines=tuple(ENGINES[one] for one in given.engines) if given.engines else usual.engines,
        rows=frozenset(given.rows or usual.rows),
        rounds=given.rounds or usual.rounds,
        seconds=usual.seconds,
        imported=usual.imported if given.imported is None else given.imported,
        warm=usual.warm,
        revocations=given.revocations or usual.revocations,
        data=given.data,
    )
    return chosen, given.json


def _among(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        words = text.split(",")
        if not set(words) <= set(known):
            raise ArgumentTypeError(f"choose from {', '.join(known)}")
        return words

    return read


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(word) for word in text.split(",")}))
