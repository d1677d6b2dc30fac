"""Signals: from the click that revokes a mandate to the moment at which the last of many receivers would refuse."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from iam.domain.mandates import Mandate
from iam.sandbox.running import running
from iam.sandbox.software import SandboxClient
from tests.backstage import backstage
from tests.bench import databases
from tests.bench.children import Child
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, WrongAnswers
from tests.running import Line, Sandbox, sandbox, serving
from tests.signal_streams import closing, given, opened, registered

RECEIVERS, DEAD = 20, 3
GOAL = 2.0
"""Seconds within which 99 of 100 revocations have reached the last receiver."""
WARM = 10
"""Revocations before those that count."""
PATIENCE = 60.0
"""Seconds after which a receiver that still allows what was revoked is an error."""
ROW = "from click to the last refusal"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long it took each time, in seconds, until the last of so many receivers refused."""

    seconds: Sequence[float]
    acknowledged: Sequence[float]
    """How long until the revocation itself was answered."""
    alive: int
    dead: int

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.seconds)

    @property
    def slow(self) -> float:
        """The 99th percentile, by the nearest rank."""
        return sorted(self.seconds)[math.ceil(0.99 * len(self.seconds)) - 1]

    @property
    def met(self) -> bool:
        """Whether the goal is."""
        return self.slow < GOAL


def waits_of(ground: Ground, engine: str, server: str | None) -> dict[Key, Waits]:
    """Measure one engine, first with all receivers alive and then with some that take connections and say nothing.

    Raises WrongAnswers.
    """
    database, count = databases.fresh(engine, 0, ground.folder / "signals", server), ground.options.revocations
    with ExitStack() as stack:
        here = stack.enter_context(sandbox(database.folder, database.url, workers=1))
        behind = stack.enter_context(backstage(here))
        clients, mandates = registered(behind, RECEIVERS), given(behind, 2 * count + WARM)
        stack.enter_context(serving(here.environment, ground.log(), workers=1))
        stack.enter_context(running("worker", here.environment, ground.log()))
        receivers = ground.child("signals_receivers")
        _open_streams(here, clients, receivers)
        click = _Clicks(here, receivers)
        click.waits(mandates[:WARM])
        alive = click.waits(mandates[WARM : WARM + count])
        receivers.ask("kill", count=DEAD)
        some_dead = click.waits(mandates[WARM + count :], DEAD)
        click.close()
    return {Key(ROW, engine, 0): alive, Key(f"{ROW}, {DEAD} dead", engine, 0): some_dead}


class _Clicks:
    """The actor who revokes, and the receivers that hear of it."""

    def __init__(self, here: Sandbox, receivers: Child) -> None:
        self._here, self._receivers = here, receivers
        self._line = Line(here.port)

    def close(self) -> None:
        """Close the actor's connection."""
        self._line.close()

    def waits(self, mandates: Sequence[Mandate], dead: int = 0) -> Waits:
        """Revoke them one after the other. WrongAnswers when a receiver goes on to allow one."""
        found = [self._once(one) for one in mandates]
        seconds, acknowledged = zip(*found, strict=True)
        return Waits(seconds, acknowledged, RECEIVERS - dead, dead)

    def _once(self, mandate: Mandate) -> tuple[float, float]:
        self._receivers.ask("allow", mandate=mandate.id)
        request = closing(self._here, mandate)
        clicked = time.monotonic()
        answer = self._line.send(request)
        acknowledged = time.monotonic()
        if answer.status != 200:
            raise WrongAnswers(f"a mandate was not revoked: {answer}")
        told: dict[str, Any] = self._receivers.ask("last_refusal", mandate=mandate.id, patience=PATIENCE)
        if told["at"] is None:
            raise WrongAnswers(f"{told['still']} receivers allow what was revoked {PATIENCE:.0f} seconds ago")
        return float(told["at"]) - clicked, acknowledged - clicked


def _open_streams(here: Sandbox, clients: Sequence[SandboxClient], receivers: Child) -> None:
    """Have each receiver's signals pushed to it."""
    authorization = f"Bearer {secrets.token_urlsafe(32)}"
    names = [one.client_id for one in clients]
    told = receivers.ask("start", issuer=here.base_url, clients=names, authorization=authorization)
    for client, address in zip(clients, told["addresses"], strict=True):
        opened(here, client, address, authorization)
