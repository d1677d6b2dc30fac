"""Child process: the SAML filter refuses the costliest of the small hostile documents, again and again."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from saml.filter import documents
from saml.refusals import SamlRefused
from tests.bench.children import serve
from tests.saml.test_s05_s06_s13_hostile_documents import HOSTILE

MOST_OCTETS = 12_000
"""Of the documents that are called small: more than twice the 5 KB of the bar."""
TRIES = 9


def refused(octets: bytes) -> bool:
    """Whether the filter refuses a document."""
    try:
        documents.response(octets)
    except SamlRefused:
        return True
    return False


class Refusing:
    """The small document that takes longest to refuse."""

    def __init__(self) -> None:
        small = [octets for octets, code in HOSTILE.values() if code and len(octets) <= MOST_OCTETS]
        self._costliest = max(small, key=_cost)
        self._count = 0

    def prepare(self, count: int) -> dict[str, Any]:
        """Take up so many."""
        self._count = count
        return {}

    def act(self) -> dict[str, Any]:
        """Refuse them; tells how many were not."""
        return {"wrong": sum(not refused(self._costliest) for _ in range(self._count))}


def _cost(octets: bytes) -> float:
    """Seconds of CPU for one."""

    def one() -> float:
        began = time.process_time()
        refused(octets)
        return time.process_time() - began

    return median(one() for _ in range(TRIES))


if __name__ == "__main__":
    doing = Refusing()
    serve({"prepare": doing.prepare, "act": doing.act})
