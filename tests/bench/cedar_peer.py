"""Child process: Cedar with a store of entities that is parsed once, every employer with its mandates in force."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import cedarpy

from tests.bench.casbin_peer import Policy, policies
from tests.bench.children import serve
from tests.bench.described import ACTION, Described

POLICY = """
permit (principal is Client, action == Action::"declare", resource is Employer)
when {
  resource has "dmfa-dimona" &&
  principal.enterprise == resource["dmfa-dimona"].mandatary &&
  context.now >= resource["dmfa-dimona"].since &&
  context.now < resource["dmfa-dimona"].until
};
"""


def entities(held: Iterable[Policy], clients: dict[str, str], now: int) -> str:
    """The store as JSON: software with its enterprise, employers with the mandate that each group has now."""
    mandates: dict[str, dict[str, Any]] = defaultdict(dict)
    for mandatary, mandator, group, _, since, until in held:
        if since <= now < until:
            mandates[mandator][group] = {
                "mandatary": _reference("Enterprise", mandatary),
                "since": since,
                "until": until,
            }
    software = [_entity("Client", one, {"enterprise": _reference("Enterprise", of)}) for one, of in clients.items()]
    return json.dumps([*software, *(_entity("Employer", one, held) for one, held in mandates.items())])


def _entity(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}


def _reference(kind: str, name: str) -> dict[str, Any]:
    return {"__entity": {"type": kind, "id": name}}


class Peer:
    """Cedar, asked the questions in their order."""

    def __init__(self, folder: Path) -> None:
        described = Described(folder)
        clients = {told["client_id"]: number for number, told in described.providers.items()}
        self._policies = cedarpy.PolicySet.from_str(POLICY)
        self._entities = cedarpy.Entities.from_json_str(entities(policies(folder), clients, int(time.time())))
        self._questions = described.questions()
        self._ready: list[tuple[dict[str, Any], bool]] = []

    def prepare(self, count: int) -> dict[str, Any]:
        """Make questions ready, which is not measured."""
        context = {"now": int(time.time())}
        self._ready = [
            (
                {
                    "principal": {"type": "Client", "id": one.client},
                    "action": {"type": "Action", "id": ACTION},
                    "resource": {"type": "Employer", "id": one.mandator},
                    "context": context,
                },
                one.allowed,
            )
            for one in islice(self._questions, count)
        ]
        return {}

    def act(self) -> dict[str, Any]:
        """Decide them; tells how many answers were not as they should be."""
        wrong = 0
        for asked, allowed in self._ready:
            wrong += cedarpy.is_authorized(asked, self._policies, self._entities).allowed is not allowed
        return {"wrong": wrong}


if __name__ == "__main__":
    peer = Peer(Path(os.environ["BENCH_COUNTRY"]))
    serve({"prepare": peer.prepare, "act": peer.act})
