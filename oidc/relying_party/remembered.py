"""What a provider told, remembered: one asks at a time, others take what is known, and silence is remembered too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from iam.ports import Clock
from oidc.relying_party.faults import LoginFailed
from oidc.relying_party.registration import Registration

STALE_AFTER: Final = timedelta(hours=24)
"""How long what a provider said stays good while it cannot be asked again."""
SILENT_FOR: Final = timedelta(seconds=5)
"""How long a provider of which nothing is known is not asked again after it failed: whoever knocks meanwhile is told
so at once, and holds no thread of ours for as long as an answer may take."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    told: T | LoginFailed
    """What was told, or why nothing was."""
    asked_at: datetime
    """When it was last asked for, with success or without."""
    told_at: datetime

    def fresh(self, now: datetime, after: timedelta) -> bool:
        """Whether it need not be asked again."""
        return self.asked_at <= now < self.asked_at + (SILENT_FOR if isinstance(self.told, LoginFailed) else after)

    def usable(self, now: datetime) -> bool:
        """Whether it may serve while nobody can be asked."""
        return not isinstance(self.told, LoginFailed) and now - STALE_AFTER < self.told_at <= now

    def given(self) -> T:
        """The value. Raises LoginFailed where there is none."""
        if isinstance(self.told, LoginFailed):
            raise LoginFailed(self.told.fault, self.told.detail)
        return self.told


class Remembered(Generic[T]):
    """One kind of document of every provider, as this process holds it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[Registration, _Held[T]] = {}
        self._turns: dict[Registration, threading.Lock] = {}
        self._turn = threading.Lock()

    def recalled(self, registration: Registration, ask: Callable[[], T], after: timedelta, *, wait: bool = False) -> T:
        """What is held if it was asked less than `after` ago, else what the provider tells now.

        One thread asks; the others take what is held, unless they `wait` or nothing is held that may serve. Raises the
        LoginFailed of `ask`.
        """
        known, now = self._held.get(registration), self._clock.now()
        if known is not None and known.fresh(now, after):
            return known.given()
        turn, serves = self._turn_of(registration), known is not None and known.usable(now)
        if not turn.acquire(blocking=wait or not serves) and known is not None:
            return known.given()
        try:
            known = self._held.get(registration)
            if known is None or not known.fresh(self._clock.now(), after):
                known = self._asked(known, ask)
                self._keep(registration, known)
            return known.given()
        finally:
            turn.release()

    def _asked(self, known: _Held[T] | None, ask: Callable[[], T]) -> _Held[T]:
        told: T | LoginFailed
        try:
            told = ask()
        except LoginFailed as fault:
            told = fault
        now = self._clock.now()
        if isinstance(told, LoginFailed) and known is not None and known.usable(now):
            return _Held(known.told, now, known.told_at)
        return _Held(told, now, now)

    def _turn_of(self, registration: Registration) -> threading.Lock:
        with self._turn:
            return self._turns.setdefault(registration, threading.Lock())

    def _keep(self, registration: Registration, known: _Held[T]) -> None:
        """Hold it, and forget what was held of the same provider as it was configured before."""
        with self._turn:
            for held in (self._held, self._turns):
                for former in [one for one in held if one.provider == registration.provider and one != registration]:
                    del held[former]
            self._held[registration] = known
