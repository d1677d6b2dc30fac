"""Every test can fail: it asserts something, itself or through a function of the tests that it calls."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house.tree import DEFINITIONS, modules_of_tests, named, parsed

TELLING = {"raises", "fail", "warns", "validate", "expect", "run_state_machine_as_test"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def harmless(paths: Iterable[Path]) -> list[str]:
    """Tests that cannot fail by what they say: nothing in them, or in what they call, is ever asserted."""
    functions = [(named(path), node) for path, tree in parsed(paths) for node in _functions(tree)]
    telling = set(TELLING)
    while found := {node.name for _, node in functions if node.name not in telling and _tells(node, telling)}:
        telling |= found
    return [
        f"{path}:{node.lineno} {node.name}"
        for path, node in functions
        if node.name.startswith("test_") and not _tells(node, telling)
    ]


def _functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, DEFINITIONS)]


def _tells(function: Function, telling: set[str]) -> bool:
    return any(_asserts(node) or _called(node) in telling for node in ast.walk(function))


def _asserts(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    return getattr(node.func, "attr", None) or getattr(node.func, "id", None)


def test_every_test_can_fail() -> None:
    assert harmless(modules_of_tests()) == []


@pytest.mark.parametrize(
    ("body", "caught"),
    [
        ("pass", True),
        ("assert True", True),
        ("print(1)", True),
        ("assert x == 1", False),
        ("with pytest.raises(ValueError): f()", False),
        ("must_hold(1)", False),
        ("case.twice(1)", False),
    ],
)
def test_a_planted_test_that_cannot_fail_is_caught(tmp_path: Path, body: str, caught: bool) -> None:
    planted = tmp_path / "planted.py"
    helpers = "def must_hold(x):\n    assert x\n\ndef twice(x):\n    must_hold(x)\n\n"
    planted.write_text(f"{helpers}def test_planted():\n    {body}\n")
    assert bool(harmless([planted])) is caught
