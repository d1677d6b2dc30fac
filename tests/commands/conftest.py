"""A loaded sandbox for the commands, of which each test has a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.domain.enterprises import Capacity
from tests.backstage import backstage
from tests.commands.terminal import Terminal
from tests.running import Sandbox, sandbox


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox country in SQLite; the payroll bureau has a user who manages mandates."""
    data = tmp_path_factory.mktemp("commands")
    with sandbox(data, f"sqlite:///{data / 'template.db'}") as loaded:
        with backstage(loaded) as behind:
            behind.user("ivo", loaded.number("bureau"), "zita", Capacity.SERVICE_PROVIDER, mahis=("manage",))
        yield loaded


@pytest.fixture
def terminal(country: Sandbox, tmp_path: Path) -> Terminal:
    """A terminal on a copy of the sandbox."""
    path = tmp_path / "procura.db"
    shutil.copyfile(country.settings.database_url.removeprefix("sqlite:///"), path)
    changed = {"DATABASE_URL": f"sqlite:///{path}", "PROCURA_DATA": str(tmp_path)}
    return Terminal(tmp_path, {**country.environment, **changed}, country)
