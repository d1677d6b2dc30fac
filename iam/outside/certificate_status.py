"""Certificate status: asking the OCSP servers of certificate authorities, at judged addresses, bounded and in short."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import Final
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from iam.domain.errors import Unavailable
from iam.outside.guarded_http import UnsafeAddress
from iam.outside.guarded_web import is_public

TIMEOUT_SECONDS: Final = 5.0
"""For the whole answer (Web eID's validators wait as long)."""
MAX_OCTETS: Final = 32_768
ASKING: Final = "application/ocsp-request"
ANSWERING: Final = "application/ocsp-response"
_CHUNK_OCTETS: Final = 8_192


class HttpCertificateStatus:
    """Implements `iam.outward_ports.CertificateStatusServers` by HTTP POST (RFC 6960 appendix A.1).

    Plain http will do: the answer is signed. No redirect is followed; proxies, cookies and kept connections play no
    part. A name is looked up once, and the connection goes to the very address that was judged.
    """

    def __init__(self, *, public_only: bool, timeout: float = TIMEOUT_SECONDS) -> None:
        """`public_only`: whether addresses of this machine and of inner networks are refused, as in production."""
        self._public_only = public_only
        self._timeout = timeout

    def ask(self, url: str, request: bytes) -> bytes:
        """The answer to a request, as the server at `url` gave it. Unavailable (`certificate_status_unavailable`)."""
        try:
            return self._asked(_checked(url), request)
        except UnsafeAddress as unsafe:
            raise _unavailable(str(unsafe)) from None
        except (HTTPError, OSError, ValueError) as error:
            raise _unavailable(type(error).__name__) from None

    def _asked(self, parts: SplitResult, request: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        headers = {
            "Host": parts.netloc,
            "Content-Type": ASKING,
            "Accept": ANSWERING,
            "Accept-Encoding": "identity",
            "User-Agent": "Procura",
        }
        with closing(self._pool(parts)) as pool:
            answer = pool.urlopen(
                "POST", target, body=request, headers=headers, retries=False, redirect=False, preload_content=False
            )
            if answer.status != 200:
                raise UnsafeAddress(f"status {answer.status}")
            if answer.headers.get("Content-Type", "").split(";")[0].strip().lower() != ANSWERING:
                raise UnsafeAddress(f"not {ANSWERING}")
            return self._body(answer, deadline)

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
            if len(body) > MAX_OCTETS:
                raise UnsafeAddress(f"more than {MAX_OCTETS} octets")
            if not chunk:
                return bytes(body)
        raise UnsafeAddress(f"not complete within {self._timeout} seconds")


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise UnsafeAddress("not an http or https address")
    if parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise UnsafeAddress("an address with parts that it should not have")
    return parts


def _unavailable(why: str) -> Unavailable:
    return Unavailable("certificate_status_unavailable", f"The status server gave no answer that can be used: {why}.")
