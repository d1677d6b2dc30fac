"""Set-up says in one clear line what the machine lacks, and rebuilds what an interruption left."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from tests.house.tree import ROOT

FAKE = """#!/bin/sh
case "$2" in
*version_info*) exit {new};;
*ensurepip*) exit {venv};;
*platform*) echo 3.8.1;;
esac
"""
NOBODY = 65534


@pytest.fixture
def clone() -> Iterator[Path]:
    """A folder with what set-up reads, where others than its owner may look."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="procura-clone-") as folder:
        root = Path(folder)
        (root / ".ci").mkdir()
        for name in (".ci/set-up", "pyproject.toml", "requirements.lock"):
            shutil.copy(ROOT / name, root / name)
        root.chmod(0o755)
        yield root


def set_up(clone: Path, python: str, user: int | None = None) -> tuple[int, list[str]]:
    """Run set-up with this Python; gives its status and the lines it said."""
    env = {"PYTHON": python, "PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"}
    command = [clone / ".ci/set-up", "runtime"]
    done = subprocess.run(command, check=False, stdout=PIPE, stderr=STDOUT, text=True, env=env, user=user)
    return done.returncode, done.stdout.splitlines()


def fake_python(folder: Path, new: bool, venv: bool) -> str:
    """A program that answers set-up's questions as such a Python would."""
    program = folder / "fake-python"
    program.write_text(FAKE.format(new=int(not new), venv=int(not venv)))
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("new", "venv", "clue"),
    [(False, True, "Python 3.11 or newer is needed"), (True, False, "apt install python3-venv")],
)
def test_an_unfit_python_is_named_in_one_line(clone: Path, new: bool, venv: bool, clue: str) -> None:
    status, (said,) = set_up(clone, fake_python(clone, new, venv))
    assert status != 0
    assert clue in said
    assert not (clone / ".venv").exists()


def test_a_machine_without_python_is_told_what_to_install(clone: Path) -> None:
    status, (said,) = set_up(clone, "/nowhere/python3")
    assert status != 0
    assert "no Python found at /nowhere/python3: install Python 3.11" in said


def test_a_folder_that_cannot_be_written_is_named_in_one_line(clone: Path) -> None:
    python = fake_python(clone, new=True, venv=True)
    clone.chmod(0o555)
    status, said = set_up(clone, python, user=NOBODY if os.geteuid() == 0 else None)
    assert status != 0
    assert said[-1].startswith(f"procura: cannot write in {clone}: ")


def test_what_an_interrupted_run_left_is_made_anew(clone: Path) -> None:
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/.unfinished").touch()
    (clone / ".venv/half").touch()
    status, said = set_up(clone, getattr(sys, "_base_executable", sys.executable))
    assert status != 0
    assert "set-up failed: ERROR" in said[-1]
    assert not (clone / ".venv/half").exists()
    assert (clone / ".venv/.unfinished").exists()
