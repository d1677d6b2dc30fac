"""Growing a sandbox country: very many records at once, into a database that is marked as a sandbox alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from iam.domain.enterprises import Enterprise
from iam.domain.errors import Conflict, Forbidden
from iam.ports import Reading


class SandboxArchive(Protocol):
    """The archive, as far as growing asks it: whether it is a sandbox's, and loading in bulk."""

    def is_sandbox(self) -> bool:
        """Whether the database is marked as a sandbox's."""
        ...

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a consistent view of the newest state."""
        ...

    def bulk_load(self, records: Iterable[object]) -> int:
        """Record very many new facts in one revision with one audit leaf; returns the revision."""
        ...


class Growth:
    """Adds a generated country to the one that is there."""

    def __init__(self, archive: SandboxArchive) -> None:
        self._archive = archive

    def grow(self, records: Iterable[object], first: str) -> int:
        """Load a country's records, all in one revision or none of them; returns the revision.

        Args:
            records: new records of the domain, which hold together: what a use-case would have refused is not asked.
            first: the number of the country's first enterprise, by which a second growth is told.

        Raises:
            Forbidden: `not_a_sandbox` when the database is not marked as one: nothing is read from `records`.
            Conflict: `grown_already`; otherwise what a constraint of the database refuses.
        """
        if not self._archive.is_sandbox():
            raise Forbidden("not_a_sandbox", "Only a database that is marked as a sandbox can be grown.")
        with self._archive.reading() as reading:
            if reading.get(Enterprise, first) is not None:
                raise Conflict("grown_already", "This sandbox was grown before; start it anew to grow another country.")
        return self._archive.bulk_load(records)
