"""Keys that clients publish themselves (RFC 7591 §2, jwks_uri): fetched with care, kept for a short while."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.domain.errors import InvalidInput, Unavailable
from iam.outward_ports import GuardedWeb
from iam.ports import Clock
from iam.web import strict_json
from iam.web.turns import leave_turn
from oidc.client_keys import accept_jwks, canonical_jwks, of_use
from oidc.remote_documents import fetched

FRESH: Final = timedelta(seconds=30)
"""How long fetched keys count without another look: a key that a client withdraws is refused after that."""
GOOD_FOR: Final = timedelta(minutes=5)
"""How long they count while the client's server does not answer."""
LONGEST_PAUSE: Final = timedelta(minutes=10)
"""Between two tries at a server that gives no answer, or none that can be used."""
LONGEST_WAIT: Final = 3.0
"""Seconds for the first look of another request; a little more than a server is given to answer."""
MOST_KEPT: Final = 10_000
NO_KEYS: Final = '{"keys":[]}'
ACCEPT: Final = "application/jwk-set+json, application/json"
TYPES: Final = frozenset({"application/jwk-set+json", "application/json"})
_log: Final = structlog.get_logger("oidc")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    jwks: str
    fetched_at: datetime
    look_at: datetime
    pause: timedelta


class ClientKeyRules:
    """Judges the keys of clients, sent with a registration or published by the client."""

    def __init__(self, web: GuardedWeb, clock: Clock) -> None:
        self._web = web
        self._clock = clock

    def accept(self, jwks: object, algorithm: str, enterprise: str) -> str:
        """The canonical JSON of a key set for an algorithm and the client of an enterprise; raises as `accept_jwks`."""
        return canonical_jwks(accept_jwks(jwks, algorithm=algorithm, enterprise=enterprise, now=self._clock.now()))

    def fetched(self, uri: str, algorithm: str, enterprise: str) -> str:
        """The same of what counts in the key set at an address.

        InvalidInput (`invalid_client_metadata`) for none that can be used.
        """
        try:
            document = fetched(self._web, uri, accept=ACCEPT, types=TYPES)
        except (Unavailable, strict_json.MalformedJson) as silent:
            detail = f"The key set at jwks_uri cannot be read: {silent.detail}"
            raise InvalidInput("invalid_client_metadata", detail, field="jwks_uri") from None
        return self.accept(of_use(document, algorithm), algorithm, enterprise)


class PublishedKeys:
    """The key sets of clients with a `jwks_uri`, as this process last saw them."""

    def __init__(self, rules: ClientKeyRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def of(self, client: Client, metadata: ClientMetadata) -> str:
        """The key set of a client now; of no key when its server gave none that can be used for too long.

        One request looks for all that come at the same time; the others take what is kept, and wait for the look where
        nothing is kept yet; neither is done in a turn (`iam.web.turns`), where tokens of all other clients would wait.
        """
        now, uri = self._clock.now(), metadata.jwks_uri
        key = f"{client.id} {client.algorithm} {uri}"
        with self._lock:
            kept, looking = self._kept.get(key), self._asking.get(key)
            due = looking is None and (kept is None or kept.look_at <= now)
            if due or kept is None:
                leave_turn()
            if due:
                self._asking[key] = threading.Event()
        if due:
            try:
                kept = self._looked(kept, uri, client, now)
            finally:
                self._keep(key, kept)
        elif kept is None and looking is not None and looking.wait(LONGEST_WAIT):
            with self._lock:
                kept = self._kept.get(key)
        return kept.jwks if kept is not None and now < kept.fetched_at + GOOD_FOR else NO_KEYS

    def _looked(self, before: _Kept | None, uri: str, client: Client, now: datetime) -> _Kept:
        try:
            jwks = self._rules.fetched(uri, client.algorithm, client.enterprise)
        except InvalidInput as refused:
            _log.warning("client_keys_unavailable", client=client.id, detail=refused.detail)
            pause = FRESH if before is None else min(LONGEST_PAUSE, before.pause * 2)
            known = (NO_KEYS, now - GOOD_FOR) if before is None else (before.jwks, before.fetched_at)
            return _Kept(jwks=known[0], fetched_at=known[1], look_at=now + pause, pause=pause)
        return _Kept(jwks=jwks, fetched_at=now, look_at=now + FRESH, pause=FRESH)

    def _keep(self, key: str, kept: _Kept | None) -> None:
        with self._lock:
            looked = self._asking.pop(key)
            if len(self._kept) >= MOST_KEPT and key not in self._kept:
                self._kept.clear()
            if kept is not None:
                self._kept[key] = kept
        looked.set()
