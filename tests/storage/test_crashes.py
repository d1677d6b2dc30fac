"""Writers that are killed lose nothing that they acknowledged and leave nothing half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iam.domain.audit import verify_chain
from iam.domain.enterprises import CapacityHeld
from iam.storage.archive import open_archive
from tests.storage.clocks import SetClock

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 2
READY_WITHIN = 5


def crash(url: str, kind: str, folder: Path, cycle: int, acknowledgements: int) -> set[str]:
    """Let writers run until they acknowledged so much together, kill them all, and return what they acknowledged."""
    files = [folder / f"acknowledged-{cycle}-{number}" for number in range(WRITERS)]
    processes = []
    for number, file in enumerate(files):
        command = [sys.executable, "-m", "tests.storage.crashing", url, f"{cycle}-{number}", kind]
        with file.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, cwd=ROOT, start_new_session=True)
        processes.append(process)
    waiting_until = time.monotonic() + 60
    while sum(file.read_bytes().count(b"\n") for file in files) < acknowledgements:
        assert time.monotonic() < waiting_until, "the writers acknowledge nothing"
        time.sleep(0.002)
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return {line for file in files for line in file.read_text().splitlines()}


def damage(url: str, acknowledged: set[str]) -> list[str]:
    """What is wrong with an archive after a crash; nothing, if it keeps its promises."""
    started = time.monotonic()
    archive = open_archive(url, SetClock())
    with archive.reading() as reading:
        facts = {one.id for one in reading.find(CapacityHeld)}
    found = [] if time.monotonic() - started < READY_WITHIN else ["not ready again in time"]
    leaves = list(archive.leaves())
    verify_chain(leaves, archive.head())
    announced = {one.objects["key"] for one in archive.unsent(limit=10**6)}
    found += [f"lost: {key}" for key in acknowledged - facts]
    audited = {one.leaf.objects["key"] for one in leaves}
    found += [f"half done: {key}" for key in (facts ^ audited) | (facts ^ announced)]
    if archive.revision() != len(facts):
        found.append("a revision without its change")
    archive.close()
    return found


def test_killed_writers_lose_nothing_acknowledged_and_leave_nothing_half_done(archive_url: str, tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for cycle in range(3):
        acknowledged |= crash(archive_url, "honest", tmp_path, cycle, 40)
        assert damage(archive_url, acknowledged) == []


@pytest.mark.parametrize(("kind", "sign"), [("acknowledge_early", "lost"), ("audit_later", "half done")])
def test_a_planted_fault_is_caught(archive_url: str, tmp_path: Path, kind: str, sign: str) -> None:
    acknowledged: set[str] = set()
    for cycle in range(10):
        acknowledged |= crash(archive_url, kind, tmp_path, cycle, 3)
        if any(one.startswith(sign) for one in damage(archive_url, acknowledged)):
            return
    pytest.fail("the fault was never seen")
