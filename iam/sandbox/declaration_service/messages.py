"""Messages of a flow as they were sent and answered, and what is written in them."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_JWT_PARTS: Final = (3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request with its answer; a redirect of the browser has no answer of its own."""

    title: str
    about: str
    """What it is for, in a sentence or two."""
    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: Any = None
    """Its JSON, or its text."""

    @property
    def good(self) -> bool:
        """Whether it was not refused."""
        return self.status is None or self.status < HTTPStatus.BAD_REQUEST

    @property
    def status_line(self) -> str:
        """The status with its phrase; empty without an answer."""
        return f"{self.status} {HTTPStatus(self.status).phrase}" if self.status else ""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """What was sent, in the body or the address."""
        return list(self.sent.items()) or parse_qsl(urlsplit(self.address).query, keep_blank_values=True)

    @property
    def place(self) -> str:
        """The address without its query."""
        return self.address.partition("?")[0]

    @property
    def written(self) -> str:
        """The answer as text."""
        if self.answer is None or self.answer == "":
            return "(empty)"
        return self.answer if isinstance(self.answer, str) else pretty(self.answer)

    @property
    def decoded(self) -> list[tuple[str, str]]:
        """Every signed or encoded thing in it, by its name, as what is written in it."""
        told = self.answer if isinstance(self.answer, Mapping) else {"answer": self.answer}
        named = [*self.headers.items(), *self.parameters, *told.items()]
        found = ((name, decoded(str(value))) for name, value in named)
        return [(name, text) for name, text in found if text]


def decoded(text: str) -> str:
    """What is written in a JWT, an `Authorization: Basic`, or a JSON parameter; empty for anything else."""
    kind, _, rest = text.partition(" ")
    if kind == "Basic" and rest:
        return _basic(rest)
    token = rest if kind in ("Bearer", "DPoP") else text
    if token.count(".") + 1 in _JWT_PARTS and token.startswith("ey"):
        return _jwt(token)
    return pretty(_json(text)) if text[:1] in "[{" and _json(text) is not None else ""


def jwt_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT whose signature somebody else verifies; empty for anything else."""
    parts = token.split(".")
    claims = _json(_octets(parts[1])) if len(parts) == _JWT_PARTS[0] else None
    return claims if isinstance(claims, dict) else {}


def pretty(value: object) -> str:
    """JSON for a reader."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _basic(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode("utf-8")
    except (NotBase64, UnicodeDecodeError):
        return ""


def _jwt(token: str) -> str:
    parts = token.split(".")
    header = _json(_octets(parts[0]))
    if header is None:
        return ""
    if len(parts) == _JWT_PARTS[1]:
        return f"{pretty(header)}\n(encrypted)"
    return f"{pretty(header)}\n{pretty(_json(_octets(parts[1])))}"


def _octets(part: str) -> str:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
    except (NotBase64, ValueError):
        return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
