"""What the README tells people to type exists: make targets, commands, settings, files."""

import re
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from tests.house.test_top_level import ENTRIES
from tests.house.tree import ROOT, named, text_files

SETTINGS_SOURCES = ("iam/settings.py", "tests/engines.py", "tests/crashes/test_kill.py", "Makefile")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
WORDS = r"((?:[ \t]+[a-z][a-z0-9-]*(?![\w./=]))+)"


def code_of(text: str) -> str:
    """The parts of a Markdown text that are set as code."""
    return "\n".join(CODE.findall(text))


def unknown_targets(text: str, makefile: str) -> set[str]:
    """Targets that the text tells people to make and that the Makefile does not have."""
    said = set(re.findall(r"\bmake ([a-z][a-z-]*)", code_of(text)))
    return said - set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def unknown_commands(text: str, commands: click.Command) -> set[str]:
    """Commands of `procura` that the text shows and that do not exist."""
    said = (match.split() for match in re.findall(rf"\bprocura{WORDS}", code_of(text)))
    return {" ".join(words) for words in said if not _leads_somewhere(words, commands)}


def _leads_somewhere(words: list[str], command: click.Command) -> bool:
    for word in words:
        if not isinstance(command, click.Group):
            return True
        found = command.get_command(click.Context(command), word)
        if found is None:
            return False
        command = found
    return True


def unknown_settings(text: str, sources: Iterable[str]) -> set[str]:
    """Settings that the text names and that no source reads."""
    known = set(re.findall(r"\bPROCURA_[A-Z0-9_]+", "\n".join(sources)))
    return set(re.findall(r"\bPROCURA_[A-Z0-9_]+", text)) - known


def unknown_documents(paths: Iterable[Path], root: Path = ROOT) -> list[str]:
    """Mentions of a Markdown file that is neither in the project nor one of its papers."""
    return [
        f"{named(path)} names {mention}"
        for path in paths
        for mention in re.findall(r"(?<![\w/.:])[\w./-]+\.md\b", path.read_text())
        if mention not in ENTRIES and not any((folder / mention).is_file() for folder in (path.parent, root))
    ]


def guides() -> str:
    """The texts that tell people what to type."""
    return "\n".join(path.read_text() for path in text_files() if path.suffix == ".md")


def procura() -> click.Command:
    """The installed command line."""
    (script,) = entry_points(group="console_scripts", name="procura")
    command = script.load()
    assert isinstance(command, click.Command)
    return command


def test_every_make_target_in_the_guides_exists() -> None:
    assert unknown_targets(guides(), (ROOT / "Makefile").read_text()) == set()


@pytest.mark.skipif(not (ROOT / "iam/cli.py").exists(), reason="there is no command line")
def test_every_command_in_the_guides_exists() -> None:
    assert unknown_commands(guides(), procura()) == set()


def test_every_setting_in_the_guides_is_read() -> None:
    sources = [(ROOT / name).read_text() for name in SETTINGS_SOURCES if (ROOT / name).exists()]
    assert unknown_settings(guides(), sources) == set()


def test_every_document_that_is_named_is_here() -> None:
    assert unknown_documents(text_files()) == []


def test_a_planted_target_and_setting_are_caught() -> None:
    text = "Type `make coffee` or:\n```\nmake test\nPROCURA_SUGAR=2 PROCURA_DATA=x make demo\n```\nThey make tea."
    assert unknown_targets(text, "test: dev\ndemo: dev\n") == {"coffee"}
    assert unknown_settings(text, ['"PROCURA_DATA"']) == {"PROCURA_SUGAR"}


def test_a_planted_command_is_caught() -> None:
    commands = click.Group("procura", {"db": click.Group("db", {"upgrade": click.Command("upgrade")})})
    text = "`procura db upgrade` `procura db upgrade --now` `procura db downgrade now` `procura fly` procura walks"
    assert unknown_commands(text, commands) == {"db downgrade now", "fly"}


def test_a_planted_document_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.txt"
    planted.write_text("See README.md, near" + ".md, plans/secret" + ".md and https://example.org/far" + ".md.")
    (tmp_path / ("near" + ".md")).touch()
    assert unknown_documents([planted], tmp_path) == ["planted.txt names plans/secret" + ".md"]
