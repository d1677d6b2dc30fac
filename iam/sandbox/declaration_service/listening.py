"""A declaration service that listens: it opens its stream, takes what comes once, and does what it asks."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.ports import Clock
from iam.sandbox.declaration_service.code_flow import CodeFlow
from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.signal_deeds import STREAM_UPDATED, VERIFICATION, act
from iam.sandbox.declaration_service.signal_streams import POLL, PUSH, SCOPE, SignalStream
from iam.sandbox.declaration_service.signal_tokens import (
    OLDEST,
    IssuerKeys,
    Signal,
    SignalEarly,
    SignalReader,
    SignalRefused,
)
from iam.sandbox.declaration_service.visits import Visit
from iam.sandbox.software import LoginSide, SandboxClient

MOST: Final = 100
"""Visits and signals that are kept; older ones make room. A visit that made room is over."""
ENABLED: Final = "enabled"
NOTHING: Final = 0.05
"""Seconds before the next poll after one that brought nothing: a transmitter may answer at once."""
PAUSE: Final = 1.0
"""Seconds after which a poll is tried again that brought no answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal, when it was heard, and what was done then."""

    signal: Signal
    at: datetime
    deed: str


def may_listen(client: SandboxClient) -> bool:
    """Whether a client handles declarations for people, and may get a token to receive signals."""
    return client.login is not None and SCOPE in client.login.scopes


class ListeningService:
    """A declaration service with its visitors, and the signals that it hears.

    It remembers permissions only while its stream works: from the verification that it asked for until it is told
    that the stream is paused or disabled, or a poll goes wrong.
    """

    def __init__(self, client: SandboxClient, issuer: str, clock: Clock) -> None:
        if client.login is None:
            raise FlowBroken("people do not log in to this client")
        self.client = client
        self.login: LoginSide = client.login
        self.stream = SignalStream(client, issuer, clock)
        self.heard: deque[Heard] = deque(maxlen=MOST)
        self.visits: dict[str, Visit] = {}
        self.listens = False
        """Whether the stream works, as far as is known here."""
        self._issuer, self._clock = issuer, clock
        self._reader = SignalReader(issuer, client.client_id, IssuerKeys(self.stream.keys), clock)
        self._authorization, self._state = f"Bearer {secrets.token_urlsafe(32)}", secrets.token_urlsafe(16)
        self._names: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    # ------------------------------------------------------------------ visitors

    def admit(self, name: str, flow: CodeFlow) -> Visit:
        """Begin the visit of somebody who logged in."""
        visit = Visit(flow, self._clock)
        with self._lock:
            while len(self.visits) >= MOST:
                self.visits.pop(next(iter(self.visits))).end("the service forgot it")
            self.visits[name] = visit
        return visit

    # ------------------------------------------------------------------ streams

    def open_push(self, endpoint: str) -> None:
        """Have signals pushed to an address of ours (RFC 8935). FlowBroken when the transmitter refuses."""
        delivery = {"method": PUSH, "endpoint_url": endpoint, "authorization_header": self._authorization}
        self._open(delivery)

    def open_poll(self) -> None:
        """Fetch signals from now on until `stop` (RFC 8936). FlowBroken when the transmitter refuses."""
        self._open({"method": POLL})
        threading.Thread(target=self._poll, daemon=True).start()

    def stop(self) -> None:
        """Poll no more."""
        self._stopped.set()
        self.listens = False

    def _open(self, delivery: dict[str, str]) -> None:
        self.stream.discover()
        self.stream.open(delivery, self.client.alias)
        self.stream.verify(self._state)

    def _poll(self) -> None:
        taken: list[str] = []
        refused: dict[str, SignalRefused] = {}
        while not self._stopped.is_set():
            try:
                found = self.stream.poll(taken, refused, wait=True)
                taken, refused = self._taken(found)
                if found and not taken and not refused:
                    self._stopped.wait(PAUSE)
                if not found:
                    self.listens = self.listens or self.stream.status() == ENABLED
                    self._stopped.wait(NOTHING)
            except FlowBroken:
                self._deaf()
                self._stopped.wait(PAUSE)

    def _taken(self, found: Mapping[str, str]) -> tuple[list[str], dict[str, SignalRefused]]:
        taken: list[str] = []
        refused: dict[str, SignalRefused] = {}
        for jti, token in found.items():
            try:
                self.hear(token)
                taken.append(jti)
            except SignalRefused as fault:
                refused[jti] = fault
            except SignalEarly:
                continue
        return taken, refused

    def _deaf(self) -> None:
        """Remember no permission until the stream works again."""
        self.listens = False
        for one in list(self.visits.values()):
            one.forget()

    # ------------------------------------------------------------------ signals

    def pushed(self, token: str, authorization: str) -> None:
        """Take what was pushed by the stream's transmitter. Raises as `hear`."""
        if not hmac.compare_digest(authorization.encode(), self._authorization.encode()):
            raise SignalRefused("authentication_failed", "The authorization is not the one of this stream.")
        self.hear(token)

    def hear(self, token: str) -> None:
        """Believe a token or not, and do what it asks, once.

        Raises SignalRefused, for good; SignalEarly, and FlowBroken when its key cannot be read: it is to come again.
        """
        signal = self._reader.read(token)
        with self._lock:
            now = self._clock.now()
            self._names = {jti: at for jti, at in self._names.items() if at > now - OLDEST - timedelta(minutes=1)}
            if signal.jti in self._names:
                return
            deed = self._done(signal)
            self._names[signal.jti] = signal.issued_at
            self.heard.appendleft(Heard(signal, now, deed))

    def _done(self, signal: Signal) -> str:
        visits = list(self.visits.values())
        if signal.event not in (VERIFICATION, STREAM_UPDATED):
            return act(signal, visits, self._issuer)
        if signal.subject.get("id") != self.stream.id:
            return "nothing: it is about another stream"
        if signal.event == VERIFICATION:
            self.listens = signal.told.get("state") == self._state or self.listens
            return "the stream works" if self.listens else "nothing: nobody here asked for it"
        self._deaf()
        self.listens = signal.told.get("status") == ENABLED
        return "permissions are remembered again" if self.listens else "permissions are not remembered any more"
