"""Remembering: an answer under an idempotency key is kept with the act itself, for one client and person."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from iam.api.callers import PersonCall
from iam.services.idempotency import OnceArchive
from iam.web.preconditions import Produced, Remember


def remember_in(once: OnceArchive) -> Remember:
    """The memory for idempotency keys, in the archive itself: kept if and only if the act is."""

    def remember(key: str, caller: object, asked: str, produce: Callable[[], Produced]) -> Produced:
        if not isinstance(caller, PersonCall):
            raise TypeError("only a person's acts are kept under a key")
        whose = _digest(caller.client.id, caller.person, key)
        what = _digest(asked, caller.capacity or "")
        return _read(once.once(whose, what, lambda: _written(produce())))

    return remember


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _written(produced: Produced) -> str:
    body = base64.b64encode(produced.body).decode("ascii")
    return json.dumps([produced.status, body, produced.headers], separators=(",", ":"))


def _read(text: str) -> Produced:
    status, body, headers = json.loads(text)
    return Produced(status, base64.b64decode(body), tuple((name, value) for name, value in headers))
