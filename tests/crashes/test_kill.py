"""The service is killed in the midst of its work, again and again: nothing acknowledged is lost or half done."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from tests.backstage import backstage
from tests.crashes.clusters import Cluster
from tests.crashes.deeds import DONE, Deed, Plans
from tests.crashes.inspection import Inspection, thing_of
from tests.crashes.planted import FAULTS
from tests.crashes.recorder import Recorder, Writers
from tests.running import Sandbox, Service, healthy, sandbox

CYCLES = int(os.environ.get("PROCURA_TEST_CRASHES", "50"))
"""Kills in one run, over both engines."""
ON_POSTGRESQL = CYCLES * 3 // 10
READY_WITHIN = float(os.environ.get("PROCURA_TEST_READY_SECONDS", "60"))
PLANTED_CYCLES = 5
"""Kills within which a planted fault must be found."""
SIGNS = {
    "acknowledged before commit": ("was acknowledged", "cannot be done"),
    "audited in a second transaction": ("changed without",),
    "announced in a second transaction": ("announced otherwise",),
    "answer kept in a second transaction": ("was done before", "kept"),
}
"""What the comparison says of each planted fault."""
LONGEST = 0.4
"""Seconds for which writers work at most, once all are at work."""


@dataclass(slots=True)
class Scene:
    """The sandbox, the service that is killed, and the outside recorder."""

    country: Sandbox
    service: Service
    recorder: Recorder
    plans: Plans
    since: int
    """The revision before the first deed."""
    ready: list[float] = field(default_factory=list)
    interrupted: int = 0

    def working(self) -> Writers:
        """Writers who have been at work for a random while."""
        writers = Writers(self.country, self.recorder, self.plans.all())
        writers.start()
        time.sleep(random.uniform(0, LONGEST))
        return writers

    def cycle(self, kill: Callable[[], None]) -> None:
        """Work, be killed, come back, and be compared with what the recorder noted."""
        writers = self.working()
        kill()
        writers.join()
        assert {answer.status for _, answer in writers.unexpected} <= {503}, writers.unexpected
        self.ready.append(self.service.start())
        self.compare()

    def compare(self) -> None:
        """Compare the database with the recorder's file, then repeat what was not acknowledged."""
        asked, told = self.recorder.read()
        found = Inspection(self.country)
        found.check_whole(self.since)
        open_deeds = [deed for number, deed in asked.items() if number not in told]
        for deed in open_deeds:
            self._settle(deed, found)
        asked, told = self.recorder.read()
        Inspection(self.country).check_acknowledged(asked, told)

    def _settle(self, deed: Deed, found: Inspection) -> None:
        """Repeat a deed under its key: whether it was done before or not, it is now done once."""
        self.interrupted += 1
        if deed.kind == "token":
            return
        before = found.done_before(deed)
        answer = self.country.send(deed.request(self.country))
        assert answer.status == DONE[deed.kind], f"{deed} was done before, or cannot be done: {answer}"
        assert before in (None, thing_of(deed, answer.told)), f"{deed} was done before as {before}, and now again"
        self.recorder.acknowledged(deed, answer)


@contextmanager
def scene(data: Path, url: str, *command: str) -> Iterator[Scene]:
    """A loaded sandbox with a running service, started by `procura serve` or another command."""
    with sandbox(data, url) as country, backstage(country) as behind:
        service = Service(country.environment, data / "service.log", command)
        plans = Plans(behind)
        service.start()
        try:
            since = behind.house.archive.revision()
            yield Scene(country, service, Recorder(data / "acknowledged.jsonl"), plans, since)
        finally:
            if service.running():
                service.kill()


def check_cycles(one: Scene, cycles: int, kill: Callable[[int], None]) -> None:
    """Kill so many times."""
    for cycle in range(cycles):
        one.cycle(lambda cycle=cycle: kill(cycle))  # type: ignore[misc]
    print(f"ready again after {median(one.ready):.1f} s, at most {max(one.ready):.1f} s")
    assert median(one.ready) <= READY_WITHIN
    assert one.interrupted >= cycles


@pytest.mark.slow
def test_on_sqlite_nothing_acknowledged_is_lost_and_nothing_is_half_done(tmp_path: Path) -> None:
    with scene(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}") as one:
        check_cycles(one, CYCLES - ON_POSTGRESQL, lambda _: one.service.kill())


@pytest.mark.slow
def test_on_postgresql_nothing_acknowledged_is_lost_and_nothing_is_half_done(
    tmp_path: Path, own_cluster: Cluster
) -> None:
    """In every third cycle the database's own processes are killed just before the service's."""
    with scene(tmp_path, own_cluster.database()) as one:

        def kill(cycle: int) -> None:
            if cycle % 3 == 0:
                own_cluster.kill()
            one.service.kill()
            own_cluster.await_recovery()

        check_cycles(one, ON_POSTGRESQL, kill)


def test_a_service_outlives_the_crash_of_its_database(tmp_path: Path, own_cluster: Cluster) -> None:
    """While the database is away it is said to be unavailable; nothing else is said, and nothing is lost."""
    with scene(tmp_path, own_cluster.database()) as one:
        writers = one.working()
        own_cluster.kill()
        began = time.monotonic()
        writers.join()
        assert {answer.status for _, answer in writers.unexpected} <= {503}, writers.unexpected
        while not healthy(one.country.port):
            assert time.monotonic() < began + READY_WITHIN
            time.sleep(0.02)
        reading = [one.country.send(one.country.act("rosa", "GET", "/me")).status for _ in range(40)]
        assert set(reading) == {200}
        one.compare()
        assert one.service.running()


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(tmp_path: Path, fault: str) -> None:
    command = (sys.executable, "-m", "tests.crashes.planted", fault)
    with (
        scene(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}", *command) as one,
        pytest.raises(AssertionError) as found,
    ):
        for _ in range(PLANTED_CYCLES):
            one.cycle(one.service.kill)
    assert one.ready, "it was found, but not by a kill"
    assert any(sign in str(found.value) for sign in SIGNS[fault]), found.value
