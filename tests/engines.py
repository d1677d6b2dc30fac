"""Finds or starts the PostgreSQL server that tests run against, and says what to do when a peer is missing."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypedDict

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

GIVEN_SERVER = "PROCURA_TEST_POSTGRESQL"
REQUIRE_PEERS = "PROCURA_REQUIRE_PEERS"
MISSING = "missing: "
SUPERUSER = "procura"
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
SERVER_OPTIONS = "-c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=300"


class _Account(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def missing(what: str) -> NoReturn:
    """Skip the test because `what` is not on this machine; fail it where PROCURA_REQUIRE_PEERS=1 demands every peer."""
    if os.environ.get(REQUIRE_PEERS, "0") not in ("", "0"):
        pytest.fail(f"{MISSING}{what} ({REQUIRE_PEERS} is set, so this is a failure)", pytrace=False)
    pytest.skip(f"{MISSING}{what}")


def program(name: str) -> Path:
    """The path of a program on PATH, or `missing(name)`."""
    found = shutil.which(name)
    return Path(found) if found else missing(name)


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of a server where databases can be created: the given one, or a private one that ends with the block."""
    if given := os.environ.get(GIVEN_SERVER):
        yield given
        return
    binaries = postgresql_binaries()
    if binaries is None:
        missing("PostgreSQL (install Debian's postgresql or set PROCURA_TEST_POSTGRESQL)")
    with private_cluster(binaries) as url:
        yield url


def postgresql_binaries() -> Path | None:
    """The folder of the newest `initdb` and `postgres`: Debian's, else that on PATH."""
    debian = [found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if debian:
        return max(debian, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)])
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def private_cluster(binaries: Path) -> Iterator[str]:
    """A throw-away server on a Unix socket only its owner can reach, with PostgreSQL's own durability settings.

    PostgreSQL refuses to run as root, so root runs it as `postgres` or `nobody`. A guard process ends the server and
    removes its folder when the block ends, or when this process dies in any other way.
    """
    folder = Path(tempfile.mkdtemp(prefix="procura-pg-", dir="/tmp"))
    account: _Account = {}
    if owner := server_owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    _run([binaries / "initdb", "-D", folder / "data", "-U", SUPERUSER, *INITDB_OPTIONS], folder, account)
    start = [binaries / "pg_ctl", "start", "-w", "-s", "-D", folder / "data", "-l", folder / "log"]
    _run([*start, "-o", f"-k {folder} {SERVER_OPTIONS}"], folder, account)
    stop = f"read line; '{binaries}/pg_ctl' stop -s -m immediate -D '{folder}/data'; rm -rf '{folder}'"
    guard = subprocess.Popen(["sh", "-c", stop], stdin=subprocess.PIPE, start_new_session=True, cwd="/", **account)
    try:
        yield f"postgresql+psycopg://{SUPERUSER}@/postgres?host={folder}"
    finally:
        guard.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def server_owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: this user, or for root the first of `postgres` and `nobody` that exists."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in ("postgres", "nobody") if name in known)


def _run(command: list[object], folder: Path, account: _Account) -> None:
    words = [str(word) for word in command]
    # Output goes to a file: the server inherits it, so a pipe would never close.
    with (folder / "set-up.log").open("ab") as log:
        done = subprocess.run(words, check=False, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **account)
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed:\n{(folder / 'set-up.log').read_text()}")


def fresh_database(server: str, template: str | None = None) -> str:
    """Create an empty database on `server`, or a copy of the one at URL `template`, and give its URL."""
    name = f"procura_{uuid.uuid4().hex}"
    source = make_url(template).database if template else "template1"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, database: str) -> None:
    """Remove the database at URL `database`, ending the connections it still has."""
    _administer(server, f'DROP DATABASE IF EXISTS "{make_url(database).database}" WITH (FORCE)')


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(driver_url(make_url(server)), autocommit=True) as connection:
        connection.execute(statement.encode())


def driver_url(url: URL) -> str:
    """The same address as psycopg itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
