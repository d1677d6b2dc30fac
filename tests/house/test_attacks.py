"""Every family of attacks in the table has tests over many inputs, and no test names a family that is not there."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.tree import DEFINITIONS, ROOT, modules_of_tests, named, parsed

TABLE = ROOT / "tests" / "attacks.toml"
FEW = 3
"""So many tests with one input each count as much as one with many."""
FAMILY = re.compile(r"([A-Z])(\d\d)")
_MANY = ("parametrize", "given")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Marked:
    """A test that shows families to be refused."""

    place: str
    families: tuple[str, ...]
    many: bool
    """Whether it runs over several inputs."""


def families_in(table: Path) -> list[str]:
    """The ids of the families, in the order in which they stand."""
    return list(tomllib.loads(table.read_text(encoding="utf-8")))


def marked_tests(paths: Iterable[Path]) -> list[Marked]:
    """Each test with a mark of its own or of its class or module."""
    return [one for path, tree in parsed(paths) for one in _of_module(path, tree)]


def faults(families: Iterable[str], tests: Iterable[Marked]) -> list[str]:
    """What is wrong between the table and the tests."""
    known, shown = list(families), list(tests)
    found = [
        f"{one.place} names {id_}, which is no family" for one in shown for id_ in one.families if id_ not in known
    ]
    found += [f"{id_} is no id of a family" for id_ in known if not FAMILY.fullmatch(id_)]
    found += [f"{after} stands after {before}" for before, after in pairwise(known) if after <= before]
    for id_ in known:
        mine = [one for one in shown if id_ in one.families]
        if not any(one.many for one in mine) and len(mine) < FEW:
            found.append(f"{id_} has {len(mine)} tests, none of them over many inputs")
    return found


def _of_module(path: Path, tree: ast.Module) -> Iterator[Marked]:
    assigned = {target.id: node.value for node in tree.body for target, node in _assignments(node)}
    of_all = _families([assigned["pytestmark"]]) if "pytestmark" in assigned else ()
    holders: list[tuple[tuple[str, ...], ast.Module | ast.ClassDef]] = [(of_all, tree)]
    holders += [(of_all + _families(one.decorator_list), one) for one in tree.body if isinstance(one, ast.ClassDef)]
    varied = {one.name for one in tree.body if isinstance(one, DEFINITIONS) and _is_fixture_of_many(one)}
    for inherited, holder in holders:
        for test in holder.body:
            if isinstance(test, DEFINITIONS) and test.name.startswith("test_"):
                families = inherited + _families(test.decorator_list)
                if families:
                    yield Marked(f"{named(path)}:{test.lineno} {test.name}", families, _many(test, assigned, varied))


def _assignments(node: ast.stmt) -> list[tuple[ast.Name, ast.Assign]]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [(one, node) for one in targets if isinstance(one, ast.Name) and isinstance(node, ast.Assign)]


def _families(marks: Iterable[ast.expr]) -> tuple[str, ...]:
    """The ids in marks, which may stand in lists."""
    calls = [one for mark in marks for one in ast.walk(mark) if isinstance(one, ast.Call)]
    named_by = [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "attack"]
    return tuple(str(ast.literal_eval(id_)) for one in named_by for id_ in one.args)


def _many(test: Function, assigned: dict[str, ast.expr], varied: set[str]) -> bool:
    """Whether a decorator gives many inputs, itself or under a name of the module, or a fixture of the module does."""
    decorators = [assigned.get(getattr(one, "id", ""), one) for one in test.decorator_list]
    names = {getattr(one.func, "attr", getattr(one.func, "id", "")) for one in decorators if isinstance(one, ast.Call)}
    return not names.isdisjoint(_MANY) or not varied.isdisjoint(one.arg for one in test.args.args)


def _is_fixture_of_many(function: Function) -> bool:
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call)]
    return any(word.arg == "params" for one in calls for word in one.keywords)


def test_every_family_of_attacks_has_tests_over_many_inputs() -> None:
    assert faults(families_in(TABLE), marked_tests(modules_of_tests())) == []


PLANTED = """
import pytest
pytestmark = [pytest.mark.attack("A01")]
EACH = pytest.mark.parametrize("x", [1, 2])

@pytest.fixture(params=[1, 2])
def many(request): ...

@pytest.mark.attack({ids})
{more}
def test_planted({arguments}): ...
"""


@pytest.mark.parametrize(
    ("table", "ids", "more", "arguments", "wrong"),
    [
        (["A01", "B02"], '"B02"', '@pytest.mark.parametrize("x", [1, 2])', "x", []),
        (["A01", "B02", "B03"], '"B02", "B03"', "@EACH", "x", []),
        (["A01", "B02"], '"B02"', "@given(st.text())", "x", []),
        (["A01", "B02"], '"B02"', "", "many", []),
        (["A01"], '"A01"', "", "", ["A01 has 1 tests"]),
        (["A01", "B02"], '"B02"', "@pytest.mark.usefixtures('one')", "", ["A01 has 1 tests", "B02 has 1 tests"]),
        (["A01", "B02", "B03"], '"B02"', "@EACH", "x", ["B03 has 0 tests"]),
        (["A01"], '"B02"', "@EACH", "x", ["names B02, which is no family"]),
        (["B02", "A01"], '"B02"', "@EACH", "x", ["A01 stands after B02"]),
        (["A01", "B02", "B2"], '"B02", "B2"', "@EACH", "x", ["B2 is no id"]),
    ],
)
def test_a_planted_fault_between_table_and_tests_is_caught(
    tmp_path: Path, table: list[str], ids: str, more: str, arguments: str, wrong: list[str]
) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(PLANTED.format(ids=ids, more=more, arguments=arguments))
    found = faults(table, marked_tests([planted]))
    assert len(found) == len(wrong) and all(part in one for part, one in zip(wrong, found, strict=True))


def test_three_tests_with_one_input_each_are_as_good_as_one_with_many(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    for count, enough in ((FEW - 1, False), (FEW, True)):
        tests = (f'@pytest.mark.attack("A01")\ndef test_{number}(): ...\n' for number in range(count))
        planted.write_text("\n".join(tests))
        assert (faults(["A01"], marked_tests([planted])) == []) is enough
