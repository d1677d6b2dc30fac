"""The migrations bring an empty database to exactly the tables that the archive uses."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from iam.storage.archive import open_archive
from iam.storage.engines import UnknownDatabase
from iam.storage.migrations import is_current, upgrade
from iam.storage.tables import metadata
from tests.storage import records
from tests.storage.clocks import SetClock


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, or of an SQLite file in a folder that is yet to be made."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/procura.db"
    url: str = request.getfixturevalue("postgresql_database")
    return url


def test_an_upgraded_database_is_current_and_a_second_upgrade_keeps_what_is_there(empty_url: str) -> None:
    assert not is_current(empty_url)
    upgrade(empty_url)
    assert is_current(empty_url)
    archive = open_archive(empty_url, SetClock())
    with archive.writing() as uow:
        uow.put(records.enterprise())
        uow.commit()
    upgrade(empty_url)
    assert archive.revision() == 1
    archive.close()


def test_the_tables_are_exactly_those_of_the_metadata(archive_url: str) -> None:
    engine = create_engine(archive_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        keys = {name: inspect(connection).get_pk_constraint(name)["constrained_columns"] for name in metadata.tables}
    assert keys == {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}
    engine.dispose()


def test_a_table_that_lacks_a_column_or_an_index_would_be_noticed(archive_url: str) -> None:
    engine = create_engine(archive_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE contacts DROP COLUMN phone"))
        connection.execute(text("DROP INDEX ix_grants_holder"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = {change[0] for change in compare_metadata(context, metadata)}
    assert found == {"add_column", "add_index"}
    engine.dispose()


def test_an_archive_that_was_never_set_up_says_so(empty_url: str, tmp_path: Path) -> None:
    upgrade(empty_url)
    archive = open_archive(empty_url, SetClock())
    with archive.engine.connect() as connection:
        connection.execute(text("DELETE FROM head"))
    with pytest.raises(LookupError, match="bring the database up to date"):
        archive.revision()
    archive.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "postgresql://host/name", "no"]
)
def test_a_url_of_no_lasting_database_is_refused(url: str) -> None:
    for act in (upgrade, is_current, lambda url: open_archive(url, SetClock())):
        with pytest.raises(UnknownDatabase):
            act(url)
