"""Threads that ask about one right again and again, and note when each question was sent and what came of it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from iam.domain.enterprises import Capacity
from tests.running import Answer, Line, Request, Sandbox

PROVIDER = Capacity.SERVICE_PROVIDER
DECLARE = "scope:dimona:declaration:declare"
BATCH = 20
LATEST = 0.012
"""Seconds after the first permit within which the right is taken back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, when it was sent, and what came of it: the revisions of permits and of refusals, or a token."""

    sent: float
    permits: tuple[int, ...] = ()
    refusals: tuple[int, ...] = ()
    token: str | None = None

    @property
    def got(self) -> bool:
        """Whether it brought a permit or a token."""
        return bool(self.permits or self.token)


@dataclass(slots=True)
class Round:
    """Everything that was asked about one right while it was taken back."""

    thing: str
    """The id of the mandate, grant or portfolio."""
    asked: list[Asked] = field(default_factory=list)
    sent: float = 0.0
    acknowledged: float = 0.0

    @property
    def later(self) -> list[Asked]:
        """What was sent after the acknowledgement."""
        return [one for one in self.asked if one.sent > self.acknowledged]

    @property
    def together(self) -> list[Asked]:
        """What was sent just before the right was taken back, or meanwhile."""
        return [one for one in self.asked if self.sent - LATEST < one.sent < self.acknowledged]

    @property
    def tokens(self) -> list[str]:
        """The tokens that were issued."""
        return [one.token for one in self.asked if one.token]


Way = tuple[Callable[[str], Request], Callable[[float, Answer], Asked]]


class Askers:
    """They ask whether the payroll software of the bureau may declare: by checks, batches and requests for tokens."""

    def __init__(self, country: Sandbox) -> None:
        self._country = country
        check, batch, token = (self._check, checked), (self._batch, checked), (self._token, issued)
        self._ways: tuple[Way, ...] = (check, check, batch, token, token)
        self._lines = [Line(country.port) for _ in self._ways]
        self._pool = ThreadPoolExecutor(len(self._ways))

    def round(self, employer: str, thing: str, taking: Callable[[], None]) -> Round:
        """Ask for an employer until a right was taken back, and each once more."""
        done, ends, permitted = Round(thing), threading.Event(), threading.Event()

        def ask(line: Line, way: Way) -> None:
            last = False
            while not last:
                last = ends.is_set()
                request, sent = way[0](employer), time.monotonic()
                done.asked.append(way[1](sent, line.send(request)))
                if done.asked[-1].got:
                    permitted.set()

        jobs = [self._pool.submit(ask, *each) for each in zip(self._lines, self._ways, strict=True)]
        assert permitted.wait(10)
        time.sleep(random.uniform(0, LATEST))
        done.sent = time.monotonic()
        try:
            taking()
        finally:
            done.acknowledged = time.monotonic()
            ends.set()
        for job in jobs:
            job.result()
        return done

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown()
        for line in self._lines:
            line.close()

    def _subject(self) -> dict[str, Any]:
        acting = {"enterprise": self._country.number("bureau"), "capacity": PROVIDER}
        return {"type": "client", "id": self._country.clients["payroll"].client_id, "properties": acting}

    def _check(self, employer: str) -> Request:
        return self._country.check(self._subject(), "dimona", "declare", employer)

    def _batch(self, employer: str) -> Request:
        return self._country.checks(self._subject(), "dimona", "declare", [employer] * BATCH)

    def _token(self, employer: str) -> Request:
        return self._country.token_request("payroll", DECLARE, employer)


def checked(sent: float, answer: Answer) -> Asked:
    """What came of a check or a batch of checks."""
    assert answer.status == 200, answer
    verdicts = answer.told.get("evaluations", [answer.told])
    permits = tuple(int(one["context"]["revision"]) for one in verdicts if one["decision"])
    refusals = tuple(int(one["context"]["revision"]) for one in verdicts if not one["decision"])
    return Asked(sent, permits, refusals)


def issued(sent: float, answer: Answer) -> Asked:
    """What came of a request for a token."""
    assert answer.status in (200, 400), answer
    return Asked(sent, token=answer.told.get("access_token"))
