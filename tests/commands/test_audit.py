"""`procura audit verify`: whatever is edited, deleted, reordered or put in is found at the first bad leaf."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update
from sqlalchemy.pool import NullPool

from iam.domain.audit import Leaf, chain
from iam.domain.instants import from_micros
from iam.outside.clock import SystemClock
from iam.storage.archive import open_archive
from iam.storage.mapping import micros
from iam.storage.migrations import upgrade
from iam.storage.tables import AUDIT_LEAVES, HEAD
from tests import engines
from tests.commands.terminal import Terminal
from tests.rows import counted

LEAVES = 12
C = AUDIT_LEAVES.c


def edited(column: str, value: object, sequence: int = 7) -> Callable[[Connection], None]:
    """Somebody changes one cell of a leaf."""
    change = update(AUDIT_LEAVES).where(C.sequence == sequence).values({column: value})
    return lambda connection: _done(connection, change)


def _done(connection: Connection, *statements: object) -> None:
    for statement in statements:
        assert connection.execute(statement).rowcount > 0  # type: ignore[call-overload]


def swapped(connection: Connection) -> None:
    """Two neighbours change places."""
    for old, new in ((5, 999), (6, 5), (999, 6)):
        _done(connection, update(AUDIT_LEAVES).where(C.sequence == old).values(sequence=new))


def closed_up(connection: Connection) -> None:
    """One is deleted, and those after it are numbered anew."""
    _done(connection, delete(AUDIT_LEAVES).where(C.sequence == 4))
    for old in range(5, LEAVES + 1):
        _done(connection, update(AUDIT_LEAVES).where(C.sequence == old).values(sequence=old - 1))


def copied(connection: Connection) -> None:
    """The content of one leaf is put into another, hash and all."""
    found = connection.execute(select(AUDIT_LEAVES).where(C.sequence == 3)).mappings().one()
    content = {name: value for name, value in found.items() if name != "sequence"}
    _done(connection, update(AUDIT_LEAVES).where(C.sequence == 8).values(content))


def cut(connection: Connection) -> None:
    """The last leaves are gone."""
    _done(connection, delete(AUDIT_LEAVES).where(C.sequence > LEAVES - 2))


def put_in(number: int) -> Callable[[Connection], None]:
    """Somebody adds a leaf, chained as it should be, without moving the head."""

    def add(connection: Connection) -> None:
        last = connection.execute(select(HEAD.c.leaf_hash)).scalar_one()
        leaf = chain(number, 1, datetime(2026, 1, 1, tzinfo=UTC), Leaf(act="x", actor="x", caller="", objects={}), last)
        cells = {"sequence": number, "revision": 1, "at": micros(leaf.at), "act": "x", "actor": "x", "caller": ""}
        connection.execute(insert(AUDIT_LEAVES).values(**cells, objects="{}", previous=last, hash=leaf.hash))

    return add


def written_anew(connection: Connection) -> None:
    """The third leaf is another one, and the chain, its head included, is made anew from there."""
    rows = connection.execute(select(AUDIT_LEAVES).order_by(C.sequence)).mappings().all()
    previous = rows[1]["hash"]
    for row in rows[2:]:
        act = "another" if row["sequence"] == 3 else row["act"]
        leaf = Leaf(act=act, actor=row["actor"], caller=row["caller"], objects=json.loads(row["objects"]))
        made = chain(row["sequence"], row["revision"], from_micros(row["at"]), leaf, previous)
        changed = {"act": act, "previous": previous, "hash": made.hash}
        _done(connection, update(AUDIT_LEAVES).where(C.sequence == made.sequence).values(changed))
        previous = made.hash
    _done(connection, update(HEAD).values(leaf_hash=previous))


def longer(terminal: Terminal) -> None:
    """One more act is recorded."""
    archive = terminal.archive()
    with archive.writing() as uow:
        uow.audit(Leaf(act="later", actor="somebody", caller="", objects={}))
        uow.commit()
    archive.close()


TAMPERING: dict[str, tuple[Callable[[Connection], None], int]] = {
    "the act is edited": (edited("act", "nothing_at_all"), 7),
    "the actor is edited": (edited("actor", "somebody else"), 7),
    "the caller is edited": (edited("caller", "another client"), 7),
    "the objects are edited": (edited("objects", '{"mandate":"another"}'), 7),
    "the instant is edited": (edited("at", 1), 7),
    "the revision is edited": (edited("revision", 10**6), 7),
    "the hash is edited": (edited("hash", "f" * 64), 7),
    "the link is edited": (edited("previous", "0" * 64), 7),
    "the first leaf is edited": (edited("act", "another", 1), 1),
    "the last leaf is edited": (edited("act", "another", LEAVES), LEAVES),
    "the last hash is edited": (edited("hash", "f" * 64, LEAVES), LEAVES),
    "the objects are no JSON": (edited("objects", "{"), 7),
    "the objects are a list": (edited("objects", "[]"), 7),
    "the objects are written otherwise": (edited("objects", '{"thing": "6"}'), 7),
    "an object stands there twice": (edited("objects", '{"thing":"1","thing":"6"}'), 7),
    "the instant is none": (edited("at", 2**62), 7),
    "a leaf is deleted": (lambda c: _done(c, delete(AUDIT_LEAVES).where(C.sequence == 4)), 4),
    "the first leaf is deleted": (lambda c: _done(c, delete(AUDIT_LEAVES).where(C.sequence == 1)), 1),
    "a leaf is deleted and the gap closed": (closed_up, 4),
    "two leaves are swapped": (swapped, 5),
    "a leaf is replaced by a copy of another": (copied, 8),
    "a leaf is put in before the first": (put_in(0), 1),
    "a leaf is put in far before the first": (put_in(-(2**63)), 1),
    "a leaf is put in after the last": (put_in(LEAVES + 1), LEAVES + 1),
    "the end is cut off": (cut, LEAVES - 1),
    "all leaves are deleted": (lambda c: _done(c, delete(AUDIT_LEAVES)), 1),
    "the end is cut off and the head moved": (
        lambda c: (cut(c), _done(c, update(HEAD).values(leaf=LEAVES - 2)))[0],  # type: ignore[func-returns-value]
        LEAVES - 2,
    ),
}
NO_TEXT = {"what is no UTF-8": "CAST(x'7bff7d' AS TEXT)", "octets": "x'7b7d'", "a number": "0.5"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def trail(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with a short audit trail, on each engine."""
    url = f"sqlite:///{tmp_path_factory.mktemp('audited') / 'procura.db'}"
    if request.param == "postgresql":
        url = engines.fresh_database(request.getfixturevalue("postgresql_url"))
    upgrade(url)
    archive = open_archive(url, SystemClock())
    archive.mark_sandbox()
    with archive.writing() as uow:
        for number in range(LEAVES):
            uow.audit(Leaf(act=f"act {number}", actor="somebody", caller="", objects={"thing": str(number)}))
        uow.commit()
    archive.close()
    yield url
    if request.param == "postgresql":
        engines.drop_database(request.getfixturevalue("postgresql_url"), url)


