"""Nonces for DPoP proofs: what a proof must repeat to be fresh, known by its code and kept nowhere (RFC 9449 §8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from iam.ports import Clock
from oidc import base64url

STEP: Final = timedelta(seconds=150)
"""How long one nonce is handed out; it is taken for another step, and one step ahead of a node whose clock lags."""
CODE_OCTETS: Final = 24
_STEP_SECONDS: Final = STEP.total_seconds()


class DpopNonces:
    """Hands out nonces and knows them again, on every node that holds the same secret."""

    def __init__(self, secret: Callable[[], bytes], clock: Clock) -> None:
        """`secret` gives the 32 octets of the house; it is asked once, when the first nonce is needed."""
        self._ask = secret
        self._secret: bytes | None = None
        self._clock = clock
        self._held: tuple[int, tuple[bytes, bytes, bytes]] | None = None
        """A step, and the nonces of it, of the one before and of the next."""

    def current(self) -> str:
        """The nonce to hand out now: 38 characters of base64url."""
        return self._taken()[0].decode()

    def good(self, nonce: str) -> bool:
        """Whether we handed it out in this step, the one before, or (on a node whose clock runs ahead) the next."""
        told = nonce.encode("utf-8", "surrogatepass")
        return any([hmac.compare_digest(known, told) for known in self._taken()])

    def _taken(self) -> tuple[bytes, bytes, bytes]:
        """The nonces that are taken now: that of this step first."""
        step = int(self._clock.now().timestamp() // _STEP_SECONDS)
        held = self._held
        if held is None or held[0] != step:
            held = self._held = step, (self._made(step), self._made(step - 1), self._made(step + 1))
        return held[1]

    def _made(self, step: int) -> bytes:
        if self._secret is None:
            self._secret = self._ask()
        named = max(step, 0).to_bytes(4, "big")
        code = hmac.new(self._secret, b"dpop nonce\0" + named, hashlib.sha256).digest()[:CODE_OCTETS]
        return base64url.encode(named + code)
