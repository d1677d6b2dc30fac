"""The inspection of a database after a crash: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from iam.domain.appointments import Appointment, Grant
from iam.domain.audit import ChainedLeaf, verify_chain
from iam.domain.enterprises import Enterprise
from iam.domain.instants import FOREVER
from iam.domain.mandates import Mandate
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.outbox import Announcement
from iam.storage.shapes import SHAPES
from iam.storage.tables import KEPT, REVISIONS, metadata
from tests.crashes.deeds import Deed
from tests.running import Sandbox

RECORDED = {
    "mandate_proposed": ({"mandates"}, "mandate_proposed"),
    "mandate_finalised": ({"mandates"}, "mandate_finalised"),
    "mandate_validated": ({"mandates", "covers"}, "mandate_validated"),
    "mandate_closed": ({"mandates", "covers"}, "mandate_revoked"),
    "mandate_withdrawn": ({"mandates"}, "mandate_withdrawn"),
    "appointed": ({"appointments"}, "appointed"),
    "appointment_activated": ({"appointments"}, None),
    "grant_given": ({"grants"}, "grant_given"),
    "grant_ended": ({"grants"}, "grant_ended"),
    "enterprise_entered": ({"enterprises", "register_answers"}, None),
}
"""What each audited act that raises a revision changes, and what it announces."""
ACTS = {
    "propose": "mandate_proposed",
    "validate": "mandate_validated",
    "close": "mandate_closed",
    "withdraw": "mandate_withdrawn",
    "appoint": "appointed",
    "give": "grant_given",
    "end": "grant_ended",
    "register": "enterprise_entered",
    "token": "token_issued",
}
"""How each kind of deed stands in the audit trail."""


def thing_of(deed: Deed, told: Any) -> str:
    """The id of what a deed made or changed."""
    if deed.kind == "token":
        return str(json.loads(base64.urlsafe_b64decode(told["access_token"].split(".")[1] + "=="))["jti"])
    return str(told["id"]) if told and "id" in told else deed.thing


class Inspection:
    """A database as it stands now, read from outside the service."""

    def __init__(self, country: Sandbox) -> None:
        self._url = country.settings.database_url
        archive = open_archive(self._url, country.clock)
        try:
            self._read(archive)
        finally:
            archive.close()

    def _read(self, archive: SqlArchive) -> None:
        self.leaves: list[ChainedLeaf] = list(archive.leaves())
        self.head = archive.head()
        self.events: list[Announcement] = archive.unsent(10**9)
        with archive.reading() as reading:
            self.revision = reading.revision
            self.mandates = {one.id: one for one in reading.find(Mandate)}
            self.grants = {one.id: one for one in reading.find(Grant)}
            self.appointments = {one.id: one for one in reading.find(Appointment)}
            self.enterprises = {one.id: one for one in reading.find(Enterprise)}
        self._read_tables()
        named = [(leaf.leaf.act, value) for leaf in self.leaves for value in leaf.leaf.objects.values()]
        self.named = Counter(named)

    def _read_tables(self) -> None:
        engine = create_engine(self._url, poolclass=NullPool)
        self.changed: dict[int, set[str]] = defaultdict(set)
        with engine.connect() as connection:
            for shape in (one for one in SHAPES if one.versioned):
                table = metadata.tables[shape.table]
                for recorded, superseded in connection.execute(select(table.c.recorded, table.c.superseded)):
                    self.changed[recorded].add(shape.table)
                    self.changed[superseded].add(shape.table)
            issued = metadata.tables["issued_tokens"]
            self.tokens = set(connection.execute(select(issued.c.key)).scalars())
            self.revisions = sorted(connection.execute(select(REVISIONS.c.revision)).scalars())
            self.kept = len(connection.execute(select(KEPT.c.key_hash)).all())
        del self.changed[FOREVER]

    def check_whole(self, since: int) -> None:
        """Change, audit leaf and announcement are there together or not at all, in every revision after `since`."""
        verify_chain(self.leaves, self.head)
        assert self.revisions == list(range(1, self.revision + 1))
        assert [one.sequence for one in self.events] == list(range(1, len(self.events) + 1))
        acts: dict[int, list[str]] = defaultdict(list)
        for leaf in self.leaves:
            if leaf.leaf.act in RECORDED:
                acts[leaf.revision].append(leaf.leaf.act)
        announced: dict[int, list[str]] = defaultdict(list)
        for event in self.events:
            announced[event.revision].append(event.kind)
        for revision in range(since + 1, self.revision + 1):
            done = [RECORDED[act] for act in acts[revision]]
            tables, kinds = set().union(*(tables for tables, _ in done)), [kind for _, kind in done if kind]
            changed, told = self.changed[revision], announced[revision]
            assert changed == tables, f"revision {revision} changed without its leaf: {changed} by {acts[revision]}"
            assert told == kinds, f"revision {revision} was announced otherwise: {told} for {acts[revision]}"
        assert self.tokens == {leaf.leaf.objects["token"] for leaf in self.leaves if leaf.leaf.act == "token_issued"}

    def check_acknowledged(self, asked: Mapping[int, Deed], told: Mapping[int, Any]) -> None:
        """Everything that was acknowledged is there, once, as it was told."""
        latest: dict[str, tuple[Deed, Any]] = {}
        for number in sorted(told):
            deed, thing = asked[number], thing_of(asked[number], told[number])
            leaves = self.named[ACTS[deed.kind], thing]
            assert leaves == 1, f"{deed} was acknowledged, and has {leaves} leaves"
            latest[thing] = deed, told[number]
        for thing, (deed, content) in latest.items():
            assert self._stands(thing, deed.kind, content), f"{deed} was acknowledged as {content}"
        assert self.kept == sum(asked[number].kind != "token" for number in told), "an answer was not kept with its act"
        references = Counter(one.terms.contract_reference for one in self.mandates.values())
        assert [one for one, many in references.items() if many > 1 and one.startswith("deed ")] == []

    def _stands(self, thing: str, kind: str, told: Any) -> bool:
        """Whether the record of a thing is as it was told last."""
        if kind in ("propose", "validate", "close", "withdraw"):
            mandate = self.mandates[thing]
            return (mandate.state.value, mandate.version) == (told["state"], told["version"])
        if kind in ("give", "end"):
            return (thing in self.grants and self.grants[thing].valid.end is None) is (kind == "give")
        if kind == "appoint":
            return thing in self.appointments
        if kind == "register":
            return self.enterprises[thing].entered_at is not None
        return thing in self.tokens

    def done_before(self, deed: Deed) -> str | None:
        """The id of what an unacknowledged deed made, where it was done nevertheless."""
        if deed.kind == "propose":
            wanted = deed.body["contract_reference"]
            return next((one.id for one in self.mandates.values() if one.terms.contract_reference == wanted), None)
        return deed.thing if deed.thing and self.named[ACTS[deed.kind], deed.thing] else None
