"""How alembic runs the migrations: on the connection it is given, all in one transaction."""

from alembic import context
from sqlalchemy import text

from iam.storage.tables import metadata

ONE_AT_A_TIME = 7_076_117
"""Key of the PostgreSQL advisory lock under which only one process migrates."""


def run() -> None:
    """Run what is missing; a process that comes second waits, and finds nothing left to do."""
    connection = context.config.attributes["connection"]
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.connection.driver_connection.isolation_level = None
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=sqlite)
    context.run_migrations()
    if sqlite:
        connection.execute(text("COMMIT"))
    connection.commit()


run()
