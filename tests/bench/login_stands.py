"""Sets up the stands of logins: our service with the sandbox's providers beside it, and the cryptography alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.audit import Leaf
from iam.domain.identifiers import Niss
from iam.domain.logins import PersonalData, ProvenLogin
from iam.outside.clock import SystemClock
from iam.outside.randomness import SystemRandomness
from iam.sandbox.identity_providers.saml_foreigners import FOREIGNERS, HERE
from iam.services.identity_links import identity_seen, link
from iam.services.people import person_for
from iam.storage.archive import open_archive
from iam.storage.migrations import upgrade
from tests.bench import databases, figures, servers
from tests.bench.cpu import Meter
from tests.bench.databases import Database, meter_of
from tests.bench.in_process import InProcess, OneByOne
from tests.bench.login_walks import PERSON, Line, Logins, by_eidas, by_itsme
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, Stand
from tests.running import bare_environment

BIS_NUMBER = Niss.parse("98472899765")
"""A valid one, for the person from another country."""


def login_stands(ground: Ground, engines: list[str], server: str | None) -> list[Stand]:
    """Logins on each engine, their cryptography, and the refusal of hostile documents."""
    found: list[Stand] = [_alone(ground, one) for one in ("oidc", "eidas")]
    for engine in engines:
        database = databases.fresh(engine, 0, ground.folder / "logins", server)
        found += _served(ground, database)
    running = ground.child("refusing")
    return [*found, InProcess(figures.HOSTILE_KEY, running, running.meter)]


def _alone(ground: Ground, kind: str) -> Stand:
    running = ground.child("login_cryptography", BENCH_LOGIN=kind)
    return OneByOne(figures.ALONE[kind], running, running.meter, most=60)


def _served(ground: Ground, database: Database) -> list[Stand]:
    settings = bare_environment(database.folder, database.url)
    port, file = int(settings["PORT"]), database.folder / "login-providers.toml"
    playing = ground.child("identity_stand")
    told: dict[str, Any] = playing.ask("start", client_url=settings["PROCURA_ISSUER"])
    file.write_text(told["configuration"], encoding="utf-8")
    upgrade(database.url)
    settings |= {"PROCURA_LOGIN_PROVIDERS": str(file), "PROCURA_WORKERS": "1"}
    running = ground.stack.enter_context(servers.house(settings, port, ground.log()))
    _make_known(database.url)
    meter = meter_of(database, running.process)
    return [_logins(meter, port, database.engine, kind) for kind in ("oidc", "eidas")]


def _logins(meter: Meter, port: int, engine: str, kind: str) -> Stand:
    walk = {"oidc": by_itsme, "eidas": by_eidas}[kind]
    return Logins(Key(figures.LOGIN[kind], engine, 0), Line(port), meter, walk)


def _make_known(database_url: str) -> None:
    """Link the foreign person to a number, as an officer does once, so that every login here is a later one."""
    archive, randomness = open_archive(database_url, SystemClock()), SystemRandomness()
    [foreigner] = [one for one in FOREIGNERS if one.alias == PERSON]
    with archive.writing() as uow:
        person = person_for(uow, BIS_NUMBER, randomness)
        proven = ProvenLogin(
            provider="eidas",
            key=LoginKey.EIDAS,
            assurance=Assurance.HIGH,
            authenticated_at=uow.now,
            reference=randomness.identifier(),
            expires_at=uow.now,
            subject=f"{foreigner.country}/{HERE}/{foreigner.number}",
            issued_in=foreigner.country,
            personal=PersonalData(
                family_name=foreigner.family_name,
                given_name=foreigner.given_name,
                born=date.fromisoformat(foreigner.born),
            ),
        )
        leaf = Leaf(act="identity_linked", actor=person, caller="", objects={})
        link(uow, identity_seen(uow, proven), person, Assurance.HIGH, leaf)
        uow.commit()
    archive.close()
