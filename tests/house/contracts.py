"""Runs the import contracts of pyproject.toml; a contract binds a room from its first module on."""

import ast
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from tests.house.tree import ROOT, parsed

MODULE_LISTS = ("protected_modules", "allowed_importers", "source_modules", "forbidden_modules")


def stated() -> dict[str, Any]:
    """The contracts as pyproject.toml states them."""
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return settings


def exists(module: str, root: Path) -> bool:
    """Whether the house at `root` has this module or package."""
    path = root.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or any(path.glob("**/*.py"))


def binding(root: Path) -> ConfigParser:
    """The contracts that bind the house at `root`: those that speak of a room it has."""
    settings, config = stated(), ConfigParser()
    roots = [package for package in settings["root_packages"] if exists(package, root)]
    outsiders = _outsiders(roots, root)
    config["importlinter"] = {"root_packages": _lines(roots), "include_external_packages": "true"}
    for number, contract in enumerate(settings["contracts"]):
        lists = {key: contract[key] for key in MODULE_LISTS if key in contract}
        kept = {
            key: [name for name in names if name in outsiders or exists(name, root)] for key, names in lists.items()
        }
        if all(kept[key] for key in kept if key != "allowed_importers"):
            texts = {key: _lines(value) if isinstance(value, list) else str(value) for key, value in contract.items()}
            texts |= {key: _lines(value) for key, value in kept.items()}
            config[f"importlinter:contract:{number}"] = texts
    return config


def _outsiders(roots: Iterable[str], root: Path) -> set[str]:
    """The packages from elsewhere that the house imports: import-linter knows no others."""
    found = (path for package in roots for path in (root / package).rglob("*.py"))
    modules = (path for path in found if ".venv" not in path.parts)  # what a tester brings stands in its own
    return {name.split(".")[0] for _, tree in parsed(modules) for name in imported(tree)} - set(roots)


def _lines(values: Iterable[str]) -> str:
    return "\n" + "\n".join(values)


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that a module imports, wherever the statement stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def check(root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Let import-linter judge the house at `root`; its return code is 0 when every contract is kept."""
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        binding(root).write(file)
        file.flush()
        command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", file.name]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)


def main() -> None:
    """Print the contracts' closing line, or all that import-linter said when one is broken."""
    done = check()
    said = (done.stdout + done.stderr).strip()
    print(said if done.returncode else said.splitlines()[-1])
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
