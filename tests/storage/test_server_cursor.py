"""The cursor for PostgreSQL: what it sends, what it raises, and what is left when somebody is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from iam.storage import server_cursor
from iam.storage.server_cursor import ServerCursor
from tests.engines import driver_url

ECHO = "SELECT $1::bigint, $2::text, $3::text[], $4::bytea"


def connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(driver_url(make_url(url)), autocommit=True)


@pytest.fixture
def connection(postgresql_copy: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with connected(postgresql_copy) as opened:
        yield opened


@pytest.fixture
def cursor(connection: psycopg.Connection[tuple[object, ...]]) -> ServerCursor:
    return ServerCursor(connection)


@pytest.mark.parametrize(
    "values",
    [
        (1, "a", ["b"], b"c"),
        (-(2**63), "", [], b""),
        (2**63 - 1, "'; DROP TABLE head; --\\ \" é €", ['"', "\\", "{,}", "NULL", ""], bytes(range(256))),
        (None, None, None, None),
        (0, "x" * 3_000_000, ["y" * 100_000] * 20, b"z" * 3_000_000),
    ],
    ids=["plain", "least", "awkward", "absent", "large"],
)
def test_values_come_back_as_they_were_sent(cursor: ServerCursor, values: tuple[object, ...]) -> None:
    for _ in range(3):
        assert cursor.execute(ECHO, values).fetchone() == values
        assert cursor.fetchall() == [values]


@pytest.mark.parametrize("text", ["a\0b", "\0", "abc\0"])
def test_a_text_with_a_null_character_is_refused_and_not_cut_off(cursor: ServerCursor, text: str) -> None:
    with pytest.raises(psycopg.DataError):
        cursor.execute("SELECT $1::text", [text])
    assert cursor.execute("SELECT $1::text", ["abc"]).fetchone() == ("abc",)


def test_a_statement_without_rows_gives_none_and_tells_how_many_it_changed(cursor: ServerCursor) -> None:
    cursor.execute("CREATE TEMP TABLE t (n bigint PRIMARY KEY)")
    cursor.executemany("INSERT INTO t VALUES ($1)", [[1], [2], [3]])
    assert (cursor.execute("DELETE FROM t WHERE n > $1", [1]).rowcount, cursor.fetchone()) == (2, None)
    assert (cursor.execute("SELECT n FROM t WHERE n > $1", [1]).fetchall(), cursor.fetchone()) == ([], None)


def test_what_the_server_refuses_is_raised_as_the_driver_names_it(cursor: ServerCursor) -> None:
    cursor.execute("CREATE TEMP TABLE t (n bigint CONSTRAINT once PRIMARY KEY)")
    cursor.execute("INSERT INTO t VALUES ($1)", [1])
    with pytest.raises(psycopg.errors.UniqueViolation) as refused:
        cursor.execute("INSERT INTO t VALUES ($1)", [1])
    assert refused.value.diag.constraint_name == "once"
    with pytest.raises(psycopg.errors.UndefinedTable):
        cursor.execute("SELECT 1 FROM nowhere", [])
    with pytest.raises(psycopg.errors.SyntaxError):
        cursor.execute("SELEC")
    assert cursor.execute("SELECT n FROM t", []).fetchall() == [(1,)]


def test_steps_together_stop_at_the_first_that_fails(cursor: ServerCursor) -> None:
    cursor.execute("CREATE TEMP TABLE t (n bigint CONSTRAINT once PRIMARY KEY)")
    insert = "INSERT INTO t VALUES ($1)"
    with pytest.raises(psycopg.errors.UniqueViolation):
        cursor.together(("BEGIN", []), (insert, [1]), (insert, [1]), ("COMMIT", []))
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        cursor.execute("SELECT 1", [])
    cursor.execute("ROLLBACK")
    assert cursor.execute("SELECT n FROM t", []).fetchall() == []
    assert cursor.together(("BEGIN", []), (insert, [2]), ("SELECT n FROM t", []))[-1] == [(2,)]
    cursor.together((insert, [3]), ("COMMIT", []))
    assert cursor.execute("SELECT n FROM t ORDER BY n", []).fetchall() == [(2,), (3,)]


def test_no_more_statements_are_kept_prepared_than_may_be(
    cursor: ServerCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_cursor, "MOST_PREPARED", 3)
    for number in (*range(6), *range(6)):
        assert cursor.execute(f"SELECT {number} + $1::bigint", [1]).fetchone() == (number + 1,)
    assert cursor.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (3,)


def test_two_cursors_of_one_connection_do_not_take_each_others_statements(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    first, second = ServerCursor(connection), ServerCursor(connection)
    for number in range(3):
        assert first.execute(f"SELECT {number}", []).fetchone() == (number,)
        assert second.execute(f"SELECT -1 - {number}", []).fetchone() == (-1 - number,)


def test_a_connection_that_the_server_ended_is_told_as_lost(
    postgresql_copy: str, connection: psycopg.Connection[tuple[object, ...]], cursor: ServerCursor
) -> None:
    cursor.execute("SELECT 1", [])
    with connected(postgresql_copy) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
    for values in (None, [], None):
        with pytest.raises(psycopg.OperationalError):
            cursor.execute("SELECT 1", values)
    with pytest.raises(psycopg.OperationalError):
        cursor.together(("SELECT 1", []), ("SELECT 1", []))


class Interrupted(BaseException):
    pass


def test_who_is_interrupted_while_waiting_loses_the_connection_and_what_was_not_committed(
    postgresql_copy: str, connection: psycopg.Connection[tuple[object, ...]], cursor: ServerCursor
) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted

    cursor.together(("BEGIN", []), ("UPDATE head SET leaf = 7", []))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Interrupted):
            cursor.execute("SELECT pg_sleep(2)", [])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert connection.closed
    with connected(postgresql_copy) as other:
        assert other.execute("SELECT leaf FROM head").fetchone() == (0,)


def test_other_threads_go_on_while_one_waits_for_the_server(postgresql_copy: str, cursor: ServerCursor) -> None:
    cursor.together(("BEGIN", []), ("SELECT 1 FROM head FOR UPDATE", []))
    found: list[object] = []

    def wait() -> None:
        with connected(postgresql_copy) as other:
            waiting = ServerCursor(other)
            found.append(waiting.together(("BEGIN", []), ("SELECT leaf FROM head FOR UPDATE", []))[-1][0])

    waiter = threading.Thread(target=wait)
    waiter.start()
    blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while cursor.execute(blocked, []).fetchone() == (0,):
        assert not found
    cursor.together(("UPDATE head SET leaf = 5", []), ("COMMIT", []))
    waiter.join(30)
    assert found == [(5,)]
