"""Pace: how fast one network address may begin what is kept, so that a flood fills neither memory nor the archive."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

from iam.web import problems
from iam.web.problems import ProblemAnswer

AT_ONCE: Final = 300
"""Logins that one address may begin at once: a large office reaches us by one."""
A_SECOND: Final = 5
"""And after that, how many each second."""
ADDRESSES: Final = 20_000
"""How many addresses are remembered by one process; the one that was not seen for longest is forgotten."""


class Pace:
    """Counts beginnings by address in the memory of one process, which may forget: it never decides who gets in."""

    def __init__(self, at_once: int = AT_ONCE, a_second: float = A_SECOND, addresses: int = ADDRESSES) -> None:
        self._at_once = at_once
        self._a_second = a_second
        self._addresses = addresses
        self._seen: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._turn = threading.Lock()

    def begin(self, address: str, now: datetime) -> None:
        """Count one beginning. Raises ProblemAnswer (429, with Retry-After) where it comes too early."""
        if wait := self.wait(address, now):
            raise ProblemAnswer(problems.too_many_requests(wait, self._at_once))

    def wait(self, address: str, now: datetime) -> int:
        """Count one beginning; the answer is in how many seconds it may come, and 0 where it may come now.

        An empty address, behind which anybody may be, is not counted.
        """
        if not address:
            return 0
        with self._turn:
            left, at = self._seen.pop(address, (float(self._at_once), now))
            left = min(self._at_once, left + max(0.0, (now - at).total_seconds()) * self._a_second)
            self._seen[address] = (left - 1 if left >= 1 else left, now)
            while len(self._seen) > self._addresses:
                self._seen.popitem(last=False)
        return 0 if left >= 1 else math.ceil((1 - left) / self._a_second)

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._seen)
