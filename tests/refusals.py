"""What must hold whenever a login is refused: one event in the log, and nothing else that anybody could notice."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import structlog
from sqlalchemy import select

from iam.house import House
from iam.storage.archive import SqlArchive
from iam.storage.tables import metadata
from iam.web import logs

TELLING = {
    "audit_leaves": "the audit trail, where somebody who is known tried",
    "login_records": "what people read of failed tries",
}
REMEMBERING = {
    "claims": "what was used up",
    "kept_values": "how often something was tried",
    "login_flows": "logins that a browser began, each answered once",
    "visits": "browsers that are about to log in",
}
MAY_CHANGE = {"head": {"leaf", "leaf_hash", "recorded_at"}, "activation_codes": {"wrong"}}
"""Columns that tell of the audit trail, or count wrong tries."""
REASON = re.compile(r"[a-z][a-z0-9_]+")


@dataclass
class Watched:
    """What was noticed while something was refused."""

    events: list[dict[str, Any]] = field(default_factory=list)
    """Security events of the log: those that tell a reason code."""
    asked: set[int] = field(default_factory=set)
    """Ports that the service connected to."""

    @property
    def code(self) -> str:
        """The reason code of the one event."""
        assert len(self.events) == 1, f"not one event, but {self.events}"
        return str(self.events[0]["code"])


@contextmanager
def nothing_happens(house: House, *, secrets: Collection[str], may_ask: Collection[int] = ()) -> Iterator[Watched]:
    """Watch a house while one request is refused; AssertionError when more comes of it than one security event.

    The request is to be sent from the present thread, the house to answer in others.

    Args:
        secrets: what no log may hold: passwords, codes, tokens, numbers of persons.
        may_ask: ports of those whom the house may ask before it refuses.
    """
    watched, before = Watched(), digests(house.archive)
    with _log(house) as lines, _connections(watched.asked):
        yield watched
    watched.events += [one for one in map(json.loads, lines.getvalue().splitlines()) if one.get("code")]
    changed = [name for name, digest in digests(house.archive).items() if digest != before[name]]
    assert not changed, f"it was refused, but these tables changed: {changed}"
    assert REASON.fullmatch(watched.code), f"no stable reason code: {watched.code}"
    assert watched.events[0]["event"] not in ("failed", "library"), watched.events
    assert watched.asked <= set(may_ask), f"it asked {watched.asked}"
    told = [one for one in secrets if one and one in lines.getvalue()]
    assert not told, "a secret stands in the log"


def digests(archive: SqlArchive) -> dict[str, str]:
    """A hash of the content of each table that a refusal must leave as it is."""
    found = {}
    with archive.engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name not in TELLING | REMEMBERING:
                columns = [one for one in table.columns if one.name not in MAY_CHANGE.get(table.name, ())]
                rows = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
                found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


@contextmanager
def _log(house: House) -> Iterator[StringIO]:
    """What the house logs while the block runs; afterwards the log goes where it went."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level, configuration = root.handlers, root.level, structlog.get_config()
    logs.configure(stream, house.clock.now)
    try:
        yield stream
    finally:
        root.handlers, root.level = handlers, level
        logging.captureWarnings(False)
        structlog.configure(**configuration)


@contextmanager
def _connections(asked: set[int]) -> Iterator[None]:
    """Note the ports that other threads than this one connect to; a database's own library is not seen."""
    here, connect = threading.get_ident(), socket.socket.connect

    def noting(self: socket.socket, address: Any) -> None:
        if threading.get_ident() != here and isinstance(address, tuple):
            asked.add(int(address[1]))
        connect(self, address)

    socket.socket.connect = noting  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
