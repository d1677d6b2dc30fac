"""The inbox: every e-mail and short message of the sandbox, on a page, as if one looked over each person's shoulder."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, render_template, request

from iam.ports import Clock

PATH, GATEWAY = "/inbox", "/sms-gateway"
TOKEN = "sandbox-sms"  # noqa: S105 - everybody may know it
MOST = 500
"""Messages that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message, as it came."""

    way: str
    """E-mail or SMS."""
    to: str
    subject: str
    text: str
    at: datetime


class Inbox:
    """What the sandbox's people received; nothing outlives the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: deque[Received] = deque(maxlen=MOST)
        self._turn = threading.Lock()

    def receive(self, way: str, to: str, subject: str, text: str) -> None:
        """Take a message."""
        with self._turn:
            self._messages.appendleft(Received(way=way, to=to, subject=subject, text=text, at=self._clock.now()))

    def messages(self, to: str = "") -> list[Received]:
        """The messages to an address or number, or all of them, the latest first."""
        with self._turn:
            return [one for one in self._messages if to in ("", one.to)]


def inbox_door(inbox: Inbox) -> Blueprint:
    """The page, the same as JSON (`/inbox/messages?to=…`), and the gateway of short messages."""
    door = Blueprint("inbox", __name__, template_folder="identity_providers/templates")

    @door.get(PATH)
    def page() -> str:
        return render_template("inbox.html", messages=inbox.messages())

    @door.get(f"{PATH}/messages")
    def messages() -> Response:
        found = inbox.messages(request.args.get("to", ""))
        return jsonify(messages=[_told(one) for one in found])

    @door.post(GATEWAY)
    def gateway() -> tuple[str, int]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            abort(401)
        inbox.receive("SMS", request.form["to"], "", request.form["text"])
        return "", 202

    return door


def _told(one: Received) -> dict[str, str]:
    return {"way": one.way, "to": one.to, "subject": one.subject, "text": one.text, "at": one.at.isoformat()}
