"""`procura sandbox grow`: a country of any size from a seed, into a database that is marked as a sandbox's."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from iam.app import build, sandbox_mark, settings_here, upgrade_database
from iam.commands.printing import as_json, show, speaking
from iam.domain.errors import Forbidden
from iam.domain.mandates import Mandate
from iam.sandbox.environment import sandbox_settings
from iam.sandbox.growing import GrownCountry
from iam.sandbox.plan import Plan, loaded, planned
from iam.sandbox.sandbox_file import GROWN, write_privately
from iam.services.growth import Growth

STEP = 2000
"""Mandates between two movements of the progress bar."""


@click.command("grow")
@click.option("--mandates", type=click.IntRange(1), required=True, help="How many mandates the country has.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=7, show_default=True, help="What all follows from.")
@click.option("--database", help="Another database than that of DATABASE_URL or the data folder.")
@as_json
@speaking
def grow(mandates: int, seed: int, database: str | None, as_json: bool) -> None:
    """Grow a sandbox country: a few providers with very many clients, most employers with one mandate.

    An empty database becomes a sandbox with the described country first; one without the sandbox's mark is refused.
    """
    if database is not None:
        os.environ["DATABASE_URL"] = database
    plan = planned(None)
    _make_ready(plan)
    started = monotonic()
    country, revision = _grown(mandates, seed)
    file = plan.data / GROWN
    write_privately(file, _told(country, seed))
    told = {
        "mandates": country.mandates,
        "providers": len(country.providers),
        "seed": seed,
        "revision": revision,
        "seconds": round(monotonic() - started, 1),
        "people_and_software": str(file),
    }
    show(told, as_json)


def _make_ready(plan: Plan) -> None:
    """See to it that there is a sandbox's database, up to date. Raises Forbidden (`not_a_sandbox`)."""
    os.environ.update(sandbox_settings(plan.data, plan.port, plan.base_url, plan.country))
    mark = sandbox_mark()
    if mark is None:
        with loaded(plan):
            return
    if mark is False:
        raise Forbidden("not_a_sandbox", "The database is not marked as a sandbox's, so it is left as it is.")
    upgrade_database()


def _grown(mandates: int, seed: int) -> tuple[GrownCountry, int]:
    house = build(settings_here())
    try:
        country = GrownCountry(mandates, seed, house.clock.now(), house.library.current().catalogue)
        with _progress(mandates) as progress, _without_pauses():
            return country, Growth(house.archive).grow(_watched(country, progress), country.first_enterprise)
    except ValueError as refusal:
        raise click.ClickException(str(refusal)) from None
    finally:
        house.archive.close()


def _progress(mandates: int) -> Progress:
    columns = (TextColumn("mandates"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    progress = Progress(*columns)
    progress.add_task("mandates", total=mandates)
    return progress


def _watched(country: GrownCountry, progress: Progress) -> Iterator[object]:
    """The records, moving the progress bar as they pass."""
    task, done = progress.task_ids[0], 0
    for record in country.records():
        if type(record) is Mandate:
            done += 1
            if done % STEP == 0:
                progress.update(task, completed=done)
        yield record
    progress.update(task, completed=done)


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Without the collector of cycles: millions of records make none, and it would look at them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _told(country: GrownCountry, seed: int) -> dict[str, Any]:
    """Who may act in the grown country, for programs that ask about it."""
    providers = [
        {
            "cbe": one.number,
            "capacity": one.capacity.value,
            "manager_niss": one.manager_niss.value,
            "employee_niss": one.employee_niss.value,
            "client_id": one.client_id,
            "algorithm": "ES256",
            "private_jwk": {**one.key.as_dict(private=True), "kid": one.key.thumbprint()},
            "mandators": list(country.desk(one)),
        }
        for one in country.providers
    ]
    return {"seed": seed, "mandates": country.mandates, "providers": providers}
