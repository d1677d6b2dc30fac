"""What is known of a grown country: whom to ask about and who asks, as files tell it to every child."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICE, ACTION, SCOPE, GROUP = "dimona", "declare", "scope:dimona:declaration:declare", "dmfa-dimona"
EVALUATE = "scope:authorization:decision:evaluate"
COUNTRY, QUESTIONS, MANDATES = "country.json", "questions.tsv", "mandates.tsv"
"""Files in which a country is described: its software, what to ask, and every mandate."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and whether the answer is yes."""

    client: str
    enterprise: str
    capacity: str
    mandator: str
    allowed: bool


class Described:
    """A grown country as its description tells it."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / COUNTRY).read_text(encoding="utf-8"))
        self.providers: dict[str, dict[str, Any]] = told["providers"]
        self.served: dict[str, list[str]] = told["served"]
        self.manager: dict[str, str] = told["manager"]
        self.caller: dict[str, Any] = told["caller"]
        self._folder = folder

    def questions(self) -> Iterator[Asked]:
        """The questions, in no order; they begin anew when all were asked."""
        while True:
            with (self._folder / QUESTIONS).open(encoding="ascii") as lines:
                for line in lines:
                    provider, mandator, allowed = line.split()
                    told = self.providers[provider]
                    yield Asked(told["client_id"], provider, told["capacity"], mandator, allowed == "1")

    def mandators(self) -> list[str]:
        """Every mandator that a question is about, once."""
        with (self._folder / QUESTIONS).open(encoding="ascii") as lines:
            return list(dict.fromkeys(line.split()[1] for line in lines))
