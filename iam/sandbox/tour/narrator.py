"""The narrator: shows requests and answers so that a person can read them, the same text for the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from iam.domain.periods import local_date, parse_instant

WIDTH = 110
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")


class Narrator:
    """Prints the tour.

    What differs from one tour to the next, such as ids and tokens, is shown under a name that the tour gives it, and
    an instant by its day in Brussels.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._names: dict[str, str] = {}

    def name(self, value: str, name: str) -> None:
        """Show a value under a name from here on."""
        self._names[value] = f"‹{name}›"

    def part(self, title: str) -> None:
        """Open a part of the tour."""
        self._console.print()
        self._console.rule(f"[bold]{escape(title)}", align="left", style="cyan")

    def step(self, number: int, title: str) -> None:
        """Open a step."""
        self._console.print(f"\n[bold cyan]{number:>2}[/]  [bold]{escape(title)}[/]", soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Explain something."""
        self._line(f"    [italic]{escape(sentence)}[/]")

    def request(self, method: str, path: str, who: str, sent: Mapping[str, Any] | None = None) -> None:
        """Show a request: what is sent, and on whose behalf."""
        self._line(f"    [blue]→ {method} {escape(self._told(path))}[/]  [dim]{escape(who)}[/]")
        self._lines(sent or {}, "      ")

    def answer(self, status: str, good: bool, told: Mapping[str, Any]) -> None:
        """Show an answer, or the part of it that matters."""
        style = "green" if good else "red"
        self._line(f"    [{style}]← {escape(status)}[/]")
        self._lines(told, "      ")

    def decision(self, allowed: bool, sentence: str, told: Mapping[str, Any]) -> None:
        """Show the answer to a check."""
        sign = "[bold green]✔ permitted[/]" if allowed else f"[bold red]✘ refused[/]  {escape(sentence)}"
        self._line(f"    ← {sign}")
        self._lines(told, "      ")

    def wrong(self, title: str, why: str) -> None:
        """Say which step did not do what it must."""
        self._line(f"\n[bold red]The tour ends here: '{escape(title)}' did not do what it must.[/]")
        self._line(f"    {escape(self._told(why))}")

    def close(self, places: Mapping[str, str]) -> None:
        """Say where to go next."""
        self.part("Where to go next")
        for what, where in places.items():
            self._line(f"    {escape(what):<34}[cyan]{escape(where)}[/]")

    def _line(self, markup: str) -> None:
        self._console.print(markup, soft_wrap=True, highlight=False)

    def _lines(self, told: Mapping[str, Any], indent: str) -> None:
        for name, value in flattened(told):
            self._line(f"{indent}[dim]{escape(name)}:[/] {escape(self._value(value))}")

    def _value(self, value: object) -> str:
        if isinstance(value, bool) or value is None:
            return {True: "yes", False: "no", None: "–"}[value]
        return self._told(str(value))

    def _told(self, text: str) -> str:
        """A text with values under their names and instants by their days; longer values first."""
        for value in sorted(self._names, key=len, reverse=True):
            text = text.replace(value, self._names[value])
        return _INSTANT.sub(lambda found: str(local_date(parse_instant(found[0]))), text)


def flattened(told: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, object]]:
    """The members of a JSON object by their paths; a list of texts is one value."""
    for name, value in told.items():
        path = f"{within}{name}"
        if isinstance(value, Mapping) and value:
            yield from flattened(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            for place, one in enumerate(value):
                yield from flattened(one, f"{path}[{place}].")
        elif isinstance(value, list | tuple):
            yield path, ", ".join(map(str, value))
        else:
            yield path, value


def picked(told: Any, *paths: str) -> dict[str, Any]:
    """Some members of a JSON object, by dotted paths, under their last names; what is not there is left out."""
    found: dict[str, Any] = {}
    for path in paths:
        value = told
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value not in (None, {}, []):
            found[path.rsplit(".", 1)[-1]] = value
    return found
