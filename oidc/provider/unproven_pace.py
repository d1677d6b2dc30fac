"""Pace of clients that prove nothing: how much one network address may have kept for them, against floods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Request

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import ProvenClient
from iam.ports import Clock
from iam.web.devices import address_of
from iam.web.pace import Pace
from oidc.provider.errors import TooOften

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

AT_ONCE: Final = 100
"""Requests that one address may have kept at once for clients whose name is all they show."""
A_SECOND: Final = 2
"""And after that, how many each second."""


class UnprovenPace:
    """Counts what is kept for public clients, whose name anybody may use, by the network address that asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pace = Pace(AT_ONCE, A_SECOND)

    def begin(self, proof: ProvenClient, environ: WSGIEnvironment) -> None:
        """Count a request where its client proves nothing; every other has somebody who answers for it.

        Raises TooOften (429, with Retry-After).
        """
        if proof.metadata is None or proof.metadata.auth_method is not AuthMethod.NONE:
            return
        if wait := self._pace.wait(address_of(Request(environ)), self._clock.now()):
            raise TooOften("too_many_requests", f"Ask again after {wait} seconds.", retry_after=wait)
