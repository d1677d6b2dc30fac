"""Judged connections: one request to the very address that was judged, bounded in time and size."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult

from iam.outside.guarded_http import UnsafeAddress
from iam.outside.timed_connections import SecureTimedConnection, TimedConnection

_CHUNK_OCTETS: Final = 16_384
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 (IANA); outside lie local addresses, and ones that hold an IPv4 address inside."""
_NOT_REACHED: Final = tuple(map(ipaddress.ip_network, ("2002::/16", "2001:db8::/32", "3fff::/20", "192.88.99.0/24")))
"""Ways into IPv4 from IPv6 that nobody needs any more (RFC 7526), and addresses of examples."""


class Answered(NamedTuple):
    """The head of an answer, and its body where somebody wants it."""

    status: int
    media_type: str
    """In lower case, without parameters."""
    compressed: bool
    body: Callable[[], bytes]
    """Reads it. UnsafeAddress when it is too large or takes too long."""


class JudgedConnections:
    """Connections to servers of others: no redirect is followed; proxies, cookies and kept connections play no part.

    Looking up a name takes as long as this machine's resolver allows; from then on everything ends by the timeout.
    """

    def __init__(self, *, public_only: bool, timeout: float, max_octets: int) -> None:
        """`public_only`: whether addresses of this machine and of inner networks are refused; `timeout` in seconds."""
        self._public_only = public_only
        self._timeout = timeout
        self._max_octets = max_octets

    @contextmanager
    def asked(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Answered]:
        """Send one request. UnsafeAddress, OSError or ValueError when no answer comes of it."""
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "Procura"}
        address = self._address(parts)
        with closing(self._connection(parts, address)) as connection:
            try:
                connection.request(method, target, body, sent)
                answer = connection.getresponse()
            except HTTPException as error:
                raise _no_answer(error) from None
            yield Answered(
                status=answer.status,
                media_type=answer.headers.get("Content-Type", "").split(";")[0].strip().lower(),
                compressed=answer.headers.get("Content-Encoding", "identity") != "identity",
                body=lambda: self._body(answer),
            )

    def _connection(self, parts: SplitResult, address: str) -> TimedConnection:
        ends_at = time.monotonic() + self._timeout
        if parts.scheme == "http":
            return TimedConnection(address, _port(parts), ends_at)
        return SecureTimedConnection(address, _port(parts), ends_at, parts.hostname or "")

    def _address(self, parts: SplitResult) -> str:
        """The first address of a host, all of which must be ones that may be asked."""
        host = parts.hostname or ""
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)]
        if self._public_only and not all(map(is_public, found)):
            raise UnsafeAddress("an address of this machine or of an inner network")
        return found[0]

    def _body(self, answer: HTTPResponse) -> bytes:
        body = bytearray()
        try:
            while chunk := answer.read1(_CHUNK_OCTETS):
                body += chunk
                if len(body) > self._max_octets:
                    raise UnsafeAddress(f"more than {self._max_octets} octets")
        except TimeoutError:
            raise UnsafeAddress(f"not complete within {self._timeout} seconds") from None
        except HTTPException as error:
            raise _no_answer(error) from None
        if answer.length:
            raise ConnectionAbortedError("the body ended before its length")
        return bytes(body)


def _no_answer(error: HTTPException) -> ConnectionError:
    return ConnectionError(type(error).__name__)


def is_public(written: str) -> bool:
    """Whether an address is one of the public internet, and holds no other address inside."""
    address: Any = ipaddress.ip_address(written.split("%", maxsplit=1)[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    inside = any(address in network for network in _NOT_REACHED if network.version == address.version)
    return bool(address.is_global and not address.is_multicast and not address.is_reserved and not inside)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
