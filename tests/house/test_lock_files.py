"""The lock files pin all that the project asks for, with hashes, from no particular index, and agree."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

LOCKS = {"requirements.lock": ["build"], "requirements-dev.lock": ["build", "test"]}
ENTRY = re.compile(r"^([\w.-]+)==([\w.+!]+)(?: ;[^\n]*?)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    return {name: version for name, version, _ in ENTRY.findall(lock)}


def faults(lock: str) -> list[str]:
    """Lines that name an index, and entries without a hash or in a form that is not understood."""
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    options = [line for line in lines if line.startswith("-")]
    entries = [line for line in lines if not line.startswith(("-", " "))]
    hashed = {name for name, _, hashes in ENTRY.findall(lock) if hashes}
    return options + [entry for entry in entries if re.split(r"[ =@]", entry)[0] not in hashed]


def unmet(asked: list[str], pinned: dict[str, str]) -> list[str]:
    """Requirements that no pin meets."""
    wanted = [(each, pinned.get(canonicalize_name(each.name))) for each in map(Requirement, asked)]
    return [str(each) for each, version in wanted if version is None or version not in each.specifier]


def asked_for(groups: list[str]) -> list[str]:
    """What pyproject.toml asks for to run the house, and in these dependency groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extra = [line for group in groups for line in project["dependency-groups"][group]]
    return [*project["project"]["dependencies"], *project["build-system"]["requires"], *extra]


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes_and_no_index_is_named(name: str) -> None:
    assert faults((ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_meets_all_that_is_asked(name: str) -> None:
    assert unmet(asked_for(LOCKS[name]), pins((ROOT / name).read_text())) == []


def test_a_larger_lock_holds_the_smaller_one_at_the_same_versions() -> None:
    smaller, larger = (pins((ROOT / name).read_text()) for name in LOCKS)
    assert smaller.items() < larger.items()


def test_planted_faults_in_a_lock_are_caught(tmp_path: Path) -> None:
    good = "flask==3.1.3 ; python_version > '3' \\\n    --hash=sha256:" + "a" * 64 + "\n    # via procura\n"
    assert faults(good) == []
    assert faults("--index-url https://example.org\n" + good) == ["--index-url https://example.org"]
    assert faults(good + "six==1.0\n") == ["six==1.0"]
    assert faults(good + "six @ https://example.org/six.whl\n") == ["six @ https://example.org/six.whl"]
    assert unmet(["flask>=4", "six", "Flask"], pins(good)) == ["flask>=4", "six"]
