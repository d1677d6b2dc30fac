"""What clients send for grants: requests for tokens and introspections, the same at the house and at its peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench import grant_figures as figures
from tests.bench.described import SCOPE
from tests.bench.grant_clients import Endpoint, GrantClient
from tests.bench.grant_people import BOUND, OLDER, SOFTWARE
from tests.bench.grant_sources import Give, Source, answered, code_parameters
from tests.bench.over_http import ISSUED, Write, Written

ACTIVE = b'"active":true'


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Everything that is asked of one server."""

    tokens: Endpoint
    introspection: Endpoint
    clients: Mapping[str, GrantClient]
    source: Source
    opaque: str = ""
    """The resource whose tokens are introspected, where that is another one than usual."""

    def writes(self) -> dict[str, Write]:
        """How each row is written."""
        return {
            figures.CODE: self._codes,
            figures.ROTATED: lambda count: self._refreshes(OLDER, count),
            figures.BOUND: lambda count: self._refreshes(BOUND, count),
            figures.CREDENTIALS: self._credentials,
            figures.INTROSPECTED: lambda count: self._introspections(count, self._tokens_of_software),
            figures.INTROSPECTED_PERSON: lambda count: self._introspections(count, self._tokens_of_people),
        }

    def _codes(self, count: int) -> Written:
        client = self.clients[OLDER]
        codes = self.source.codes(OLDER, count)
        return self._written(client, [code_parameters(one) for one in codes])

    def _refreshes(self, alias: str, count: int) -> Written:
        tokens = self.source.refresh_tokens(alias, count)
        return self._written(self.clients[alias], [_refreshing(one) for one in tokens])

    def _credentials(self, count: int) -> Written:
        return self._written(self.clients[SOFTWARE], [self._for_software()] * count)

    def _introspections(self, count: int, give: Give) -> Written:
        asker, endpoint = self.clients[OLDER], self.introspection
        return Written([asker.plain_request(endpoint, token=one) for one in give(count)], ACTIVE, count)

    def _tokens_of_software(self, count: int) -> list[str]:
        resource = {"resource": self.opaque} if self.opaque else {}
        written = self._written(self.clients[SOFTWARE], [{**self._for_software(), **resource}] * count)
        return [one["access_token"] for one in answered(self.tokens.lines, written.requests)]

    def _tokens_of_people(self, count: int) -> list[str]:
        tokens = self.source.refresh_tokens(BOUND, count, self.opaque)
        written = self._written(self.clients[BOUND], [_refreshing(one) for one in tokens])
        return [one["access_token"] for one in answered(self.tokens.lines, written.requests)]

    def _for_software(self) -> dict[str, str]:
        return {"grant_type": "client_credentials", "scope": SCOPE}

    def _written(self, client: GrantClient, asked: list[dict[str, str]]) -> Written:
        client.prepare(self.tokens, **asked[0])
        return Written([client.token_request(self.tokens, **one) for one in asked], ISSUED, len(asked))


def _refreshing(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token}
