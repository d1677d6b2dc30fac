"""Guarded web: asking servers of other organisations, at configured origins alone, bounded in time and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from iam.domain.errors import Unavailable
from iam.domain.web_answers import WebAnswer
from iam.outside.guarded_http import UnsafeAddress, checked_address
from iam.outside.judged_connections import JudgedConnections

TIMEOUT_SECONDS: Final = 5.0
"""For the whole answer."""
MAX_OCTETS: Final = 262_144
ACCEPTED: Final = 202


class GuardedWeb:
    """Implements `iam.outward_ports.GuardedWeb`.

    The road is https, and plain http to this machine itself where that is allowed. A name is looked up once and the
    connection goes to the very address that was judged. No redirect is followed; proxies, cookies and kept connections
    play no part; a compressed body is no answer.
    """

    def __init__(self, *, public_only: bool, timeout: float = TIMEOUT_SECONDS, max_octets: int = MAX_OCTETS) -> None:
        """`public_only`: whether addresses of this machine and of inner networks are refused, as in production."""
        self._connections = JudgedConnections(public_only=public_only, timeout=timeout, max_octets=max_octets)

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

    def post(
        self, url: str, body: bytes, *, media_type: str, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        """POST a body of a media type to an address of one of the origins. Unavailable (`server_unavailable`).

        The body of an answer of 202 is not read: that says all.
        """
        headers = {"Accept": "application/json", "Content-Type": media_type}
        if authorization:
            headers["Authorization"] = authorization
        return self._guarded("POST", url, origins, headers, body)

    def _guarded(
        self, method: str, url: str, origins: frozenset[str], headers: dict[str, str], body: bytes | None
    ) -> WebAnswer:
        try:
            return self._asked(method, _checked(url, origins), headers, body)
        except UnsafeAddress as unsafe:
            raise _unavailable(str(unsafe)) from None
        except (OSError, ValueError) as error:
            raise _unavailable(type(error).__name__) from None

    def _asked(self, method: str, parts: SplitResult, headers: dict[str, str], sent: bytes | None) -> WebAnswer:
        with self._connections.asked(method, parts, headers, sent) as answer:
            if answer.compressed:
                raise UnsafeAddress("a compressed body")
            body = b"" if answer.status == ACCEPTED else answer.body()
            return WebAnswer(status=answer.status, media_type=answer.media_type, body=body)


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
