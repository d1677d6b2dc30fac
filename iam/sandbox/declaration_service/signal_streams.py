"""A stream of signals from its receiver's side: opened, checked, and asked for what waits (SSF 1.0, RFC 8936)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iam.domain.clients import Profile
from iam.ports import Clock
from iam.sandbox.declaration_service.exchanges import Exchanges, FlowBroken, told
from iam.sandbox.declaration_service.messages import Message
from iam.sandbox.declaration_service.signal_deeds import wanted
from iam.sandbox.declaration_service.signal_tokens import SignalRefused
from iam.sandbox.software import SandboxClient

CONFIGURATION: Final = "/.well-known/ssf-configuration"
OAUTH: Final = "/.well-known/oauth-authorization-server"
PUSH: Final = "urn:ietf:rfc:8935"
POLL: Final = "urn:ietf:rfc:8936"
SCOPE: Final = "scope:authorization:signals:receive"
AT_ONCE: Final = 20
"""Tokens that are taken in one answer."""


class SignalStream:
    """One stream of one client."""

    def __init__(self, client: SandboxClient, issuer: str, clock: Clock) -> None:
        self.client = client
        self.issuer = issuer
        self.stream: dict[str, Any] = {}
        """Its configuration, as it was told."""
        self._clock = clock
        self._exchanges = Exchanges(client, issuer, clock)
        self._transmitter: dict[str, Any] = {}
        self._oauth: dict[str, Any] = {}
        self._tokens: dict[str, Any] = {}
        self._good_until = 0.0

    @property
    def messages(self) -> list[Message]:
        """What was sent and answered."""
        return self._exchanges.messages

    @property
    def id(self) -> str:
        """Its name; empty before it is opened."""
        return str(self.stream.get("stream_id", ""))

    def discover(self) -> None:
        """Read where everything is. FlowBroken when it is another issuer's."""
        about = "Which signals there are, how they are delivered, and where a stream is configured."
        found = told(self._exchanges.ask("Discovery of signals", about, "GET", self.issuer + CONFIGURATION))
        about = "Where the receiver gets the token by which it configures its stream."
        oauth = told(self._exchanges.ask("Discovery", about, "GET", self.issuer + OAUTH))
        if (found.get("issuer"), oauth.get("issuer")) != (self.issuer, self.issuer):
            raise FlowBroken("the metadata are another issuer's")
        self._transmitter, self._oauth = found, oauth
        if self.client.login is not None and self.client.login.profile is Profile.DEFAULT:
            self._exchanges.bind()

    def keys(self) -> Mapping[str, Any]:
        """The transmitter's keys as they are published now. FlowBroken when they cannot be read."""
        about = "The public keys, by which the receiver verifies every signal."
        return told(self._exchanges.ask("Keys", about, "GET", str(self._transmitter["jwks_uri"])))

    def open(self, delivery: Mapping[str, str], description: str) -> None:
        """Open it, for all the events that a service of declarations wants. FlowBroken when that is refused."""
        body = {"delivery": dict(delivery), "events_requested": wanted(self.issuer), "description": description}
        about = "The receiver says which events it wants, and how it gets them."
        self.stream = self._configured("Open a stream", about, "POST", "configuration_endpoint", body)
        if (self.stream.get("iss"), self.stream.get("aud")) != (self.issuer, self.client.client_id):
            raise FlowBroken("the stream is another issuer's, or for another receiver")

    def verify(self, state: str) -> None:
        """Have an event sent that repeats our words, so that it shows that the stream works. FlowBroken."""
        about = "The receiver asks for an event that tells its own words again: so it knows that it would hear others."
        body = {"stream_id": self.id, "state": state}
        self._configured("Verify the stream", about, "POST", "verification_endpoint", body)

    def status(self) -> str:
        """Whether it is enabled, paused or disabled. FlowBroken."""
        about = "Whether events are delivered now."
        address = f"{self._transmitter['status_endpoint']}?stream_id={self.id}"
        found = self._asked("Status of the stream", about, "GET", address)
        return str(told(found).get("status", ""))

    def poll(self, taken: list[str], refused: Mapping[str, SignalRefused], wait: bool) -> dict[str, str]:
        """What waits, by name; what was taken and refused before is told along. FlowBroken when nothing can be had."""
        errors = {jti: {"err": one.err, "description": one.description} for jti, one in refused.items()}
        body: dict[str, object] = {"maxEvents": AT_ONCE, "returnImmediately": not wait, "ack": taken}
        body |= {"setErrs": errors} if errors else {}
        about = "The receiver says what it has taken, and waits for more; its answer comes when there is something."
        address = str(self.stream["delivery"]["endpoint_url"])
        made = self._asked("Poll", about, "POST", address, body)
        sets = told(made).get("sets", {})
        found = {jti: token for jti, token in sets.items() if isinstance(token, str)} if isinstance(sets, dict) else {}
        if not found and made in self.messages:
            self.messages.remove(made)
        return found

    def close(self) -> None:
        """Give it up. FlowBroken."""
        about = "The receiver wants no more events."
        told(
            self._asked(
                "Close the stream",
                about,
                "DELETE",
                f"{self._transmitter['configuration_endpoint']}?stream_id={self.id}",
            )
        )
        self.stream = {}

    def _configured(self, title: str, about: str, method: str, endpoint: str, body: object) -> dict[str, Any]:
        return told(self._asked(title, about, method, str(self._transmitter[endpoint]), body))

    def _asked(self, title: str, about: str, method: str, address: str, body: object = None) -> Message:
        made = self._exchanges.ask_with_token(title, about, method, address, self._token(), body)
        if not made.good:
            refused = made.answer if isinstance(made.answer, dict) else {}
            raise FlowBroken(f"{refused.get('err', made.status_line)}: {refused.get('description', '')}")
        return made

    def _token(self) -> dict[str, Any]:
        now = self._clock.now().timestamp()
        if now >= self._good_until:
            about = "The receiver proves itself; the token is for its own streams alone."
            form = {"grant_type": "client_credentials", "scope": SCOPE}
            address = str(self._oauth["token_endpoint"])
            self._tokens = self._exchanges.prove_and_post("A token for streams", about, address, form)
            self._good_until = now + int(self._tokens.get("expires_in", 0)) / 2
        return self._tokens
