"""A PostgreSQL server of the crashes' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import engines
from tests.crashes.clusters import Cluster


@pytest.fixture(scope="package")
def own_cluster() -> Iterator[Cluster]:
    """A server that nobody else uses: its processes run on this machine, and are killed."""
    binaries = engines.postgresql_binaries()
    if binaries is None:
        engines.missing("PostgreSQL's own programs, initdb and postgres (install Debian's postgresql)")
    with engines.private_cluster(binaries) as url:
        yield Cluster(url)
