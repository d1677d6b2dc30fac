"""Streams as JSON (Shared Signals Framework 1.0 §8.1.1): read strictly, and written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from iam.domain.clients import Client
from iam.domain.errors import InvalidInput
from iam.domain.signal_events import EventKind
from iam.domain.signal_streams import VERIFIED_EVERY, DeliveryMethod, SignalStream, StreamStatus
from iam.services.signal_streams import WantedStream, delivered
from iam.web import strict_json
from iam.web.limits import read_json_body

POLL_PATH: Final = "/signals/poll/"
"""Before the id of a stream."""
OF_RECEIVER: Final = ("delivery", "events_requested", "description")
_OF_PUSH: Final = frozenset({"method", "endpoint_url", "authorization_header"})

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StreamWire:
    """Reads and writes streams."""

    issuer: str
    events: Mapping[str, EventKind]

    def written(self, stream: SignalStream, receiver: Client) -> dict[str, object]:
        """A stream as its receiver sees it; the header that it gave is not shown again."""
        told: dict[str, object] = {
            "stream_id": stream.id,
            "iss": self.issuer,
            "aud": receiver.id,
            "delivery": {"method": stream.method.value, "endpoint_url": self._endpoint(stream)},
            "events_supported": list(self.events),
            "events_requested": list(stream.events_requested),
            "events_delivered": delivered(stream, self.events),
            "min_verification_interval": int(VERIFIED_EVERY.total_seconds()),
        }
        return told | ({"description": stream.description} if stream.description else {})

    def created(self, sent: Members) -> WantedStream:
        """What a receiver wants of a new stream. Raises InvalidInput."""
        check_members(sent, OF_RECEIVER)
        return self._wanted(sent, WantedStream(authorization_header=""), None)

    def changed(self, sent: Members, stream: SignalStream, receiver: Client) -> WantedStream:
        """What a receiver wants otherwise (§8.1.1.3): what it does not name stays. Raises InvalidInput."""
        self._check_ours(sent, stream, receiver)
        present = WantedStream(
            method=stream.method,
            endpoint_url=stream.endpoint_url,
            authorization_header=None,
            events_requested=stream.events_requested,
            description=stream.description,
        )
        return self._wanted(sent, present, stream)

    def replaced(self, sent: Members, stream: SignalStream, receiver: Client) -> WantedStream:
        """What a receiver wants in place of all (§8.1.1.4): what it does not name is deleted. Raises InvalidInput."""
        self._check_ours(sent, stream, receiver)
        return self._wanted(sent, WantedStream(authorization_header=""), stream)

    def _check_ours(self, sent: Members, stream: SignalStream, receiver: Client) -> None:
        """Refuse a property that we supply, where it is sent as anything else than it is."""
        present = self.written(stream, receiver)
        check_members(sent, (*present, *OF_RECEIVER))
        for name in present.keys() - set(OF_RECEIVER):
            if name in sent and sent[name] != present[name]:
                raise InvalidInput("property_not_yours", "This property is ours: send it as it is, or not.", field=name)

    def _wanted(self, sent: Members, present: WantedStream, stream: SignalStream | None) -> WantedStream:
        told = {
            "method": present.method,
            "endpoint_url": present.endpoint_url,
            "authorization_header": present.authorization_header,
        }
        if "delivery" in sent:
            told = self._delivery(sent["delivery"], stream)
        return WantedStream(
            method=DeliveryMethod(told["method"] or DeliveryMethod.POLL),
            endpoint_url=told["endpoint_url"] or "",
            authorization_header=told["authorization_header"],
            events_requested=_texts(sent, "events_requested", present.events_requested),
            description=text(sent, "description", present.description),
        )

    def _delivery(self, sent: object, stream: SignalStream | None) -> dict[str, str | None]:
        if not isinstance(sent, dict) or not all(isinstance(one, str) for one in sent.values()):
            raise InvalidInput("invalid_delivery", "Send delivery as an object of texts.", field="delivery")
        if sent.get("method") not in list(DeliveryMethod):
            detail = f"The methods are {' and '.join(DeliveryMethod)}."
            raise InvalidInput("delivery_method_not_supported", detail, field="delivery")
        if sent["method"] == DeliveryMethod.POLL:
            ours = {"endpoint_url": self._endpoint(stream)} if stream and stream.method is DeliveryMethod.POLL else {}
            if {name: value for name, value in sent.items() if name != "method"} not in ({}, ours):
                detail = "Where you poll is for us to say: send the method alone."
                raise InvalidInput("invalid_delivery", detail, field="delivery")
            return {"method": DeliveryMethod.POLL, "endpoint_url": "", "authorization_header": ""}
        check_members(sent, _OF_PUSH, within="delivery")
        return {
            "method": DeliveryMethod.PUSH,
            "endpoint_url": sent.get("endpoint_url", ""),
            "authorization_header": sent.get("authorization_header", ""),
        }

    def _endpoint(self, stream: SignalStream) -> str:
        polled = stream.method is DeliveryMethod.POLL
        return f"{self.issuer}{POLL_PATH}{stream.id}" if polled else stream.endpoint_url


def status_of(stream: SignalStream) -> dict[str, object]:
    """The status of a stream (§8.1.2.1)."""
    told: dict[str, object] = {"stream_id": stream.id, "status": stream.status.value}
    return told | ({"reason": stream.reason} if stream.reason else {})


def read_status(sent: Members) -> StreamStatus:
    """The status that a receiver wants. InvalidInput (`invalid_status`)."""
    wanted = text(sent, "status")
    if wanted not in list(StreamStatus):
        raise InvalidInput("invalid_status", f"The statuses are {', '.join(StreamStatus)}.", field="status")
    return StreamStatus(wanted)


def read_members(known: Collection[str] | None = None) -> dict[str, object]:
    """The JSON object of a request. Raises ProblemAnswer, MalformedJson; InvalidInput (`wrong_type`) as others."""
    sent = strict_json.loads(read_json_body())
    if not isinstance(sent, dict):
        raise InvalidInput("wrong_type", "Send a JSON object.")
    if known is not None:
        check_members(sent, known)
    return sent


def check_members(sent: Members, known: Collection[str], within: str = "") -> None:
    """Refuse members that have no meaning here. InvalidInput (`unknown_member`)."""
    unknown = sorted(set(sent) - set(known))
    if unknown:
        raise InvalidInput("unknown_member", f"Known here: {', '.join(known)}.", field=within or unknown[0])


def text(sent: Members, name: str, otherwise: str | None = None) -> str:
    """A member that is a text. InvalidInput (`parameter_missing`, `wrong_type`)."""
    if name not in sent:
        if otherwise is None:
            raise InvalidInput("parameter_missing", f"Send {name}.", field=name)
        return otherwise
    value = sent[name]
    if not isinstance(value, str):
        raise InvalidInput("wrong_type", f"Send {name} as a text.", field=name)
    return value


def _texts(sent: Members, name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    value = sent.get(name, otherwise)
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InvalidInput("wrong_type", f"Send {name} as a list of texts.", field=name)
    return tuple(value)
