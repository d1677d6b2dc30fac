"""Sets up the stands of grants: the house upon each database with its live grants, and npm's oidc-provider."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from joserfc.jwk import ECKey

from iam.outside.clock import SystemClock
from iam.sandbox.software import new_private_jwk, public_set
from iam.storage.archive import SqlArchive, open_archive
from oidc.jose import read_insecure_claims
from tests.bench import grant_figures, servers
from tests.bench.cpu import Meter
from tests.bench.databases import ISSUER, Database, meter_of
from tests.bench.described import SCOPE
from tests.bench.grant_clients import Endpoint, GrantClient
from tests.bench.grant_country import read_people
from tests.bench.grant_people import BOUND, CALLBACK, OLDER, SOFTWARE
from tests.bench.grant_requests import Requests
from tests.bench.grant_sources import OurGrants, PeerGrants, answered
from tests.bench.over_http import OverHttp
from tests.bench.sending import Lines
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, Stand

MOST = 120
"""Of one row in a round: the peer's memory holds the newest thousand records, of which each token is a few."""
TOLD = ("acr", "auth_time", "authorization_details")
"""Claims of our access tokens that the peer's are given, too."""
RESOURCE, OPAQUE = "https://dimona.example", "https://opaque.example"


def grant_stands(ground: Ground, databases: Sequence[Database]) -> list[Stand]:
    """Every row on every database, and at the peer."""
    found: list[Stand] = []
    told: dict[str, Any] = {}
    for database in databases:
        requests, meter = served(ground, database)
        found += stands_of(requests, meter, database.engine, database.size)
        told = told or _claims(requests)
    return found + _peer(ground, told)


def served(ground: Ground, database: Database) -> tuple[Requests, Meter]:
    """The house upon a database, and what is asked of it."""
    port = servers.free_port()
    server = ground.stack.enter_context(servers.house(database.settings(port), port, ground.log()))
    lines, archive = ground.stack.enter_context(Lines(server.port)), opened(ground, database)
    people, described = read_people(database.folder)
    requests = Requests(
        tokens=Endpoint(lines, ISSUER, "/oauth2/token"),
        introspection=Endpoint(lines, ISSUER, "/oauth2/introspect"),
        clients={alias: _client(alias, **one) for alias, one in described.items()},
        source=OurGrants(archive, people),
    )
    return requests, meter_of(database, server.process)


def opened(ground: Ground, database: Database) -> SqlArchive:
    """The archive in a database, until the run ends."""
    archive = open_archive(database.url, SystemClock())
    ground.stack.callback(archive.close)
    return archive


def _client(alias: str, client_id: str, jwk: dict[str, Any]) -> GrantClient:
    return GrantClient(client_id, jwk, bound=alias != OLDER)


def stands_of(requests: Requests, meter: Meter, engine: str, size: int) -> list[Stand]:
    """Every row of one server, or of the peer."""
    lines = requests.tokens.lines
    return [
        OverHttp(Key(row, engine, size), lines, meter, write, most=MOST) for row, write in requests.writes().items()
    ]


def _claims(requests: Requests) -> dict[str, Any]:
    """What our access tokens say besides, of people and of software."""
    found = []
    for row in (grant_figures.CODE, grant_figures.CREDENTIALS):
        (answer,) = answered(requests.tokens.lines, requests.writes()[row](1).requests)
        claims = read_insecure_claims(answer["access_token"])
        found.append({name: claims[name] for name in TOLD if name in claims})
    return {"told": found[0], "told_software": found[1]}


def _peer(ground: Ground, told: dict[str, Any]) -> list[Stand]:
    """oidc-provider with the same clients."""
    keys = {alias: new_private_jwk("ES256") for alias in (OLDER, BOUND, SOFTWARE)}
    port, control = servers.free_port(), servers.free_port()
    given = {
        "control": control,
        "clients": [_registered(alias, key) for alias, key in keys.items()],
        "signing": ECKey.import_key(new_private_jwk("ES256")).as_dict(private=True),
        "resource": RESOURCE,
        "opaque": OPAQUE,
        "scope": SCOPE,
        "redirect_uri": CALLBACK,
        "told": {"acr": "none", "auth_time": int(time.time())},
        "told_software": {},
        **told,
    }
    try:
        server = ground.stack.enter_context(servers.oidc_provider(given, port, ground.log(), "grants.mjs"))
    except servers.NotThere as reason:
        ground.absent |= {grant_figures.peer_of(row): str(reason) for row in grant_figures.ROWS}
        return []
    lines, issuer = ground.stack.enter_context(Lines(server.port)), f"http://127.0.0.1:{port}"
    tokens, clients = (
        Endpoint(lines, issuer, "/token"),
        {alias: _client(alias, alias, key) for alias, key in keys.items()},
    )
    requests = Requests(
        tokens=tokens,
        introspection=Endpoint(lines, issuer, "/token/introspection"),
        clients=clients,
        source=PeerGrants(control, tokens, clients, RESOURCE),
        opaque=OPAQUE,
    )
    return stands_of(requests, Meter(server.process), grant_figures.OIDC_PROVIDER, 0)


def _registered(alias: str, key: dict[str, Any]) -> dict[str, Any]:
    """A client as the peer is told of it."""
    told: dict[str, Any] = {"client_id": alias, "jwks": public_set(key), "subject_type": "pairwise"}
    if alias == SOFTWARE:
        alone = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [], "scope": SCOPE}
        return {**told, **alone, "subject_type": "public", "dpop_bound_access_tokens": True}
    return {
        **told,
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [CALLBACK],
        "response_types": ["code"],
        "scope": f"openid offline_access {SCOPE}",
        "rotated": alias == OLDER,
        "dpop_bound_access_tokens": alias == BOUND,
    }
