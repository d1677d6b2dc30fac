"""Polling: a receiver fetches its security event tokens, and says which it took (RFC 8936)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Final

import structlog
from flask import Response

from iam.domain.clients import Client
from iam.domain.errors import InvalidInput
from iam.services.signal_polls import MOST_AT_ONCE, Polled, SignalPolls
from oidc.signals.security_events import SecurityEvents
from oidc.signals.stream_wire import read_members

MOST_SETTLED: Final = 1_000
LONGEST_WAIT: Final = 10.0
"""Seconds that an answer without signals is held back: fewer than clients wait that wait for 20."""
LOOKED_EVERY: Final = 0.1
WAITING_AT_ONCE: Final = 3
"""How many receivers wait in one process: others are answered at once, for threads are few."""
_log: Final = structlog.get_logger("oidc.signals")


class Polling:
    """Answers polls, some of them when something has come."""

    def __init__(
        self, polls: SignalPolls, events: SecurityEvents, wait: float = LONGEST_WAIT, at_once: int = WAITING_AT_ONCE
    ) -> None:
        self._polls = polls
        self._events = events
        self._wait = wait
        self._places = threading.BoundedSemaphore(at_once)

    def answer(self, receiver: Client, stream: str) -> Response:
        """The answer to one poll (§2.2 to §2.5)."""
        sent = read_members(("maxEvents", "returnImmediately", "ack", "setErrs"))
        most, at_once = _most(sent), _truth(sent, "returnImmediately")
        taken, refused = _taken(sent), _refused(sent)
        self._polls.first(receiver, stream, 0)
        if taken or refused:
            self._polls.settle(receiver, stream, [*taken, *refused])
        for jti, error in refused.items():
            _log.warning("signal_refused", client=receiver.id, stream=stream, jti=jti[:64], err=error)
        found = self._polls.first(receiver, stream, most)
        if not found.signals and most and not at_once:
            found = self._waited(receiver, stream, most)
        sets = {one.id: self._events.token(one, receiver) for one in found.signals}
        told = {"sets": sets, **({"moreAvailable": True} if found.more else {})}
        return Response(json.dumps(told), 200, content_type="application/json")

    def _waited(self, receiver: Client, stream: str, most: int) -> Polled:
        """What comes before the wait ends; nothing at once where too many wait already."""
        if not self._places.acquire(blocking=False):
            return Polled((), False)
        try:
            ends_at = time.monotonic() + self._wait
            while time.monotonic() < ends_at:
                time.sleep(LOOKED_EVERY)
                found = self._polls.first(receiver, stream, most)
                if found.signals:
                    return found
            return Polled((), False)
        finally:
            self._places.release()


def _most(sent: Mapping[str, object]) -> int:
    most = sent.get("maxEvents", MOST_AT_ONCE)
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise InvalidInput("wrong_type", "Send maxEvents as a whole number from 0.", field="maxEvents")
    return most


def _truth(sent: Mapping[str, object], name: str) -> bool:
    value = sent.get(name, False)
    if not isinstance(value, bool):
        raise InvalidInput("wrong_type", f"Send {name} as true or false.", field=name)
    return value


def _taken(sent: Mapping[str, object]) -> list[str]:
    taken = sent.get("ack", [])
    if not isinstance(taken, list) or len(taken) > MOST_SETTLED or not all(isinstance(one, str) for one in taken):
        raise InvalidInput("wrong_type", f"Send ack as a list of at most {MOST_SETTLED} texts.", field="ack")
    return taken


def _refused(sent: Mapping[str, object]) -> dict[str, str]:
    errors = sent.get("setErrs", {})
    if not isinstance(errors, dict) or len(errors) > MOST_SETTLED:
        raise InvalidInput("wrong_type", "Send setErrs as an object of errors.", field="setErrs")
    told = {jti: one.get("err") if isinstance(one, dict) else None for jti, one in errors.items()}
    if not all(isinstance(one, str) for one in told.values()):
        raise InvalidInput("wrong_type", "Say in each error of setErrs which it is: err.", field="setErrs")
    return {jti: str(error)[:64] for jti, error in told.items()}
