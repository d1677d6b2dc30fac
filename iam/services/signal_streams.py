"""Managing streams: what a service asks to hear, how it is reached, and whether it is told at present."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from iam.domain.client_metadata import ApplicationType
from iam.domain.clients import Client
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.redirect_uris import acceptable
from iam.domain.signal_events import EventKind, Signal, kinds_by_uri
from iam.domain.signal_streams import (
    MOST_STREAMS,
    VERIFIED_EVERY,
    DeliveryMethod,
    RemovedSubject,
    SignalStream,
    StreamCourse,
    StreamStatus,
)
from iam.domain.signal_subjects import opaque, read_subject, removal_key
from iam.ports import Archive, Randomness, Seal
from iam.services.signal_queue import SignalQueue, empty, erase, stream_leaf

MOST_EVENTS: Final = 32
MOST_REMOVED: Final = 1_000
LONGEST_TEXT: Final = 256
LONGEST_STATE: Final = 1_024
LONGEST_HEADER: Final = 2_048
_URI: Final = re.compile(r"[!-~]{1,256}")
_HEADER: Final = re.compile(r"[!-~]+(?: [!-~]+)*")


class TooSoon(Conflict):
    """A verification was asked for just before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedStream:
    """What a receiver says of its stream."""

    method: DeliveryMethod = DeliveryMethod.POLL
    endpoint_url: str = ""
    authorization_header: str | None = None
    """None leaves the one that is there, where there is one."""
    events_requested: tuple[str, ...] = ()
    description: str = ""


