"""The settings of a house in this process's environment: what stands there, and what shall."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

OF_THE_TESTS = ("PROCURA_TEST_", "PROCURA_REQUIRE_")


def settings_around() -> list[str]:
    """The names of the settings of a house that stand in this process's environment."""
    ours = (name for name in os.environ if name.startswith("PROCURA_") or name in ("PORT", "DATABASE_URL"))
    return [name for name in ours if not name.startswith(OF_THE_TESTS)]


def arrange(patch: pytest.MonkeyPatch, settings: Mapping[str, str]) -> None:
    """Let these be the only settings of a house in this process's environment."""
    for name in settings_around():
        patch.delenv(name)
    for name, value in settings.items():
        patch.setenv(name, value)
