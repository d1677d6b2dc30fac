"""`procura sandbox grow` fills sandboxes alone, once, and what it grew is judged like everything else."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iam.app import archive_only, build, settings_here, upgrade_database
from iam.domain.authorization import Question, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.mandates import Mandate, State
from iam.sandbox.commands import sandbox
from iam.services.authorization import Ask
from tests.surroundings import arrange

SIZE = 300


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder of the test's own; the command's changes to the environment are undone."""
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        arrange(patch, {"PROCURA_DATA": str(tmp_path), "PORT": "18999"})
        yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def grow(*words: str, size: int = SIZE) -> Result:
    """Run the command."""
    return CliRunner().invoke(sandbox, ["grow", "--mandates", str(size), "--json", *words])


def told(folder: Path) -> dict[str, Any]:
    """What the command wrote for other programs."""
    content: dict[str, Any] = json.loads((folder / "grown.json").read_text())
    return content


def mandates() -> list[Mandate]:
    """The mandates in the database."""
    with archive_only() as archive, archive.reading() as reading:
        return [one for one in reading.find(Mandate) if one.id.startswith("grown-")]


def test_an_empty_folder_becomes_a_sandbox_with_a_grown_country(folder: Path) -> None:
    result = grow()
    assert result.exit_code == 0, result.output
    assert len(mandates()) == SIZE
    assert stat.S_IMODE((folder / "grown.json").stat().st_mode) == 0o600
    assert (folder / "sandbox.json").exists()
    with archive_only() as archive:
        assert archive.is_sandbox()
        assert [one.leaf.act for one in archive.leaves()][-1] == "bulk_load"


def test_a_postgresql_database_is_grown_as_well(postgresql_database: str) -> None:
    result = grow("--database", postgresql_database)
    assert result.exit_code == 0, result.output
    assert len(mandates()) == SIZE


def test_the_same_seed_grows_the_same_country_anywhere(folder: Path) -> None:
    grow()
    here = [(one.terms, one.state) for one in mandates()]
    elsewhere = folder / "elsewhere.db"
    assert grow("--database", f"sqlite:///{elsewhere}").exit_code == 0
    assert os.environ["DATABASE_URL"].endswith("elsewhere.db")
    assert [(one.terms, one.state) for one in mandates()] == here


def test_a_country_is_grown_once() -> None:
    grow()
    again = grow("--seed", "8")
    assert again.exit_code == 1
    assert "grown_already" in again.output
    assert len(mandates()) == SIZE


def test_a_database_without_the_mark_is_refused_and_left_as_it_is(folder: Path) -> None:
    grow()
    plain = f"sqlite:///{folder / 'plain.db'}"
    os.environ["DATABASE_URL"] = plain
    upgrade_database()
    refused = grow("--database", plain)
    assert refused.exit_code == 1
    assert "not_a_sandbox" in refused.output
    assert mandates() == []


@pytest.mark.parametrize("size", [0, 1_900_000])
def test_a_size_that_cannot_be_is_refused(size: int) -> None:
    result = grow(size=size)
    assert result.exit_code != 0
    assert "is not in the range" in result.output or "a grown country has 1 to" in result.output


def test_what_was_grown_is_judged_like_everything_else(folder: Path) -> None:
    grow()
    house = build(settings_here())
    provider = max(told(folder)["providers"], key=lambda one: len(one["mandators"]))
    given = {
        (one.terms.mandator, group)
        for one in mandates()
        if one.terms.mandatary == provider["cbe"] and one.state is State.VALIDATED
        for group in one.terms.groups
    }

    def reason(mandator: str) -> str:
        question = Question(
            subject_kind=SubjectKind.CLIENT,
            subject=provider["client_id"],
            enterprise=provider["cbe"],
            capacity=Capacity(provider["capacity"]),
            service="dimona",
            action="consult",
            concerned=mandator,
        )
        return house.judge.decide(Ask(question=question)).reason

    expected = {one: (one, "dmfa-dimona") in given for one in provider["mandators"]}
    found = {one: reason(one) for one in provider["mandators"]}
    house.archive.close()
    assert set(expected.values()) == {True, False}
    assert found == {one: "permitted" if holds else "no_mandate_in_force" for one, holds in expected.items()}
