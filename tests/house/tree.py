"""The files of the house as the structure tests see them."""

import ast
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("iam", "policies", "oidc", "saml", "admin")
TEXTS = {".py", ".toml", ".md", ".csv", ".conf", ".yaml", ".yml", ".json", ".js", ".mjs", ".mako", ".html", ".css"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Files that are, or would be, under version control; where git does not answer, all outside dot folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=False, capture_output=True, text=True)
    if listed.returncode == 0:
        found = [root / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for path in root.rglob("*") if not _hidden(path.relative_to(root))]
    return sorted(path for path in found if path.is_file())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)


def house_modules(root: Path = ROOT) -> list[Path]:
    """The Python modules of the house itself, tests aside."""
    return [path for path in tracked_files(root) if path.suffix == ".py" and _top(path, root) in PACKAGES]


def modules_of_tests(root: Path = ROOT) -> list[Path]:
    """The Python modules under tests/."""
    return [path for path in tracked_files(root) if path.suffix == ".py" and _top(path, root) == "tests"]


def text_files(root: Path = ROOT) -> list[Path]:
    """Every file of words that the project keeps, lock files, licences and what others made small aside."""
    plain = {"Makefile", "run", "set-up"}
    return [
        path
        for path in tracked_files(root)
        if (path.suffix in TEXTS or path.name in plain) and ".min." not in path.name
    ]


def _top(path: Path, root: Path) -> str:
    return path.relative_to(root).parts[0]


def parsed(paths: Iterable[Path]) -> Iterator[tuple[Path, ast.Module]]:
    """Each module with its syntax tree."""
    for path in paths:
        yield path, ast.parse(path.read_text(), filename=str(path))


def named(path: Path) -> str:
    """The path as a complaint shows it: relative to the project where it lies in it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
