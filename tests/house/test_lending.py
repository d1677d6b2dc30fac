"""A database that a test borrowed is lent again as empty as a new one, or not at all."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import engines
from tests.lending import MANY, Template, empty_tables


@pytest.fixture
def template(postgresql_url: str) -> Iterator[Template]:
    """A template of this test's own, of which nothing was lent yet."""
    with empty_tables(postgresql_url) as made:
        yield made


def connected(database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(engines.driver_url(make_url(database)), autocommit=True)


@pytest.mark.parametrize("many", [1, MANY + 20])
def test_rows_that_a_test_wrote_changed_or_erased_are_as_before_for_the_next(template: Template, many: int) -> None:
    with template.lent() as first, connected(first) as connection:
        for number in range(many):
            connection.execute("INSERT INTO claims VALUES ('purpose', %s, 1)", [str(number)])
        connection.execute("DELETE FROM alembic_version")
        connection.execute("UPDATE head SET revision = revision + 7")
    with template.lent() as second, connected(second) as connection, connected(template.database) as origin:
        assert second == first
        for table in ("claims", "alembic_version", "head"):
            asked = f"SELECT * FROM {table}".encode()
            assert connection.execute(asked).fetchall() == origin.execute(asked).fetchall()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (sign integer)",
        "DROP TABLE claims",
        "ALTER TABLE claims ADD COLUMN more text",
        "ALTER TABLE claims ALTER COLUMN expires_at DROP NOT NULL",
        "DROP INDEX ix_claims_expires_at",
        "ALTER TABLE claims ADD CONSTRAINT ck_more CHECK (expires_at > 0)",
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA more",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$",
    ],
)
def test_a_database_that_is_changed_otherwise_is_not_lent_again(template: Template, change: str) -> None:
    with template.lent() as first, connected(first) as connection:
        connection.execute(change.encode())
    with template.lent() as second:
        assert second != first
    with pytest.raises(psycopg.OperationalError):
        connected(first)


def test_who_forgot_to_leave_is_put_out(template: Template) -> None:
    with template.lent() as database:
        forgotten = connected(database)
        forgotten.execute("BEGIN")
        forgotten.execute("LOCK TABLE claims")
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()
