"""Guarded web: asking servers of other organisations, at configured origins alone, bounded in time and size."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final
from urllib.parse import SplitResult, urlencode, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from iam.domain.errors import Unavailable
from iam.domain.web_answers import WebAnswer
from iam.outside.guarded_http import UnsafeAddress, checked_address

TIMEOUT_SECONDS: Final = 5.0
"""For the whole answer."""
MAX_OCTETS: Final = 262_144
_CHUNK_OCTETS: Final = 16_384
_HOLDING_ANOTHER: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))
"""IPv6 addresses that stand for an IPv4 address, whichever it is."""


class GuardedWeb:
    """Implements `iam.outward_ports.GuardedWeb`.

    The road is https, and plain http to this machine itself where that is allowed. A name is looked up once and the
    connection goes to the very address that was judged. No redirect is followed; proxies, cookies and kept connections
    play no part; a compressed body is no answer.
    """

    def __init__(self, *, public_only: bool, timeout: float = TIMEOUT_SECONDS, max_octets: int = MAX_OCTETS) -> None:
        """`public_only`: whether addresses of this machine and of inner networks are refused, as in production."""
        self._public_only = public_only
        self._timeout = timeout
        self._max_octets = max_octets

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        """GET an address of one of the origins, perhaps with an access token. Unavailable (`server_unavailable`)."""
        headers = {"Accept": accept, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        return self._guarded("GET", url, origins, headers, None)

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        """POST a form to an address of one of the origins. Unavailable (`server_unavailable`)."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if authorization:
            headers["Authorization"] = authorization
        return self._guarded("POST", url, origins, headers, urlencode(form).encode())

    def _guarded(
        self, method: str, url: str, origins: frozenset[str], headers: dict[str, str], body: bytes | None
    ) -> WebAnswer:
        try:
            return self._asked(method, _checked(url, origins), headers, body)
        except UnsafeAddress as unsafe:
            raise _unavailable(str(unsafe)) from None
        except (HTTPError, OSError, ValueError) as error:
            raise _unavailable(type(error).__name__) from None

    def _asked(self, method: str, parts: SplitResult, headers: dict[str, str], body: bytes | None) -> WebAnswer:
        deadline = time.monotonic() + self._timeout
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "Procura"}
        with closing(self._pool(parts)) as pool:
            answer = pool.urlopen(
                method, target, body=body, headers=sent, retries=False, redirect=False, preload_content=False
            )
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise UnsafeAddress("a compressed body")
            media_type = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
            return WebAnswer(status=answer.status, media_type=media_type, body=self._body(answer, deadline))

    def _pool(self, parts: SplitResult) -> HTTPConnectionPool:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._address(host, port)
        limit = Timeout(total=self._timeout)
        if parts.scheme == "http":
            return HTTPConnectionPool(address, port, timeout=limit)
        return HTTPSConnectionPool(
            address, port, timeout=limit, server_hostname=host, assert_hostname=host, ca_certs=DEFAULT_CA_BUNDLE_PATH
        )

    def _address(self, host: str, port: int) -> str:
        """The first address of a host, all of which must be ones that may be asked."""
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if self._public_only and not all(map(is_public, found)):
            raise UnsafeAddress("an address of this machine or of an inner network")
        return found[0]

    def _body(self, answer: BaseHTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while time.monotonic() < deadline:
            chunk = answer.read1(_CHUNK_OCTETS, decode_content=False)
            body += chunk
            if len(body) > self._max_octets:
                raise UnsafeAddress(f"more than {self._max_octets} octets")
            if not chunk:
                return bytes(body)
        raise UnsafeAddress(f"not complete within {self._timeout} seconds")


def is_public(written: str) -> bool:
    """Whether an address is one of the public internet, and holds no other address inside."""
    address: Any = ipaddress.ip_address(written.split("%", maxsplit=1)[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 6 and any(address in network for network in _HOLDING_ANOTHER):
        return False
    return bool(address.is_global and not address.is_multicast)


def origin_of(url: str) -> str:
    """The origin of an address, `https://host[:port]` in lower case. UnsafeAddress for what is no address."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}".lower() if parts.hostname and parts.port != 0 else ""
    except ValueError:
        raise UnsafeAddress("not an address of a server") from None


def _checked(url: str, origins: frozenset[str]) -> SplitResult:
    parts = urlsplit(url)
    checked_address(f"{parts.scheme}://{parts.netloc}")
    if parts.fragment or origin_of(url) not in origins:
        raise UnsafeAddress("not an address of a configured origin")
    return parts


def _unavailable(why: str) -> Unavailable:
    return Unavailable("server_unavailable", f"The other server gave no answer that can be used: {why}.")
