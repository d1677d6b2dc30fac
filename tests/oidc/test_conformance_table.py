"""The tables of what the conformance suite and RFC 9700 ask name tests that exist, and leave nothing out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oidc.conformance_table import between_marks, conformance_table, named_tests, rfc9700_table, told
from tests.oidc.suite_modules import MODULES

PLANS = told("conformance.toml")
ROWS = told("rfc9700.toml")["row"]


@pytest.mark.parametrize("plan", MODULES)
def test_every_module_of_a_plan_is_spoken_of_and_no_other(plan: str) -> None:
    assert list(PLANS[plan]["modules"]) == MODULES[plan]
    assert PLANS.keys() == MODULES.keys()


@pytest.mark.parametrize("plan", MODULES)
def test_every_module_has_tests_that_exist_or_a_reason_or_is_said_to_be_open(plan: str) -> None:
    for name, entry in PLANS[plan]["modules"].items():
        if isinstance(entry, dict):
            assert entry.keys() == {"reason"} and entry["reason"].endswith("."), name
        else:
            assert entry or name in PLANS[plan]["open"], name
            _exist(name, entry)
    assert set(PLANS[plan]["open"]) <= {name for name, entry in PLANS[plan]["modules"].items() if entry == []}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["section"]))
def test_every_row_of_rfc_9700_names_tests_that_exist(row: dict[str, Any]) -> None:
    assert row["tests"] and row["says"].endswith(".")
    _exist(row["section"], row["tests"])


def test_no_section_of_rfc_9700_is_left_out() -> None:
    sections = {row["section"].removeprefix("§") for row in ROWS}
    practices = {f"2.{number}" for number in ("1", "1.1", "1.2", "2.1", "2.2", "3", "4", "5", "6")}
    attacks = {f"4.{number}" for number in range(1, 18)}
    assert sections == practices | attacks


def test_a_test_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        _exist("nothing", ["test_code_flow.py::test_that_nobody_wrote"])
    with pytest.raises(FileNotFoundError):
        _exist("nothing", ["test_nowhere.py::test_that_nobody_wrote"])


@pytest.mark.parametrize(("name", "table"), [("conformance", conformance_table), ("RFC 9700", rfc9700_table)])
def test_the_readme_shows_the_tables_as_they_are(name: str, table: Any) -> None:
    assert between_marks(name) == table(), "run python -m tests.oidc.conformance_table"


def _exist(what: str, named: list[str]) -> None:
    for one in named:
        file, _, test = one.partition("::")
        assert test in named_tests(file), f"{what}: {one}"
