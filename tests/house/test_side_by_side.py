"""Tests can run side by side: whatever they say is reported, and each gets ports of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST
from tests.house.tree import ROOT
from tests.ports import PARTS, PORTS, free_port

LONE_SURROGATES = """
import logging

def test_one_passes():
    logging.getLogger("x").warning("a\\ud800b")

def test_another_fails():
    logging.getLogger("x").warning("a\\ud800b")
    assert "c\\ud800d" == ""
"""


def test_what_is_no_utf_8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "test_surrogates.py").write_text(LONE_SURROGATES)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert "1 failed, 1 passed" in ended.stdout, ended.stdout
    assert "a\\ud800b" in ended.stdout and "c\\ud800d" in ended.stdout


def test_what_takes_longest_is_there_and_begins_first() -> None:
    assert [name for name in LONGEST_FIRST if not (ROOT / "tests" / name).is_file()] == []
    chosen = ["tests/house/test_lint.py", *(f"tests/{name}" for name in reversed(LONGEST_FIRST))]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *chosen]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    order = dict.fromkeys(line.partition("::")[0] for line in told.splitlines() if "::" in line)
    assert list(order) == [*(f"tests/{name}" for name in LONGEST_FIRST), "tests/house/test_lint.py"]


def test_a_test_that_is_named_by_a_place_in_memory_is_refused(tmp_path: Path) -> None:
    named = "import pytest\n\n@pytest.mark.parametrize('x', [object()], ids=str)\ndef test_x(x): assert x\n"
    (tmp_path / "test_named.py").write_text(named)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "--collect-only"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR and "give its parameters ids" in ended.stderr


def test_ports_are_handed_out_once_and_never_among_those_of_outgoing_connections() -> None:
    taken = [free_port() for _ in range(100)]
    assert len(set(taken)) == len(taken)
    assert all(port in PORTS and port + 1 not in taken for port in taken)


def test_processes_that_test_side_by_side_have_no_port_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[set[int]] = []
    for number in range(PARTS):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{number}")
        taken.append({free_port() + more for _ in range(len(PORTS) // PARTS) for more in range(3)})
    assert len(set().union(*taken)) == sum(map(len, taken))
