"""Child process: loads live grants into a database by the archive's own bulk load, and tells who their clients are."""

from __future__ import annotations

import gc
import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iam.app import build, settings_here
from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.domain.logins import PersonalData
from iam.sandbox.software import new_private_jwk, public_set
from iam.services.client_metadata_rules import check_metadata
from iam.services.personal_data import sealed
from iam.storage.migrations import upgrade
from oidc.client_keys import accept_jwks, canonical_jwks
from tests.bench.children import serve
from tests.bench.grant_people import BOUND, OLDER, SOFTWARE, People

GRANTED = "granted.json"
"""The file in which the clients are described."""
WHO = PersonalData(family_name="Peeters", given_name="Marie", born=date(1985, 7, 30))


def load(live: int, folder: str) -> dict[str, Any]:
    """Load so many live grants; write down the clients with their keys."""
    settings = settings_here()
    upgrade(settings.database_url)
    house, keys = build(settings), {one: new_private_jwk("ES256") for one in (OLDER, BOUND, SOFTWARE)}
    house.officers.establish()
    people = People(
        live=live,
        now=datetime.now(UTC),
        administration=settings.administration,
        personal=sealed(WHO, house.sealer),
    )
    registered = {alias: canonical_jwks(accept_jwks(public_set(key))) for alias, key in keys.items()}
    gc.disable()
    try:
        _check(list(people.clients(registered)), house)
        house.archive.bulk_load(people.records(registered))
    finally:
        gc.enable()
        house.archive.close()
    told = {
        "people": {**asdict(people), "now": people.now.isoformat()},
        "clients": {alias: {"client_id": people.client_id(alias), "jwk": key} for alias, key in keys.items()},
    }
    (Path(folder) / GRANTED).write_text(json.dumps(told), encoding="utf-8")
    return {"live": live}


def _check(records: list[object], house: Any) -> None:
    """No client is measured that could not be registered."""
    clients = {one.id: one for one in records if isinstance(one, Client)}
    for metadata in (one for one in records if isinstance(one, ClientMetadata)):
        check_metadata(clients[metadata.client], metadata, house.library.current().catalogue)


def read_people(folder: Path) -> tuple[People, dict[str, Any]]:
    """Who has grants in a database, and its clients with their keys."""
    told = json.loads((folder / GRANTED).read_text(encoding="utf-8"))
    return People(**{**told["people"], "now": datetime.fromisoformat(told["people"]["now"])}), told["clients"]


if __name__ == "__main__":
    serve({"load": load})
