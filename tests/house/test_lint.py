"""The linter refuses clocks and chance outside the ports, and keeps to the agreed line length."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

RUFF = str(Path(sys.executable).parent / "ruff")


def refusals(source: str, at: str) -> str:
    """What ruff, under the project's settings, says of a source as if it stood at this path."""
    command = [RUFF, "check", "--no-cache", "--output-format=concise", "--stdin-filename", at, "-"]
    return subprocess.run(command, check=False, input=source, capture_output=True, text=True, cwd=ROOT).stdout


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\n\nx = datetime.now(UTC)\n",
        "from datetime import datetime\n\nx = datetime.utcnow()\n",
        "import datetime\n\nx = datetime.date.today()\n",
        "from time import time\n\nx = time()\n",
        "import secrets\n\nx = secrets.token_hex()\n",
        "from random import choice\n\nx = choice([1])\n",
        "from uuid import uuid4\n\nx = uuid4()\n",
        "import os\n\nx = os.urandom(8)\n",
    ],
)
def test_time_and_chance_come_from_the_ports_only(source: str) -> None:
    for place in ("iam/domain/planted.py", "iam/services/planted.py", "policies/planted.py", "oidc/planted.py"):
        assert "TID251" in refusals(source, place)
    assert "TID251" not in refusals(source, "iam/outside/planted.py")


def test_a_line_of_more_than_120_characters_is_refused() -> None:
    assert "E501" in refusals('x = "' + "y" * 120 + '"\n', "iam/domain/planted.py")
