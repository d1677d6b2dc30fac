"""What the README of the authorization server tells engineers to type works against a running sandbox."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engines import program
from tests.peers.a_person import Person
from tests.peers.test_openid_client_with_people import enterprise

README = Path(__file__).resolve().parents[2] / "oidc" / "README.md"
SECONDS = 60


def blocks(language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def folder(sandbox: dict[str, Any], tmp_path: Path) -> Path:
    """A folder with a running sandbox's file, as `make demo` leaves it."""
    (tmp_path / ".procura").mkdir()
    (tmp_path / ".procura" / "sandbox.json").write_text(json.dumps(sandbox))
    return tmp_path


class Typed:
    """A program that prints an address, waits for the one to which the browser was sent, and goes on."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line.startswith("http"), (line, self.process.communicate(timeout=SECONDS))
        return line

    def goes_on(self, back: str) -> str:
        said, wrong = self.process.communicate(back + "\n", timeout=SECONDS)
        assert self.process.returncode == 0, (said, wrong)
        return said


def test_the_shell_blocks_log_somebody_in(sandbox: dict[str, Any], folder: Path) -> None:
    program("curl"), program("openssl")
    parts = blocks("sh")
    assert len(parts) == 3
    typed = Typed([str(program("bash")), "-eu", "-o", "pipefail", "-c", "\n".join(parts)], folder)
    back = Person("nina").visit(typed.address(), "http://127.0.0.1:7777/callback")
    told = json.loads(typed.goes_on(back))
    assert (told["family_name"], told["given_name"]) == ("Zonderling", "Nina")


def test_a_state_that_is_not_ones_own_stops_the_shell(sandbox: dict[str, Any], folder: Path) -> None:
    typed = Typed([str(program("bash")), "-eu", "-c", "\n".join(blocks("sh"))], folder)
    typed.address()
    said, _ = typed.process.communicate("http://127.0.0.1:7777/callback?code=x&state=other\n", timeout=SECONDS)
    assert (typed.process.returncode, said) == (1, "")


def test_the_program_logs_somebody_in_and_gets_a_token_for_an_employer(sandbox: dict[str, Any], folder: Path) -> None:
    (source,) = blocks("python")
    typed = Typed([sys.executable, "-c", source], folder)
    person = Person("ugo", enterprise(sandbox, "brewery"))
    said = typed.goes_on(person.visit(typed.address(), sandbox["playground"]))
    assert "logged in:" in said and f"'enterprise': '{enterprise(sandbox, 'brewery')}'" in said and "userinfo:" in said
