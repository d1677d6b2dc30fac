"""What a database holds, row by row: how many rows each table gained, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool

from iam.storage.tables import metadata


def counted(url: str) -> dict[str, int]:
    """The number of rows in each table."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


@contextmanager
def gained_by(url: str) -> Iterator[dict[str, int]]:
    """How many rows each table has more after the block than before it; those that have as many are left out."""
    gains: dict[str, int] = {}
    before = counted(url)
    yield gains
    gains |= {name: many - before[name] for name, many in counted(url).items() if many != before[name]}
