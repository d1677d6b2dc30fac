"""Tables of oidc/README.md, as conformance.toml and rfc9700.toml tell them."""

from __future__ import annotations

import ast
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "oidc" / "provider"
README = ROOT / "oidc" / "README.md"


def told(name: str) -> dict[str, Any]:
    """What one of the two files says."""
    return tomllib.loads((ROOT / "tests" / "oidc" / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=512)
def named_tests(file: str) -> frozenset[str]:
    """The names of the tests in a file of tests/oidc/provider, or of tests/ where its path has a slash."""
    path = (ROOT / "tests" if "/" in file else FOLDER) / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


def conformance_table() -> str:
    """One table a plan."""
    return "\n".join(_plan(plan) for plan in told("conformance.toml").values())


def rfc9700_table() -> str:
    """One row a recommendation."""
    rows = [f"| {one['section']} | {one['says']} | {_tests(one['tests'])} |" for one in told("rfc9700.toml")["row"]]
    return "\n".join(["| RFC 9700 | what it asks | shown by |", "|---|---|---|", *rows])


def between_marks(name: str) -> str:
    """What stands in the README between the marks of a table."""
    text = README.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"<!-- {name} begins -->\n")
    inside, ended, _ = rest.partition(f"\n<!-- {name} ends -->")
    assert found and ended, f"the marks of {name} are missing"
    return inside


def _plan(plan: dict[str, Any]) -> str:
    how = f", {plan['how']}" if plan["how"] else ""
    rows = [f"| `{name}` | {_cell(told)} |" for name, told in plan["modules"].items()]
    open_ones = [f"\nNot checked yet: {', '.join(f'`{one}`' for one in plan['open'])}."] if plan["open"] else []
    head = [
        f"**{plan['title']}** (`{plan['plan']}`{how})",
        "",
        "| module | our test, or why there is none |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows, *open_ones, ""])


def _cell(told: Any) -> str:
    return str(told["reason"]) if isinstance(told, dict) else _tests(told)


def _tests(named: list[str]) -> str:
    return "<br>".join(f"`{one}`" for one in named)


if __name__ == "__main__":
    written = README.read_text(encoding="utf-8")
    for mark, table in (("conformance", conformance_table()), ("RFC 9700", rfc9700_table())):
        start, _, rest = written.partition(f"<!-- {mark} begins -->\n")
        written = (
            f"{start}<!-- {mark} begins -->\n{table}\n<!-- {mark} ends -->{rest.partition(f'<!-- {mark} ends -->')[2]}"
        )
    README.write_text(written, encoding="utf-8")
