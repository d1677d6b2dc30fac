"""Modules and functions stay short enough to read in one sitting."""

import ast
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import pytest

from tests.house.tree import DEFINITIONS, house_modules, modules_of_tests, named, parsed

MODULE_LIMIT, TEST_MODULE_LIMIT, FUNCTION_LIMIT = 300, 400, 40
MODULE_MEDIAN, FUNCTION_MEDIAN = 120, 8


def module_lengths(paths: Iterable[Path]) -> dict[str, int]:
    """Lines in each module that holds any."""
    lengths = {named(path): len(path.read_text().splitlines()) for path in paths}
    return {name: length for name, length in lengths.items() if length}


def function_lengths(paths: Iterable[Path]) -> dict[str, int]:
    """Lines in each function, from `def` to its last, docstring included."""
    lengths = {}
    for path, tree in parsed(paths):
        for node in ast.walk(tree):
            if isinstance(node, DEFINITIONS):
                lengths[f"{named(path)}:{node.lineno} {node.name}"] = (node.end_lineno or node.lineno) - node.lineno + 1
    return lengths


def over(lengths: dict[str, int], limit: int) -> dict[str, int]:
    """Those longer than the limit."""
    return {name: length for name, length in lengths.items() if length > limit}


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    assert over(module_lengths(house_modules()), MODULE_LIMIT) == {}
    assert over(module_lengths(modules_of_tests()), TEST_MODULE_LIMIT) == {}


def test_no_function_is_longer_than_forty_lines() -> None:
    assert over(function_lengths([*house_modules(), *modules_of_tests()]), FUNCTION_LIMIT) == {}


def test_the_median_module_and_function_are_short() -> None:
    assert median(module_lengths(house_modules()).values()) <= MODULE_MEDIAN
    assert median(function_lengths(house_modules()).values()) <= FUNCTION_MEDIAN


@pytest.mark.parametrize(("lines", "caught"), [(FUNCTION_LIMIT - 1, False), (FUNCTION_LIMIT, True)])
def test_a_planted_long_function_is_caught(tmp_path: Path, lines: int, caught: bool) -> None:
    planted = tmp_path / "long.py"
    planted.write_text("async def long():\n" + "    x = 1\n" * lines)
    assert bool(over(function_lengths([planted]), FUNCTION_LIMIT)) is caught


@pytest.mark.parametrize(("lines", "caught"), [(MODULE_LIMIT, False), (MODULE_LIMIT + 1, True)])
def test_a_planted_long_module_is_caught(tmp_path: Path, lines: int, caught: bool) -> None:
    planted = tmp_path / "long.py"
    planted.write_text("x = 1\n" * lines)
    assert bool(over(module_lengths([planted]), MODULE_LIMIT)) is caught
