"""What a client asks of the authorization server and of what it protects, with every message kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import requests

from iam.ports import Clock
from iam.sandbox.declaration_service.messages import Message
from iam.sandbox.declaration_service.proofs import DpopKey, authentication
from iam.sandbox.software import SandboxClient

SECONDS: Final = 20
FIRST, LAST = 20, 40
"""Messages that are kept: the first of all and the last; those between make room."""
_TELLING: Final = ("Content-Type", "Cache-Control", "DPoP-Nonce", "WWW-Authenticate")


class FlowBroken(Exception):
    """The flow cannot go on; the message says why."""


class Exchanges:
    """The messages of one client with one issuer."""

    def __init__(self, client: SandboxClient, issuer: str, clock: Clock) -> None:
        self.client = client
        self.issuer = issuer
        self.clock = clock
        self.messages: list[Message] = []
        self.dpop: DpopKey | None = None
        """The key to which tokens are bound, from when on they are (RFC 9449)."""

    def bind(self) -> None:
        """Have tokens bound to a new key from now on."""
        self.dpop = DpopKey(self.clock)

    def prove_and_post(self, title: str, about: str, address: str, form: Mapping[str, str]) -> dict[str, Any]:
        """POST a form with the client's own proof, again where the server hands out a nonce. FlowBroken if refused."""
        for retried in (False, True):
            headers, proven = authentication(self.client, self.issuer, self.clock)
            made = self.ask(title, about, "POST", address, headers=headers, form={**form, **proven})
            wants_nonce = isinstance(made.answer, dict) and made.answer.get("error") == "use_dpop_nonce"
            if retried or not wants_nonce:
                break
            title = f"{title}, again with the server's nonce"
        return told(made)

    def ask_with_token(
        self, title: str, about: str, method: str, address: str, tokens: Mapping[str, Any], body: object = None
    ) -> Message:
        """Ask for something protected, again where the server hands out a nonce.

        Args:
            tokens: the answer of the token endpoint. body: what is sent as JSON, if something is.
        """
        token = str(tokens.get("access_token", ""))
        shown = {"Authorization": f"{tokens.get('token_type', 'Bearer')} {token}"}
        made = self.ask(title, about, method, address, headers=shown, token=token, body=body)
        if "use_dpop_nonce" in made.answer_headers.get("WWW-Authenticate", ""):
            title = f"{title}, again with the server's nonce"
            made = self.ask(title, about, method, address, headers=shown, token=token, body=body)
        return made

    def ask(
        self,
        title: str,
        about: str,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        token: str = "",
        form: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Message:
        """Send one request and keep it with its answer. FlowBroken when none comes."""
        sent = dict(headers or {})
        if self.dpop is not None and (form is not None or token):
            sent["DPoP"] = self.dpop.proof(method, address, token)
        try:
            came = requests.request(
                method, address, headers=sent, data=form, json=body, timeout=SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise FlowBroken(f"no answer from {address}: {type(error).__name__}") from None
        if self.dpop is not None and "DPoP-Nonce" in came.headers:
            self.dpop.hear(address, came.headers["DPoP-Nonce"])
        message = Message(
            title=title,
            about=about,
            method=method,
            address=address,
            headers=sent,
            sent=dict(form or _shown(body)),
            status=came.status_code,
            answer_headers={name: came.headers[name] for name in _TELLING if name in came.headers},
            answer=_read(came),
        )
        self.messages.append(message)
        del self.messages[FIRST : max(FIRST, len(self.messages) - LAST)]
        return message


def told(message: Message) -> dict[str, Any]:
    """The JSON of an answer. FlowBroken, with what it says, where it refuses."""
    if not message.good:
        refused = message.answer if isinstance(message.answer, dict) else {}
        raise FlowBroken(f"{refused.get('error', message.status_line)}: {refused.get('error_description', '')}")
    return message.answer if isinstance(message.answer, dict) else {}


def _shown(body: object) -> dict[str, str]:
    members = body if isinstance(body, Mapping) else {}
    return {name: one if isinstance(one, str) else json.dumps(one) for name, one in members.items()}


def _read(came: requests.Response) -> Any:
    if "json" in came.headers.get("Content-Type", ""):
        try:
            return came.json()
        except ValueError:
            return came.text
    return came.text
