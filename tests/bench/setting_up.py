"""Sets up every stand of a run: children that decide, servers that answer, and the peers, as far as they are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from iam.sandbox.software import new_private_jwk, public_set
from tests.bench import figures, requests_for, servers
from tests.bench.children import Child, child
from tests.bench.cpu import Meter
from tests.bench.databases import Database, meter_of
from tests.bench.described import SCOPE, Described
from tests.bench.figures import SQLITE
from tests.bench.in_process import InProcess
from tests.bench.options import Options
from tests.bench.over_http import OverHttp, Write
from tests.bench.sending import Lines
from tests.bench.software import Software, caller_of
from tests.bench.stands import Key, Stand

LINEAR = 100_000
"""From so many policies on the plain Enforcer, which looks at each, is asked once a round in few rounds."""


@dataclass(slots=True)
class Ground:
    """Where stands are set up; all end with the stack."""

    options: Options
    databases: Sequence[Database]
    folder: Path
    stack: ExitStack
    absent: dict[Key, str] = field(default_factory=dict)
    """What cannot be run, and why."""
    deciding: dict[Key, Child] = field(default_factory=dict)
    _logs: Any = field(default_factory=count)

    def log(self) -> Path:
        """A new file for what a process says."""
        return self.folder / f"process-{next(self._logs)}.log"

    def child(self, module: str, **settings: str) -> Child:
        """A child of ours, until the run ends."""
        return self.stack.enter_context(child(module, self.log(), **settings))

    def largest(self) -> Database:
        """The database whose people the floor and oidc-provider are asked about."""
        return max(self.databases, key=lambda one: (one.size, one.engine == SQLITE))

    def country(self, size: int) -> Path:
        """The folder in which all mandates of a country lie."""
        first = self.databases[0].engine
        return next(one.folder for one in self.databases if one.size == size and one.engine == first)


def stands(ground: Ground) -> list[Stand]:
    """Every stand that the options ask for and the machine has, those that take long to load first."""
    rows = ground.options.rows
    found: list[Stand] = []
    if "process" in rows:
        found += _policy_engines(ground) if "peers" in rows else []
        found += [_deciding(ground, one) for one in ground.databases]
    if rows & {"check", "batch", "token"}:
        found += _floor(ground)
        found += [stand for one in ground.databases for stand in _served(ground, one)]
    if {"token", "peers"} <= rows:
        found += _oidc_provider(ground)
    return found


def _deciding(ground: Ground, database: Database) -> Stand:
    key = Key(figures.IN_PROCESS, database.engine, database.size)
    running = ground.child("deciding", **database.settings())
    ground.deciding[key] = running
    return InProcess(key, running, meter_of(database, *running.meter.roots))


def _policy_engines(ground: Ground) -> list[Stand]:
    """Casbin twice and Cedar, each holding all mandates."""
    found: list[Stand] = []
    for size in sorted(ground.options.sizes, reverse=True):
        where = {"BENCH_COUNTRY": str(ground.country(size))}
        for peer, module, more in (
            (figures.CEDAR, "cedar_peer", {}),
            (figures.FAST_ENFORCER, "casbin_peer", {"BENCH_FAST": "1"}),
            (figures.ENFORCER, "casbin_peer", {"BENCH_FAST": "0"}),
        ):
            linear = peer == figures.ENFORCER and size >= LINEAR
            running = ground.child(module, **where, **more)
            key = Key(figures.IN_PROCESS, peer, size)
            limits = {"most": 1, "rounds": 2} if linear else {}
            found.append(InProcess(key, running, running.meter, **limits))
    return found


def _floor(ground: Ground) -> list[Stand]:
    port = servers.free_port()
    server = ground.stack.enter_context(servers.floor(port, ground.log()))
    lines = ground.stack.enter_context(Lines(server.port))
    described = Described(ground.largest().folder)
    write = requests_for.for_the_floor(described, "eyJ" + "x" * 700)
    return [OverHttp(figures.FLOOR_KEY, lines, Meter(server.process), write)]


def _served(ground: Ground, database: Database) -> list[Stand]:
    """The house over one database, for checks, batches and tokens."""
    port = servers.free_port()
    server = ground.stack.enter_context(servers.house(database.settings(port), port, ground.log()))
    lines, described = ground.stack.enter_context(Lines(server.port)), Described(database.folder)
    meter, caller = meter_of(database, server.process), requests_for.Caller(caller_of(described), lines)

    def stand(row: str, write: Write, **limits: int) -> Stand:
        return OverHttp(Key(row, database.engine, database.size), lines, meter, write, **limits)

    few = {"worth": requests_for.ITEMS, "most": 100}
    made: dict[str, Callable[[], list[Stand]]] = {
        "check": lambda: [stand(figures.CHECK, requests_for.checks(described, caller))],
        "batch": lambda: [
            stand(figures.BATCH, requests_for.batches(requests_for.batches_of_one(described), caller), **few),
            stand(figures.MIXED, requests_for.batches(requests_for.mixed_batches(described), caller), **few),
        ],
        "token": lambda: [stand(figures.TOKEN, requests_for.tokens(described), most=400)],
    }
    return [one for row, make in made.items() if row in ground.options.rows for one in make()]


def _oidc_provider(ground: Ground) -> list[Stand]:
    client, signing = new_private_jwk("ES256"), new_private_jwk("ES256")
    name, port = "software", servers.free_port()
    given = {
        "client_id": name,
        "jwks": public_set(client),
        "signing": ECKey.import_key(signing).as_dict(private=True),
        "resource": "https://dimona.example",
        "scope": SCOPE,
    }
    try:
        server = ground.stack.enter_context(servers.oidc_provider(given, port, ground.log()))
    except servers.NotThere as reason:
        ground.absent[figures.PEER_KEY] = str(reason)
        return []
    lines = ground.stack.enter_context(Lines(server.port))
    write = requests_for.tokens_of_peer(Software(name, client), f"http://127.0.0.1:{port}")
    return [OverHttp(figures.PEER_KEY, lines, Meter(server.process), write, most=400)]
