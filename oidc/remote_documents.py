"""JSON documents at addresses that clients register: asked through the guard, and read strictly."""

from __future__ import annotations

from urllib.parse import urlsplit

from iam.domain.errors import Unavailable
from iam.outward_ports import GuardedWeb
from iam.web import strict_json


def fetched(web: GuardedWeb, uri: str, *, accept: str, types: frozenset[str]) -> object:
    """The document at an address: of status 200 and one of these media types; no redirect is followed.

    Raises:
        Unavailable: `server_unavailable`, also where the guard does not let the address be asked.
        MalformedJson: as `strict_json.loads`.
    """
    parts = urlsplit(uri)
    answer = web.get(uri, origins=frozenset({f"{parts.scheme}://{parts.netloc}".lower()}), accept=accept)
    if answer.status != 200 or answer.media_type not in types:
        detail = f"The server answered with status {answer.status} and another document than was asked for."
        raise Unavailable("server_unavailable", detail)
    return strict_json.loads(answer.body)
