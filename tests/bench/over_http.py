"""A stand over HTTP: requests are written before the clock runs, and answers looked at when it has stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.bench.cpu import Meter
from tests.bench.sending import Lines
from tests.bench.stands import Act, Key, WrongAnswers

PERMITTED = b'"decision":true'
ISSUED = b'"access_token":'


class Written(NamedTuple):
    """Requests, and how often a word must stand in their answers."""

    requests: list[bytes]
    word: bytes
    times: int


Write = Callable[[int], Written]
"""Writes so many requests, of which none was sent before."""


class OverHttp:
    """A server that is sent requests."""

    rounds = 1000

    def __init__(
        self, key: Key, lines: Lines, meter: Meter, write: Write, *, worth: int = 1, most: int = 20_000
    ) -> None:
        self.key = key
        self.meter = meter
        self.worth = worth
        self.most = most
        self._lines = lines
        self._write = write

    def prepare(self, count: int) -> Act:
        """Write so many requests."""
        self._lines.renew()
        written = self._write(count)
        self._lines.renew()

        def act() -> None:
            answers = self._lines.send(written.requests)
            refused = next((one for one in answers if one.status != 200), None)
            if refused is not None:
                raise WrongAnswers(f"{self.key}: {refused.status} {refused.body[:300]!r}")
            times = sum(one.body.count(written.word) for one in answers)
            if times != written.times:
                raise WrongAnswers(f"{self.key}: {written.word!r} stands {times} times in the answers: {answers[0]}")

        return act
