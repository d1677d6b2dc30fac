"""Guarded HTTP: asking one configured server for JSON, bounded in time and size, along no other road."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import requests
from urllib3.exceptions import HTTPError

TIMEOUT_SECONDS = 3.0
"""For the whole answer, from the first step of connecting to the last octet."""
MAX_OCTETS = 1_048_576
_CHUNK_OCTETS = 16_384


class UnsafeAddress(Exception):
    """An address that the house must not ask; the message is one line."""


class BadAnswer(Exception):
    """No answer, or one that is not what was asked for; the message says why and quotes none of it."""


class GuardedHttp:
    """Asks one server, whose address comes from configuration alone.

    The road is https; plain http only to this machine itself. No redirect is followed; proxies, `.netrc` and cookies
    play no part; the body is not compressed, at most `MAX_OCTETS` long and complete within `TIMEOUT_SECONDS`.
    """

    def __init__(self, address: str, *, timeout: float = TIMEOUT_SECONDS, max_octets: int = MAX_OCTETS) -> None:
        """Take the server's address, to which the paths asked are added.

        Args:
            timeout: seconds. max_octets: longest body that is read.

        Raises:
            UnsafeAddress: not https (nor http on this machine itself), or with a user, query or fragment.
        """
        self._address = checked_address(address)
        self._timeout = timeout
        self._max_octets = max_octets

    def get_json(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """GET a path under the address and return the JSON document of a 200 answer.

        A connection is made for each question: a kept one that the server dropped would look like a silent server.
        Members may not stand twice in an object, and numbers are JSON's own (RFC 8259 §4, §6).

        Raises:
            BadAnswer: whatever else comes, or nothing.
        """
        deadline = time.monotonic() + self._timeout
        try:
            with requests.Session() as session:
                session.trust_env = False
                return self._read(self._ask(session, path, parameters), deadline)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise BadAnswer(f"no answer: {type(error).__name__}") from None

    def _ask(self, session: requests.Session, path: str, parameters: Mapping[str, str] | None) -> requests.Response:
        return session.get(
            f"{self._address}{path}",
            params=parameters,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "Cache-Control": "no-store"},
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )

    def _read(self, answer: requests.Response, deadline: float) -> Any:
        if answer.status_code != 200:
            raise BadAnswer(f"status {answer.status_code}")
        media_type = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if media_type != "application/json":
            raise BadAnswer("not application/json")
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise BadAnswer("a compressed body")
        return parsed_json(self._body(answer, deadline))

    def _body(self, answer: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        while time.monotonic() < deadline:
            chunk = answer.raw.read1(_CHUNK_OCTETS, decode_content=False)
            body += chunk
            if len(body) > self._max_octets:
                raise BadAnswer(f"more than {self._max_octets} octets")
            if not chunk:
                return bytes(body)
        raise BadAnswer(f"not complete within {self._timeout} seconds")


def checked_address(address: str) -> str:
    """The address of a server, without a slash at its end. Raises UnsafeAddress as `GuardedHttp` does."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UnsafeAddress("not an address of a server") from None
    if not host or port == 0 or parts.username is not None or parts.query or parts.fragment:
        raise UnsafeAddress("an address is scheme, host and path, with nothing before the host or after the path")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts)):
        raise UnsafeAddress("an address is https; plain http is for this machine itself")
    return address.rstrip("/")


def is_loopback(parts: SplitResult) -> bool:
    """Whether an address names this machine itself, by number or as `localhost`."""
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def parsed_json(body: bytes) -> Any:
    """Read a JSON document strictly: UTF-8, no member twice, no NaN or infinity. Raises BadAnswer."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadAnswer("not strict JSON") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")
