"""Receivers that ask: what waits for one, and what it took or refused (RFC 8936)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from iam.domain.clients import Client
from iam.domain.errors import InvalidInput, NotFound
from iam.domain.signal_streams import DeliveryMethod, SignalStream, StreamCourse, WaitingSignal
from iam.ports import Archive
from iam.services.signal_queue import taken_out, waiting

MOST_AT_ONCE: Final = 100
"""How many signals one answer brings."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What waits for a receiver."""

    signals: tuple[WaitingSignal, ...]
    more: bool


class SignalPolls:
    """Another client's streams are refused exactly as none."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def settle(self, client: Client, stream: str, done: Collection[str]) -> None:
        """Take out what a receiver took, or refused for good; what is not there any more is passed over.

        Raises NotFound (`no_such_stream`), InvalidInput (`not_polled`).
        """
        with self._archive.writing() as uow:
            _own(uow.get(SignalStream, stream), client)
            own = [key for key in done if key.startswith(f"{stream}.")]
            course = uow.get(StreamCourse, stream)
            if course is not None:
                uow.put(taken_out(uow, course, own))
            uow.commit()

    def first(self, client: Client, stream: str, limit: int) -> Polled:
        """The first signals that wait, in order. Raises as `settle`."""
        most = min(limit, MOST_AT_ONCE)
        with self._archive.reading() as reading:
            found = waiting(reading, _own(reading.get(SignalStream, stream), client), most + 1)
        foreign = [one.id for one in found if not set(one.services) <= set(client.services)]
        if foreign:  # the registration was narrowed meanwhile
            self.settle(client, stream, foreign)
            return self.first(client, stream, limit)
        return Polled(tuple(found[:most]), len(found) > most)


def _own(stream: SignalStream | None, client: Client) -> SignalStream:
    if stream is None or stream.client != client.id:
        raise NotFound("no_such_stream", "You have no such stream.")
    if stream.method is not DeliveryMethod.POLL:
        raise InvalidInput("not_polled", "The signals of this stream are pushed: change its delivery to poll them.")
    return stream
