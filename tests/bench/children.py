"""Child processes that do something on request: one line of JSON to them, one line of JSON back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.cpu import Meter, resident

Told = dict[str, Any]
Handler = Callable[..., Mapping[str, Any]]


class ChildEnded(Exception):
    """A child ended before it answered; the message says what it wrote last."""


class Child:
    """A running module of ours."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self.meter = Meter(process.pid)

    def ask(self, do: str, **given: Any) -> Told:
        """Have something done. Raises ChildEnded."""
        self.tell(do, **given)
        return self.hear()

    def tell(self, do: str, **given: Any) -> None:
        """Ask for something without waiting."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Told:
        """The answer to what was asked first. Raises ChildEnded."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildEnded(self._log.read_text(errors="replace").strip()[-2000:] or "it ended without a word")
        told: Told = json.loads(line)
        return told

    def resident(self) -> int:
        """Bytes of memory that it has resident."""
        return resident(self._process.pid)


@contextmanager
def child(module: str, log: Path, **settings: str) -> Iterator[Child]:
    """Run a module of this folder while the block runs."""
    environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            env=environment,
        )
    try:
        yield Child(process, log)
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def serve(handlers: Mapping[str, Handler]) -> None:
    """Be such a child: answer until nothing more is asked."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(handlers[asked.pop("do")](**asked)), flush=True)
