"""Child process: plain Casbin with every mandate as a policy line, which it matches itself."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import casbin
from casbin.model import FastModel, Model

from tests.bench.children import serve
from tests.bench.described import ACTION, GROUP, MANDATES, Described

TEXT = """
[request_definition]
r = client, mandator, group, action, now
[policy_definition]
p = mandatary, mandator, group, action, since, until
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.mandator == p.mandator && r.group == p.group && r.action == p.action && g(r.client, p.mandatary) && \
r.now >= p.since && r.now < p.until
"""
FAST_BY = [1, 2]
"""FastEnforcer looks policies up by mandator and group."""

Policy = tuple[str, str, str, str, int, int]


def policies(folder: Path) -> Iterator[Policy]:
    """Every mandate as a policy line."""
    with (folder / MANDATES).open(encoding="ascii") as lines:
        for line in lines:
            mandator, mandatary, _, group, since, until = line.rstrip("\n").split("\t")
            yield mandatary, mandator, group, ACTION, int(since), int(until)


def enforcer(fast: bool, held: Iterator[Policy], clients: dict[str, str]) -> Callable[..., bool]:
    """Casbin over these policies, and over software by its client_id with the enterprise that it acts for.

    Policies are put in place at once: Casbin's own way of adding them counts them anew for each.
    """
    model = FastModel(FAST_BY) if fast else Model()
    model.load_model_from_text(TEXT)
    place = model["p"]["p"]
    if fast:
        for one in held:
            place.policy.append(one)
    else:
        place.policy = list(held)
    for client, enterprise in clients.items():
        model.add_policy("g", "g", [client, enterprise])
    made = casbin.FastEnforcer(model, cache_key_order=FAST_BY) if fast else casbin.Enforcer(model)
    made.build_role_links()
    made.logger.setLevel(logging.ERROR)
    enforce: Callable[..., bool] = made.enforce
    return enforce


class Peer:
    """Casbin, asked the questions in their order."""

    def __init__(self, fast: bool, folder: Path) -> None:
        logging.disable(logging.INFO)
        described = Described(folder)
        clients = {told["client_id"]: number for number, told in described.providers.items()}
        self._enforce = enforcer(fast, policies(folder), clients)
        self._questions = described.questions()
        self._ready: list[tuple[tuple[str, str, int], bool]] = []

    def prepare(self, count: int) -> dict[str, Any]:
        """Make questions ready, which is not measured."""
        now = int(time.time())
        self._ready = [((one.client, one.mandator, now), one.allowed) for one in islice(self._questions, count)]
        return {}

    def act(self) -> dict[str, Any]:
        """Decide them; tells how many answers were not as they should be."""
        enforce, wrong = self._enforce, 0
        for (client, mandator, now), allowed in self._ready:
            wrong += enforce(client, mandator, GROUP, ACTION, now) is not allowed
        return {"wrong": wrong}


if __name__ == "__main__":
    peer = Peer(os.environ["BENCH_FAST"] == "1", Path(os.environ["BENCH_COUNTRY"]))
    serve({"prepare": peer.prepare, "act": peer.act})
