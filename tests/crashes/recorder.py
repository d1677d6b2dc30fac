"""The outside recorder: a file of its own in which it notes what was asked, and what was acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.crashes.deeds import DONE, Deed, Plan
from tests.running import Answer, Line, Sandbox


class Recorder:
    """Notes deeds and acknowledgements, line by line, each written before anybody goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)

    def asked(self, deed: Deed) -> None:
        """Note what is about to be asked."""
        self._note({"asked": asdict(deed)})

    def acknowledged(self, deed: Deed, answer: Answer) -> None:
        """Note that the service said it is done."""
        self._note({"acknowledged": deed.number, "told": answer.told})

    def read(self) -> tuple[dict[int, Deed], dict[int, Any]]:
        """What was asked, and what was told of that which was acknowledged, by number."""
        asked, acknowledged = {}, {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            noted = json.loads(line)
            if "asked" in noted:
                asked[noted["asked"]["number"]] = Deed(**noted["asked"])
            else:
                acknowledged[noted["acknowledged"]] = noted["told"]
        return asked, acknowledged

    def _note(self, noted: dict[str, Any]) -> None:
        self._file.write(json.dumps(noted).encode() + b"\n")


class Writers:
    """One thread a plan, each with its own connection, at work until the service is gone."""

    def __init__(self, country: Sandbox, recorder: Recorder, plans: Sequence[Callable[[], Plan]]) -> None:
        self._country = country
        self._recorder = recorder
        self.unexpected: list[tuple[Deed, Answer]] = []
        self._first = threading.Barrier(len(plans) + 1)
        self._threads = [threading.Thread(target=self._work, args=(plan(),), daemon=True) for plan in plans]

    def start(self) -> None:
        """Start all writers; returns once each has had its first acknowledgement."""
        for thread in self._threads:
            thread.start()
        try:
            self._first.wait(30)
        except threading.BrokenBarrierError:
            raise AssertionError(f"not all writers came to work: {self.unexpected}") from None

    def join(self) -> None:
        """Wait until all have noticed that the service is gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a writer still waits for an answer"

    def _work(self, plan: Plan) -> None:
        line, waited = Line(self._country.port), False
        deed = next(plan)
        try:
            while True:
                request = deed.request(self._country)
                self._recorder.asked(deed)
                answer = line.send(request)
                if answer.status != DONE[deed.kind]:
                    self.unexpected.append((deed, answer))
                    return
                self._recorder.acknowledged(deed, answer)
                if not waited:
                    waited = True
                    self._first.wait(30)
                deed = plan.send(answer.told)
        except (OSError, http.client.HTTPException, threading.BrokenBarrierError):
            return
        finally:
            line.close()
            if not waited:
                self._first.abort()
