"""The import contracts hold, cover every room of the house, and catch what they forbid."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house import contracts
from tests.house.tree import PACKAGES, ROOT, house_modules, named, parsed

OUTSIDE_THE_LAYERS = {"iam.relying", "iam.sandbox"}
ROOMS = [
    *("iam/cli.py", "iam/app.py", "iam/settings.py", "iam/ports.py", "iam/domain/facts.py", "iam/services/one.py"),
    *("iam/storage/tables.py", "iam/outside/clock.py", "iam/web/guard.py", "iam/api/checks.py"),
    *("iam/relying/kit.py", "iam/sandbox/country.py", "policies/engine.py", "oidc/keys.py", "tests/reference/judge.py"),
]


def rooms(root: Path) -> set[str]:
    """The rooms that exist: modules and packages just under `iam`, and the other packages of the house."""
    others = {name for name in PACKAGES if name != "iam" and contracts.exists(name, root)}
    return others | {
        f"iam.{path.stem}"
        for path in (root / "iam").iterdir()
        if contracts.exists(f"iam.{path.stem}", root) and path.stem != "__init__"
    }


def layered() -> set[str]:
    """The rooms that the layers name."""
    layers = contracts.stated()["contracts"][0]["layers"]
    return set(re.findall(r"[\w.]+", " ".join(layers)))


def foreign_imports(paths: Iterable[Path], allowed: str) -> list[str]:
    """Imports from neither the standard library nor `allowed`."""
    return [
        f"{named(path)} imports {module}"
        for path, tree in parsed(paths)
        for module in contracts.imported(tree)
        if module.split(".")[0] not in sys.stdlib_module_names and not f"{module}.".startswith(f"{allowed}.")
    ]


def house_of(root: Path, importer: str, statement: str) -> Path:
    """Build a house with every room, all empty but for one statement."""
    for room in ROOMS:
        path = root / room
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in [path.parent, *path.parent.parents]:
            if folder.is_relative_to(root) and folder != root:
                (folder / "__init__.py").touch()
        path.touch()
    (root / importer).write_text(statement)
    return root


def test_the_contracts_are_kept() -> None:
    done = contracts.check()
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place_in_the_layers() -> None:
    assert rooms(ROOT) - OUTSIDE_THE_LAYERS <= layered()
    assert {room for room in rooms(ROOT) if "." not in room} <= set(contracts.stated()["root_packages"])


def test_the_domain_imports_the_standard_library_only() -> None:
    assert foreign_imports((path for path in house_modules() if "domain" in path.parts), "iam.domain") == []


def test_a_planted_foreign_import_in_the_domain_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import json\nimport iam.domain.errors\nfrom iam.ports import Clock\ndef f():\n    import attrs")
    assert [line.split()[-1] for line in foreign_imports([planted], "iam.domain")] == ["iam.ports", "attrs"]


def test_a_house_that_keeps_to_its_layers_is_accepted(tmp_path: Path) -> None:
    done = contracts.check(
        house_of(tmp_path, "iam/app.py", "import oidc.keys, iam.storage.tables, sqlalchemy, policies")
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "statement"),
    [
        ("iam/domain/facts.py", "import iam.ports"),
        ("iam/services/one.py", "import iam.storage.tables"),
        ("iam/services/one.py", "import policies.engine"),
        ("iam/services/one.py", "import iam.web.guard"),
        ("iam/api/checks.py", "import oidc.keys"),
        ("oidc/keys.py", "import iam.app"),
        ("iam/app.py", "import casbin"),
        ("iam/services/one.py", "def f():\n    from sqlalchemy.orm import Session"),
        ("iam/api/checks.py", "import psycopg"),
        ("iam/cli.py", "import iam.sandbox.country"),
        ("iam/app.py", "import iam.relying.kit"),
        ("iam/sandbox/country.py", "import iam.storage.tables"),
        ("tests/reference/judge.py", "import policies.engine"),
        ("tests/reference/judge.py", "from iam.domain import facts"),
    ],
)
def test_a_planted_forbidden_import_is_caught(tmp_path: Path, importer: str, statement: str) -> None:
    done = contracts.check(house_of(tmp_path, importer, statement))
    assert done.returncode != 0
    assert "1 broken" in done.stdout
