"""The endpoints of shared signals: what receivers ask of the transmitter (Shared Signals Framework 1.0 §7, §8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, request

from iam.domain.clients import Client
from iam.domain.errors import InvalidInput
from iam.domain.signal_streams import VERIFIED_EVERY, DeliveryMethod
from iam.services.signal_polls import SignalPolls
from iam.services.signal_streams import SignalStreams, TooSoon
from iam.web import problems
from iam.web.markers import public
from iam.web.problems import ProblemAnswer
from oidc.signals.polling import Polling
from oidc.signals.receivers import Receivers
from oidc.signals.security_events import SecurityEvents
from oidc.signals.stream_wire import POLL_PATH, StreamWire, read_members, read_status, status_of, text

STREAMS_PATH: Final = "/signals/streams"
STATUS_PATH: Final = "/signals/status"
ADD_PATH: Final = "/signals/subjects/add"
REMOVE_PATH: Final = "/signals/subjects/remove"
VERIFICATION_PATH: Final = "/signals/verification"
METADATA_PATH: Final = "/.well-known/ssf-configuration"
_BY_TOKEN: Final = public("the request proves itself by its access token")
_FOR_ALL: Final = public("what everybody must know to receive signals")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalParts:
    """What the endpoints work with."""

    issuer: str
    streams: SignalStreams
    polls: SignalPolls
    receivers: Receivers
    events: SecurityEvents


def signals_blueprint(parts: SignalParts) -> Blueprint:
    """The endpoints; register the blueprint without a prefix, at the root of the issuer."""
    blueprint = Blueprint("signals", __name__)
    doors = _Doors(parts)
    polling = Polling(parts.polls, parts.events)

    def add(path: str, methods: list[str], act: Callable[..., Response], name: str) -> None:
        def view(**path_values: str) -> Response:
            answer = act(parts.receivers.who_asks(request), **path_values)
            return parts.receivers.with_nonce(request, answer)

        blueprint.add_url_rule(path, name, _BY_TOKEN(view), methods=methods)

    def ssf_metadata() -> Response:
        answer = _told(metadata(parts.issuer))
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    add(STREAMS_PATH, ["GET", "POST", "PATCH", "PUT", "DELETE"], doors.streams, "streams")
    add(STATUS_PATH, ["GET", "POST"], doors.status, "status")
    add(ADD_PATH, ["POST"], doors.add_subject, "add_subject")
    add(REMOVE_PATH, ["POST"], doors.remove_subject, "remove_subject")
    add(VERIFICATION_PATH, ["POST"], doors.verify, "verification")
    add(f"{POLL_PATH}<stream>", ["POST"], polling.answer, "poll")
    blueprint.add_url_rule(METADATA_PATH, "ssf_metadata", _FOR_ALL(ssf_metadata))
    return blueprint


def metadata(issuer: str) -> dict[str, object]:
    """The transmitter's metadata (§7.1)."""
    return {
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "delivery_methods_supported": [one.value for one in DeliveryMethod],
        "configuration_endpoint": issuer + STREAMS_PATH,
        "status_endpoint": issuer + STATUS_PATH,
        "add_subject_endpoint": issuer + ADD_PATH,
        "remove_subject_endpoint": issuer + REMOVE_PATH,
        "verification_endpoint": issuer + VERIFICATION_PATH,
        "authorization_schemes": [{"spec_urn": f"urn:ietf:rfc:{number}"} for number in (6749, 9449, 8705)],
        "default_subjects": "ALL",
    }


class _Doors:
    """What each endpoint does for a receiver that was let in."""

    def __init__(self, parts: SignalParts) -> None:
        self._streams = parts.streams
        self._wire = StreamWire(parts.issuer, parts.streams.events)

    def streams(self, receiver: Client) -> Response:
        """Create, read, change, replace and delete streams (§8.1.1)."""
        if request.method == "GET":
            return self._read(receiver)
        if request.method == "DELETE":
            self._streams.delete(receiver, _named())
            return Response(status=204)
        sent = read_members()
        if request.method == "POST":
            created = self._streams.create(receiver, self._wire.created(sent))
            return _told(self._wire.written(created, receiver), 201)
        present = self._streams.get(receiver, text(sent, "stream_id"))
        read = self._wire.changed if request.method == "PATCH" else self._wire.replaced
        changed = self._streams.change(receiver, present.id, read(sent, present, receiver))
        return _told(self._wire.written(changed, receiver))

    def _read(self, receiver: Client) -> Response:
        if "stream_id" in request.args:
            return _told(self._wire.written(self._streams.get(receiver, _named()), receiver))
        return _told([self._wire.written(one, receiver) for one in self._streams.listed(receiver)])

    def status(self, receiver: Client) -> Response:
        """Read and set the status of a stream (§8.1.2)."""
        if request.method == "GET":
            return _told(status_of(self._streams.get(receiver, _named())))
        sent = read_members(("stream_id", "status", "reason"))
        stream, reason = text(sent, "stream_id"), text(sent, "reason", "")
        return _told(status_of(self._streams.set_status(receiver, stream, read_status(sent), reason)))

    def add_subject(self, receiver: Client) -> Response:
        """Add a subject (§8.1.3.2): the same answer whether we know it or not."""
        sent = read_members(("stream_id", "subject", "verified"))
        if not isinstance(sent.get("verified", True), bool):
            raise InvalidInput("wrong_type", "Send verified as true or false.", field="verified")
        self._streams.add_subject(receiver, text(sent, "stream_id"), sent.get("subject"))
        return Response(status=200)

    def remove_subject(self, receiver: Client) -> Response:
        """Remove a subject (§8.1.3.3): the same answer whether we know it or not."""
        sent = read_members(("stream_id", "subject"))
        self._streams.remove_subject(receiver, text(sent, "stream_id"), sent.get("subject"))
        return Response(status=204)

    def verify(self, receiver: Client) -> Response:
        """Have a verification event sent (§8.1.4.2)."""
        sent = read_members(("stream_id", "state"))
        try:
            self._streams.verify(receiver, text(sent, "stream_id"), text(sent, "state", ""))
        except TooSoon:
            raise ProblemAnswer(problems.too_many_requests(int(VERIFIED_EVERY.total_seconds()), 1)) from None
        return Response(status=204)


def _named() -> str:
    """The stream that a query names, once. InvalidInput (`parameter_missing`)."""
    named = request.args.getlist("stream_id")
    if len(named) != 1:
        raise InvalidInput("parameter_missing", "Name one stream: stream_id.", field="stream_id")
    return named[0]


def _told(told: object, status: int = 200) -> Response:
    return Response(json.dumps(told), status, content_type="application/json")
