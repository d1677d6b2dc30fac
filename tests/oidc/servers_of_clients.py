"""The servers of clients, in the place of the web: documents at addresses, and which of them were asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from iam.domain.errors import Unavailable
from iam.domain.web_answers import WebAnswer


@dataclass
class ServersOfClients:
    """Implements `iam.outward_ports.GuardedWeb`: what is not in `documents` gives no answer."""

    documents: dict[str, object] = field(default_factory=dict)
    """JSON values, or whole answers, by address."""
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        self.asked.append(url)
        found = self.documents.get(url)
        if found is None:
            raise Unavailable("server_unavailable", "The other server gave no answer that can be used: silence.")
        if isinstance(found, WebAnswer):
            return found
        return WebAnswer(status=200, media_type="application/json", body=json.dumps(found).encode())

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        raise AssertionError("nothing is posted to the servers of clients here")