@pytest.fixture
def audited(trail: str, terminal: Terminal) -> Iterator[Terminal]:
    """A terminal on that database, which is put in order again after the test."""
    engine = create_engine(trail, poolclass=NullPool)
    with engine.connect() as connection:
        kept = {
            table: [dict(row._mapping) for row in connection.execute(select(table))] for table in (AUDIT_LEAVES, HEAD)
        }
    yield Terminal(terminal.folder, {**terminal.environment, "DATABASE_URL": trail}, terminal.country)
    with engine.begin() as connection:
        for table, rows in kept.items():
            connection.execute(delete(table))
            connection.execute(insert(table), rows)


def test_a_trail_that_nobody_touched_is_intact(audited: Terminal) -> None:
    told = audited.told("audit", "verify")
    assert (told["intact"], told["leaves"], told["last"].partition(":")[0]) == (True, LEAVES, str(LEAVES))
    assert "intact  True" in audited.run("audit", "verify").output


@pytest.mark.attack("L03")
@pytest.mark.parametrize("tampering", TAMPERING)
def test_tampering_is_found_at_the_first_bad_leaf(audited: Terminal, tampering: str) -> None:
    tamper, first_bad = TAMPERING[tampering]
    with create_engine(audited.url, poolclass=NullPool).begin() as connection:
        tamper(connection)
    ended = audited.run("audit", "verify", "--json")
    assert ended.exit_code == 1, ended.output
    assert f'"first_bad_leaf": {first_bad},' in ended.stdout
    assert '"intact": false' in ended.stdout


