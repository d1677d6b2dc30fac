"""One run: the countries are grown, every stand is set up, and all are measured in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import databases, figures, grant_figures, growing_up
from tests.bench.children import ChildEnded
from tests.bench.databases import Database
from tests.bench.figures import POSTGRESQL, Verdict
from tests.bench.grant_stands import grant_stands
from tests.bench.importing_all import imports
from tests.bench.login_stands import login_stands
from tests.bench.options import COUNTRIES, Options
from tests.bench.pauses import Pauses, largest, pauses_of
from tests.bench.setting_up import Ground, stands
from tests.bench.signals import Waits, waits_of
from tests.bench.stands import Key, Series, Stand, measured, planned

Tell = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What a run found."""

    series: Series = field(default_factory=Series)
    absent: dict[Key, str] = field(default_factory=dict)
    """What was not run, and why."""
    pauses: dict[Key, Pauses] = field(default_factory=dict)
    """How long requests for tokens take while expired artefacts are cleaned."""
    waits: dict[Key, Waits] = field(default_factory=dict)
    """How long revocations take to reach their receivers."""
    memory: dict[Key, int] = field(default_factory=dict)
    """Bytes that each child that decides in process had resident when all was decided."""

    def verdicts(self, options: Options) -> list[Verdict]:
        """Every bar with what was found."""
        spent = self.series.spent
        found = [figures.judged(bar, spent) for bar in figures.bars(options.sizes, options.engines)]
        found.append(figures.judged_refusal(spent))
        if "grants" in options.rows:
            found += grant_figures.verdicts(options.live, options.engines, spent)
        return [*found, *(figures.judged_memory(key, size) for key, size in self.memory.items())]


def run(options: Options, folder: Path, tell: Tell) -> Outcome:
    """Measure everything that the options ask for, with its data in a folder.

    Raises:
        WrongAnswers: when something answers what it should not: its speed says nothing then.
    """
    databases.clean_environment()
    outcome = Outcome()
    with ExitStack() as stack:
        server = stack.enter_context(databases.postgresql()) if POSTGRESQL in options.engines else None
        found = [one for one in options.engines if one != POSTGRESQL or server is not None]
        if found != list(options.engines):
            outcome.absent[Key("everything", POSTGRESQL, 0)] = "there is no PostgreSQL on this machine"
        grown = _grown(options, found, folder, server, tell)
        grants = _loaded(options, found, folder, server, tell)
        ground = Ground(options, grown, folder, stack, outcome.absent)
        tell("setting up")
        logins = login_stands(ground, found, server) if "logins" in options.rows else []
        lent = grant_stands(ground, grants) if "grants" in options.rows else []
        plan = _planned([*stands(ground), *logins, *lent], ground, tell)
        outcome.series.run(plan, options.rounds, tell)
        outcome.memory = {key: one.resident() for key, one in ground.deciding.items() if key.engine != POSTGRESQL}
        if "import" in options.rows:
            tell(f"importing {options.imported:,} proposals")
            outcome.series.spent |= imports(ground)
        for database in largest(grants):
            tell(f"cleaning what {options.expired:,} grants left on {database.engine}")
            outcome.pauses |= pauses_of(ground, database)
        for engine in found if "signals" in options.rows else []:
            tell(f"revoking {2 * options.revocations} mandates on {engine}")
            outcome.waits |= waits_of(ground, engine, server)
    return outcome


def _grown(options: Options, found: Sequence[str], folder: Path, server: str | None, tell: Tell) -> Sequence[Database]:
    """The countries, where a row asks for them."""
    if not options.rows & COUNTRIES:
        return []
    tell(f"growing countries of {' and '.join(f'{size:,}' for size in options.sizes)} mandates")
    return growing_up.countries(options, found, folder, server)


def _loaded(options: Options, found: Sequence[str], folder: Path, server: str | None, tell: Tell) -> Sequence[Database]:
    """The databases with live grants, where they are asked for."""
    if "grants" not in options.rows:
        return []
    tell(f"loading {' and '.join(f'{live:,}' for live in options.live)} live grants")
    return growing_up.live_grants(options, found, folder, server)


def _planned(found: Sequence[Stand], ground: Ground, tell: Tell) -> list[tuple[Stand, int]]:
    """Each stand, warm, with the repetitions of a round; one that cannot be run is left out."""
    plan = []
    for stand in found:
        tell(f"warming {stand.key}")
        try:
            count = planned(stand, ground.options.seconds)
            _keep_busy(
                stand,
                count,
                ground.options.warm if stand.key.engine == figures.OIDC_PROVIDER else ground.options.seconds,
            )
        except ChildEnded as ended:
            ground.absent[stand.key] = str(ended).splitlines()[-1]
        else:
            plan.append((stand, planned(stand, ground.options.seconds)))
    return plan


def _keep_busy(stand: Stand, count: int, seconds: float) -> None:
    """Repeat a stand for so long."""
    if stand.most == 1:
        return
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        measured(stand, count)
