"""Reads a provider's settings one by one and collects what is wrong with them; what nobody read is wrong, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from iam.settings import UnsafeSettings

MOST_CHARS: Final = 512
MOST_ITEMS: Final = 50


class SettingsReader:
    """The settings of one provider while they are read."""

    def __init__(self, provider: str, settings: Mapping[str, object]) -> None:
        self._provider = provider
        self._settings = dict(settings)
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without default it must be there."""
        value = self._settings.pop(name, default)
        if isinstance(value, str) and len(value) <= MOST_CHARS and value.isprintable() and (value or default == ""):
            return value
        self.problems.append(f"{name} must be a text of 1 to {MOST_CHARS} characters")
        return ""

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of different texts without blanks in them."""
        value = self._settings.pop(name, list(default))
        if isinstance(value, list) and len(value) <= MOST_ITEMS:
            texts = tuple(one for one in value if isinstance(one, str) and one and len(one.split()) == 1)
            if len(set(texts)) == len(value):
                return texts
        self.problems.append(f"{name} must be a list of different texts without blanks")
        return ()

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of the choices; the first where nothing is said."""
        value = self._settings.pop(name, choices[0])
        if isinstance(value, str) and value in choices:
            return value
        self.problems.append(f"{name} must be one of {', '.join(choices)}")
        return choices[0]

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._settings.pop(name, default)
        if isinstance(value, bool):
            return value
        self.problems.append(f"{name} must be true or false")
        return default

    def table(self, name: str, defaults: Mapping[str, str] | None) -> dict[str, str]:
        """A table of texts; with defaults it may have no other members than they."""
        value = self._settings.pop(name, {})
        if isinstance(value, Mapping) and all(
            isinstance(one, str) and len(one) <= MOST_CHARS for one in value.values()
        ):
            told = {str(key): str(one) for key, one in value.items()}
            if defaults is None or told.keys() <= defaults.keys():
                return {**(defaults or {}), **told}
        known = "" if defaults is None else f" of {', '.join(defaults)}"
        self.problems.append(f"{name} must be a table{known} with texts")
        return dict(defaults or {})

    def finish(self) -> None:
        """Refuse what is wrong, and what is left over. UnsafeSettings."""
        self.problems += [f"{name} is not a setting of this kind" for name in sorted(self._settings)]
        if self.problems:
            raise UnsafeSettings([f"login provider {self._provider}: {problem}" for problem in self.problems])