class SignalStreams:
    """The streams of one client are found by nobody else: another's are refused exactly as none."""

    def __init__(self, archive: Archive, randomness: Randomness, seal: Seal, issuer: str, *, local: bool) -> None:
        """`local` lets receivers be on this machine itself, as the sandbox's are."""
        self._archive = archive
        self._randomness = randomness
        self._seal = seal
        self._queue = SignalQueue(issuer)
        self._local = local
        self.events = kinds_by_uri(issuer)
        """The events that may be asked for, by their names."""

    def create(self, client: Client, wanted: WantedStream) -> SignalStream:
        """Create a stream, enabled.

        Raises:
            InvalidInput: `invalid_endpoint_url`, `invalid_authorization_header`, `invalid_events_requested`,
                `invalid_description`. Conflict: `too_many_streams`.
        """
        with self._archive.writing() as uow:
            if len(uow.find(SignalStream, client=client.id, limit=MOST_STREAMS)) >= MOST_STREAMS:
                raise Conflict("too_many_streams", f"A client has at most {MOST_STREAMS} streams: change one of them.")
            stream = SignalStream(
                id=self._randomness.identifier(),
                client=client.id,
                method=wanted.method,
                endpoint_url="",
                sealed_header="",
                events_requested=(),
                description="",
                status=StreamStatus.ENABLED,
                reason="",
                created_at=uow.now,
            )
            stream = self._as_wanted(stream, wanted)
            uow.put(stream)
            uow.put(_course(stream.id, uow.now))
            uow.audit(stream_leaf("signal_stream_created", stream, client.id))
            uow.commit()
            return stream

    def listed(self, client: Client) -> list[SignalStream]:
        """The streams of a client."""
        with self._archive.reading() as reading:
            return reading.find(SignalStream, client=client.id)

    def get(self, client: Client, stream: str) -> SignalStream:
        """One stream. NotFound (`no_such_stream`)."""
        with self._archive.reading() as reading:
            return _own(reading.get(SignalStream, stream), client)

    def change(self, client: Client, stream: str, wanted: WantedStream) -> SignalStream:
        """Give a stream other properties; what waits in it stays. Raises as `create` and `get`."""
        with self._archive.writing() as uow:
            changed = self._as_wanted(_own(uow.get(SignalStream, stream), client), wanted)
            uow.put(changed)
            uow.audit(stream_leaf("signal_stream_changed", changed, client.id))
            uow.announce("signals_wait", {"stream": stream})
            uow.commit()
            return changed

    def delete(self, client: Client, stream: str) -> None:
        """Erase a stream with what waits in it. Raises as `get`."""
        with self._archive.writing() as uow:
            present = _own(uow.get(SignalStream, stream), client)
            erase(uow, present)
            uow.audit(stream_leaf("signal_stream_deleted", present, client.id))
            uow.commit()

    def set_status(self, client: Client, stream: str, status: StreamStatus, reason: str) -> SignalStream:
        """Enable, pause or disable a stream; a receiver that enables its stream is told at once what was held.

        Raises as `get`; InvalidInput: `invalid_reason`.
        """
        _check_text(reason, "reason")
        with self._archive.writing() as uow:
            present = replace(_own(uow.get(SignalStream, stream), client), status=status, reason=reason)
            uow.put(present)
            empty(uow, stream, at_once_only=status is not StreamStatus.DISABLED)
            course = uow.get(StreamCourse, stream)
            if course is not None:
                due_at = course.due_at if course.holder else uow.now
                uow.put(replace(course, tries=0, failing_since=None, due_at=due_at))
            uow.audit(stream_leaf("signal_stream_status_set", present, client.id))
            uow.announce("signals_wait", {"stream": stream})
            uow.commit()
            return present

    def verify(self, client: Client, stream: str, state: str) -> None:
        """Put a verification event into a stream, with the receiver's own word where it sent one.

        Raises as `get`; TooSoon: `verification_too_soon`; InvalidInput: `invalid_state`, `stream_disabled`.
        """
        if len(state) > LONGEST_STATE or not state.isprintable():
            raise InvalidInput("invalid_state", f"Send a state of at most {LONGEST_STATE} characters.", field="state")
        with self._archive.writing() as uow:
            present = _own(uow.get(SignalStream, stream), client)
            if present.status is StreamStatus.DISABLED:
                raise InvalidInput("stream_disabled", "Nothing is told over a disabled stream: enable it first.")
            if present.verified_at is not None and uow.now < present.verified_at + VERIFIED_EVERY:
                raise TooSoon("verification_too_soon", "Keep to the stream's min_verification_interval.")
            present = replace(present, verified_at=uow.now)
            uow.put(present)
            event = {"state": state} if state else {}
            signal = Signal(kind=EventKind.VERIFICATION, subject=opaque(stream), event=event)
            self._queue.put(uow, present, signal, self._randomness.identifier())
            uow.announce("signals_wait", {"stream": stream})
            uow.commit()

    def remove_subject(self, client: Client, stream: str, subject: object) -> None:
        """Tell a stream no more of a subject, whether we know any such or not.

        Raises as `get`; InvalidInput: `invalid_subject`; Forbidden: `too_many_subjects`.
        """
        written = read_subject(subject)
        with self._archive.writing() as uow:
            present = _own(uow.get(SignalStream, stream), client)
            if len(uow.find(RemovedSubject, stream=stream, limit=MOST_REMOVED)) >= MOST_REMOVED:
                raise Forbidden("too_many_subjects", f"At most {MOST_REMOVED} subjects are removed from a stream.")
            if subject != opaque(stream):
                uow.put(RemovedSubject(id=removal_key(stream, written), stream=stream, subject=written))
                uow.audit(stream_leaf("signal_subject_removed", present, client.id))
            uow.commit()

    def add_subject(self, client: Client, stream: str, subject: object) -> None:
        """Tell a stream again of a subject that was removed; all others are in it. Raises as `remove_subject`."""
        written = read_subject(subject)
        with self._archive.writing() as uow:
            present = _own(uow.get(SignalStream, stream), client)
            if uow.get(RemovedSubject, removal_key(stream, written)) is not None:
                uow.remove(RemovedSubject, removal_key(stream, written))
                uow.audit(stream_leaf("signal_subject_added", present, client.id))
            uow.commit()

    def _as_wanted(self, stream: SignalStream, wanted: WantedStream) -> SignalStream:
        _check_text(wanted.description, "description")
        asked = wanted.events_requested
        if len(asked) > MOST_EVENTS or not all(_URI.fullmatch(one) for one in asked):
            detail = f"Ask for at most {MOST_EVENTS} events by their URIs."
            raise InvalidInput("invalid_events_requested", detail, field="events_requested")
        told = replace(
            stream,
            method=wanted.method,
            endpoint_url=wanted.endpoint_url,
            events_requested=tuple(dict.fromkeys(asked)),
            description=wanted.description,
        )
        if wanted.method is DeliveryMethod.POLL:
            return replace(told, endpoint_url="", sealed_header="")
        if not acceptable(wanted.endpoint_url, ApplicationType.NATIVE if self._local else ApplicationType.WEB):
            detail = "Give an https address on a named host, without user or fragment."
            raise InvalidInput("invalid_endpoint_url", detail, field="delivery")
        if wanted.authorization_header is None:
            return told
        return replace(told, sealed_header=self._sealed(stream.id, wanted.authorization_header))

    def _sealed(self, stream: str, header: str) -> str:
        if not header:
            return ""
        if len(header) > LONGEST_HEADER or _HEADER.fullmatch(header) is None:
            detail = "Give one header value of visible ASCII characters with single blanks between them."
            raise InvalidInput("invalid_authorization_header", detail, field="delivery")
        return b64encode(self._seal.seal(header_name(stream), header.encode())).decode()


def header_name(stream: str) -> str:
    """Under which name the header of a stream is sealed."""
    return f"signal_stream/{stream}"


def delivered(stream: SignalStream, events: Mapping[str, EventKind]) -> list[str]:
    """The names of the events that a stream is told: those it asked for and we know."""
    return [one for one in stream.events_requested if one in events]


def _course(stream: str, now: datetime) -> StreamCourse:
    return StreamCourse(id=stream, last=0, waiting=0, due_at=now, tries=0, failing_since=None, holder="")


def _own(stream: SignalStream | None, client: Client) -> SignalStream:
    if stream is None or stream.client != client.id:
        raise NotFound("no_such_stream", "You have no such stream.")
    return stream


def _check_text(text: str, field: str) -> None:
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise InvalidInput(f"invalid_{field}", f"Send a text of at most {LONGEST_TEXT} characters.", field=field)
