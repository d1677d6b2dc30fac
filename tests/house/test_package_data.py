"""Everything that the house reads at run time is packed when it is installed."""

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from tests.house.tree import PACKAGES, ROOT, tracked_files

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def unpacked(paths: Iterable[Path]) -> list[str]:
    """Files of the house that are neither a module nor matched by the package data."""
    patterns = ["*.py", *SETTINGS["package-data"]["*"]]
    house = (path for path in paths if path.parts[0] in PACKAGES)
    return [str(path) for path in house if not any(fnmatch(path.name, pattern) for pattern in patterns)]


def without_init(paths: Iterable[Path]) -> set[str]:
    """Folders of the house that hold modules and are no package."""
    known = set(paths)
    folders = {path.parent for path in known if path.suffix == ".py" and path.parts[0] in PACKAGES}
    return {str(folder) for folder in folders if folder / "__init__.py" not in known}


def project_paths() -> list[Path]:
    """All files, relative to the project."""
    return [path.relative_to(ROOT) for path in tracked_files()]


def test_every_file_of_the_house_is_packed() -> None:
    assert unpacked(project_paths()) == []
    assert without_init(project_paths()) == set()
    rooms = {path.parts[0] for path in project_paths()} & set(PACKAGES)
    assert rooms <= {name.rstrip("*") for name in SETTINGS["packages"]["find"]["include"]}


def test_a_planted_stray_file_and_bare_folder_are_caught() -> None:
    stray = [Path("iam/web/secret.exe"), Path("policies/a.toml"), Path("tests/x.exe"), Path("oidc/keys.py")]
    assert unpacked(stray) == ["iam/web/secret.exe"]
    assert without_init([*stray, Path("iam/__init__.py"), Path("iam/app.py")]) == {"oidc"}