@pytest.mark.attack("L03")
@pytest.mark.parametrize("column", ["at", "act", "objects", "hash"])
@pytest.mark.parametrize("written", NO_TEXT)
def test_what_only_sqlite_takes_into_a_cell_is_found_as_well(terminal: Terminal, column: str, written: str) -> None:
    """SQLite keeps a value of any type in any column."""
    with create_engine(terminal.url, poolclass=NullPool).begin() as connection:
        _done(connection, text(f"UPDATE audit_leaves SET {column} = {NO_TEXT[written]} WHERE sequence = 7"))
    ended = terminal.run("audit", "verify", "--json")
    assert (ended.exit_code, json.loads(ended.stdout)["first_bad_leaf"]) == (1, 7)


def test_a_trail_that_grew_since_its_end_was_noted_is_intact(terminal: Terminal) -> None:
    noted = terminal.told("audit", "verify")["last"]
    longer(terminal)
    told = terminal.told("audit", "verify", "--noted", noted)
    assert told["intact"] and told["last"] != noted
    assert terminal.told("audit", "verify", "--noted", noted, "--noted", told["last"]) == told


@pytest.mark.attack("L03")
def test_a_trail_that_was_written_anew_as_a_whole_is_found_by_what_was_noted(audited: Terminal) -> None:
    noted = audited.told("audit", "verify")["last"]
    with create_engine(audited.url, poolclass=NullPool).begin() as connection:
        written_anew(connection)
    assert audited.told("audit", "verify")["intact"]
    ended = audited.run("audit", "verify", "--noted", noted, "--json")
    assert (ended.exit_code, json.loads(ended.stdout)["first_bad_leaf"]) == (1, LEAVES)


@pytest.mark.attack("L03")
def test_an_older_database_in_the_place_of_the_own_is_found_by_what_was_noted(terminal: Terminal) -> None:
    older = terminal.file("older.db", "")
    shutil.copyfile(terminal.url.removeprefix("sqlite:///"), older)
    before = terminal.told("audit", "verify")
    longer(terminal)
    noted = terminal.told("audit", "verify")["last"]
    assert terminal.told("audit", "verify", DATABASE_URL=f"sqlite:///{older}") == before
    ended = terminal.run("audit", "verify", "--noted", noted, "--json", DATABASE_URL=f"sqlite:///{older}")
    assert (ended.exit_code, json.loads(ended.stdout)["first_bad_leaf"]) == (1, before["leaves"] + 1)


@pytest.mark.parametrize("noted", ["12", "00:" + "0" * 64, "12:" + "F" * 64, "१२:" + "0" * 64, "12:" + "0" * 65])
def test_what_was_never_told_cannot_be_noted(terminal: Terminal, noted: str) -> None:
    assert "--noted takes a number and a hash" in terminal.refused("audit", "verify", "--noted", noted)


@pytest.mark.attack("L03")
@pytest.mark.parametrize("tampering", ["the last hash is edited", "the end is cut off", "all leaves are deleted"])
def test_a_broken_chain_is_not_made_longer(audited: Terminal, tampering: str) -> None:
    with create_engine(audited.url, poolclass=NullPool).begin() as connection:
        TAMPERING[tampering][0](connection)
    before = counted(audited.url)
    assert "is recorded as the last one, but is missing or was edited" in audited.refused("keys", "rotate")
    assert counted(audited.url) == before
