"""The front of the house stays tidy, and no file names a folder of the machine it was written on."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, named, text_files, tracked_files

ENTRIES = {*PACKAGES, "tests", "pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md"}
FOLDERS_OF_A_MACHINE = re.compile(r"(?<![\w.:/-])/(?:root|home|Users|work|mnt)/[\w.-]+|[A-Z]:\\Users")


def strangers(names: Iterable[str]) -> set[str]:
    """Top-level names that are none of the house's: its rooms, its papers, lock files and dot files."""
    return {name for name in names if name not in ENTRIES and not re.fullmatch(r"\..+|requirements[\w-]*\.lock", name)}


def named_folders(paths: Iterable[Path]) -> list[str]:
    """Lines that name somebody's own folder."""
    return [
        f"{named(path)}:{number} {found[0]}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := FOLDERS_OF_A_MACHINE.search(line))
    ]


def test_the_front_holds_only_what_belongs_there() -> None:
    assert strangers({path.relative_to(ROOT).parts[0] for path in tracked_files()}) == set()


def test_no_file_names_a_folder_of_the_machine() -> None:
    assert named_folders([*text_files(), *ROOT.glob("requirements*.lock")]) == []


def test_a_planted_stranger_is_caught() -> None:
    assert strangers({"iam", ".ci", "requirements-dev.lock", "notes.txt", "docs"}) == {"notes.txt", "docs"}


@pytest.mark.parametrize("folder", ["ho" + "me/ann/procura", "ro" + "ot/x", "wo" + "rk/main"])
def test_a_planted_folder_is_caught(tmp_path: Path, folder: str) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(f'"""Fine: https://example.org/home/page."""\nx = "/{folder}"')
    assert len(named_folders([planted])) == 1
