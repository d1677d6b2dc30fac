"""A terminal on a sandbox's database: commands of `procura` are typed, and what they print is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from iam.cli import main
from iam.settings import read_settings
from iam.storage.archive import SqlArchive, open_archive
from tests.running import Sandbox


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands run: a folder, and the settings of the process."""

    folder: Path
    environment: Mapping[str, str]
    country: Sandbox = field(repr=False)

    @property
    def url(self) -> str:
        """The database on which commands work."""
        return self.environment["DATABASE_URL"]

    def run(self, *words: str, typed: str | bytes | None = None, **changed: str) -> Result:
        """Run a command to its end; it must end by itself, not by an exception."""
        settings = {**self.environment, **changed}
        ended = CliRunner().invoke(main, words, input=typed, env=settings, terminal_width=200)
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return ended

    def told(self, *words: str, typed: str | bytes | None = None, **changed: str) -> Any:
        """The JSON that a command prints, which must end well."""
        ended = self.run(*words, "--json", typed=typed, **changed)
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.stdout)

    def refused(self, *words: str, typed: str | bytes | None = None, **changed: str) -> str:
        """What a command says that must end with status 1, in one message."""
        ended = self.run(*words, typed=typed, **changed)
        assert ended.exit_code == 1, ended.output
        assert ended.stderr.count("Error: ") == 1, ended.stderr
        return ended.stderr

    def file(self, name: str, content: str) -> str:
        """The path of a new file in the folder."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def on_copy(self) -> Sandbox:
        """The sandbox on this terminal's own database."""
        return replace(self.country, environment=dict(self.environment), settings=read_settings(self.environment))

    def archive(self) -> SqlArchive:
        """The archive on which commands work; to be closed."""
        return open_archive(self.url, self.country.clock)

    def login(self, who: str, client: str = "portal") -> tuple[str, ...]:
        """The options by which a person acts: a file with a fresh testimony, and the client that presents it."""
        token = self.file(f"{who}.jwt", self.country.login(who, client))
        return ("--authentication", token, "--client", self.country.clients[client].client_id)
