"""Where and when the sandbox runs is read from the environment, and what cannot be is told in one clear line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from iam.sandbox.plan import Moment, planned


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the commands run, without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("PROCURA_DATA", raising=False)
    return tmp_path


def complaint() -> str:
    """The line that says why nothing is planned."""
    with pytest.raises(click.ClickException) as caught:
        planned(None)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_without_settings_the_sandbox_runs_here_and_now(folder: Path) -> None:
    plan = planned(None)
    assert (plan.data, plan.base_url) == (Path(".procura"), "http://localhost:8080")
    assert (folder / ".procura").is_dir()
    assert list((folder / ".procura").iterdir()) == []
    assert abs(plan.clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_port_and_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("PROCURA_DATA", str(folder / "x/y"))
    plan = planned(None)
    assert plan.base_url.endswith(":9000")
    assert plan.data.is_dir()


@pytest.mark.parametrize("port", ["0", "65536", "http", "٨٠", "-1", "99999999", "80.0", " "])
def test_a_port_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    assert complaint() == "PORT must be a whole number from 1 to 65535"


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("PROCURA_DATA", "file/data")
    assert complaint().startswith("cannot write in file/data: Not a directory; set PROCURA_DATA to a folder")


def test_the_clock_starts_at_the_instant_and_the_country_on_its_day() -> None:
    at = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    plan = planned(at)
    assert at <= plan.clock.now() < at + timedelta(seconds=3)
    assert plan.country.day.isoformat() == "2026-10-01"
    assert plan.clock.offset.microseconds == 0


def test_an_instant_is_read_with_its_offset() -> None:
    read = Moment().convert("2026-10-01T09:00:00+02:00", None, None)
    assert read == datetime(2026, 10, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["yesterday", "2026-10-01", "2026-10-01T09:00:00", "2009-12-31T00:00:00Z", "2100-01-01T00:00:00Z", ""],
)
def test_an_instant_that_is_none_or_too_far_away_is_told(written: str) -> None:
    with pytest.raises(click.BadParameter):
        Moment().convert(written, None, None)
