"""Certificate status: asking the OCSP servers of certificate authorities, at judged addresses, bounded and in short."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import HTTPError

from iam.domain.errors import Unavailable
from iam.outside.guarded_http import UnsafeAddress
from iam.outside.judged_connections import JudgedConnections

TIMEOUT_SECONDS: Final = 5.0
"""For the whole answer (Web eID's validators wait as long)."""
MAX_OCTETS: Final = 32_768
ASKING: Final = "application/ocsp-request"
ANSWERING: Final = "application/ocsp-response"


class HttpCertificateStatus:
    """Implements `iam.outward_ports.CertificateStatusServers` by HTTP POST (RFC 6960 appendix A.1).

    Plain http will do: the answer is signed. No redirect is followed; proxies, cookies and kept connections play no
    part. A name is looked up once, and the connection goes to the very address that was judged.
    """

    def __init__(self, *, public_only: bool, timeout: float = TIMEOUT_SECONDS) -> None:
        """`public_only`: whether addresses of this machine and of inner networks are refused, as in production."""
        self._connections = JudgedConnections(public_only=public_only, timeout=timeout, max_octets=MAX_OCTETS)

    def ask(self, url: str, request: bytes) -> bytes:
        """The answer to a request, as the server at `url` gave it. Unavailable (`certificate_status_unavailable`)."""
        try:
            return self._asked(_checked(url), request)
        except UnsafeAddress as unsafe:
            raise _unavailable(str(unsafe)) from None
        except (HTTPError, OSError, ValueError) as error:
            raise _unavailable(type(error).__name__) from None

    def _asked(self, parts: SplitResult, request: bytes) -> bytes:
        headers = {"Content-Type": ASKING, "Accept": ANSWERING}
        with self._connections.asked("POST", parts, headers, request) as answer:
            if answer.status != 200:
                raise UnsafeAddress(f"status {answer.status}")
            if answer.media_type != ANSWERING:
                raise UnsafeAddress(f"not {ANSWERING}")
            return answer.body()


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise UnsafeAddress("not an http or https address")
    if parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise UnsafeAddress("an address with parts that it should not have")
    return parts


def _unavailable(why: str) -> Unavailable:
    return Unavailable("certificate_status_unavailable", f"The status server gave no answer that can be used: {why}.")
