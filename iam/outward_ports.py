"""What the inside needs of servers of other organisations, as protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from iam.domain.web_answers import WebAnswer


class GuardedWeb(Protocol):
    """Asks servers of other organisations, at addresses of configured origins alone."""

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        """GET an address of one of the origins (`https://host[:port]`), perhaps with an access token.

        Unavailable (`server_unavailable`) when the address is none of theirs, or no whole answer comes in time.
        """
        ...

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        """POST a form to an address of one of the origins, perhaps with an Authorization header; raises as `get`."""
        ...


class PostingWeb(Protocol):
    """Posts to servers of other organisations, at addresses of given origins alone."""

    def post(
        self, url: str, body: bytes, *, media_type: str, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        """POST a body, perhaps with an Authorization header; raises as `GuardedWeb.get`."""
        ...


class CertificateStatusServers(Protocol):
    """The servers at which certificate authorities say whether a certificate is revoked (OCSP)."""

    def ask(self, url: str, request: bytes) -> bytes:
        """The answer to a DER-encoded request, unjudged. Unavailable (`certificate_status_unavailable`) for none."""
        ...
