"""I22: no right without an origin that was good when it was given: a check over the port, and one in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text

from iam.domain.appointments import (
    LEGAL_REPRESENTATIVE,
    SERVER_OPERATOR,
    Appointment,
    Grant,
    Portfolio,
    Role,
)
from iam.domain.clients import Client
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.enterprises import CapacityHeld, Enterprise
from iam.domain.mandates import Cover, Mandate
from iam.domain.periods import FOREVER, Period, to_micros
from iam.domain.tokens import IssuedToken
from iam.ports import Reading
from iam.storage.archive import SqlArchive

ORIGINS = {LEGAL_REPRESENTATIVE, SERVER_OPERATOR}


def orphans(reading: Reading, now: datetime) -> Iterator[str]:
    """Records that count now or later, and whose origin is missing, of another enterprise, or could not give them."""
    appointments = {one.id: one for one in reading.find(Appointment)}
    clients = {one.id: one for one in reading.find(Client)}
    for one in appointments.values():
        if one.appointed_by not in ORIGINS and not _below(one, appointments.get(one.appointed_by)):
            yield f"appointment without a line: {one}"
    rights: list[Grant | Portfolio] = [*reading.find(Grant), *reading.find(Portfolio)]
    for given in rights:
        if given.valid.end is not None and given.valid.end <= now:
            continue
        holder = appointments.get(given.holder) or clients.get(given.holder)
        giver = appointments.get(given.given_by)
        if holder is None or holder.enterprise != given.enterprise:
            yield f"held by nobody: {given}"
        if given.given_by != SERVER_OPERATOR and not _within(given.valid, given.enterprise, giver):
            yield f"given by nobody who might: {given}"
    yield from _orphaned_mandates(reading)
    for token in reading.find(IssuedToken):
        client = clients.get(token.client)
        if client is None or (client.enterprise, client.capacity) != (token.enterprise, token.capacity):
            yield f"token of nobody: {token}"


def _below(one: Appointment, giver: Appointment | None) -> bool:
    if giver is None:
        return False
    return _within(one.valid, one.enterprise, giver) and giver.may_appoint(one.role, one.capacity, one.domain)


def _within(given: Period, enterprise: str, giver: Appointment | None) -> bool:
    """Whether the giver is a manager of the enterprise whose appointment had begun before the gift counted."""
    manages = giver is not None and giver.enterprise == enterprise and giver.role is not Role.USER
    return manages and giver is not None and giver.valid.start <= given.start


def _orphaned_mandates(reading: Reading) -> Iterator[str]:
    mandates = {one.id: one for one in reading.find(Mandate)}
    covers = {one.id: one for one in reading.find(Cover)}
    for cover in covers.values():
        mandate, both = mandates.get(cover.mandate), (cover.mandator, cover.mandatary)
        if mandate is None or any(reading.get(Enterprise, one) is None for one in both):
            yield f"cover without mandate or parties: {cover}"
        held = reading.find(CapacityHeld, enterprise=cover.mandatary, capacity=cover.mandatary_capacity)
        if not held:
            yield f"mandatary that was never recognised: {cover}"
    for one in reading.find(Delegation, state=DelegationState.VALIDATED):
        base = covers.get(f"{one.mandate}/{one.group}")
        if base is not None and not base.valid.covers(one.valid):
            yield f"delegation that outlives its mandate: {one}"


QUESTIONS = {
    "a grant or portfolio held by nobody of the enterprise": """
SELECT g.key FROM (SELECT key, holder, enterprise, superseded, valid_until FROM grants
UNION ALL SELECT key, holder, enterprise, superseded, valid_until FROM portfolios) g
WHERE g.superseded = :forever AND g.valid_until > :now
AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.key = g.holder AND a.enterprise = g.enterprise)
AND NOT EXISTS (SELECT 1 FROM clients c WHERE c.key = g.holder AND c.enterprise = g.enterprise)""",
    "a grant given by nobody who managed there": """
SELECT g.key FROM grants g WHERE g.superseded = :forever AND g.given_by <> 'server_operator'
AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.key = g.given_by AND a.enterprise = g.enterprise
AND a.role <> 'user' AND a.recorded <= g.recorded)""",
    "an appointment by nobody who managed there": """
SELECT a.key FROM appointments a WHERE a.superseded = :forever
AND a.appointed_by NOT IN ('legal_representative', 'server_operator')
AND NOT EXISTS (SELECT 1 FROM appointments m WHERE m.key = a.appointed_by AND m.enterprise = a.enterprise
AND m.role <> 'user')""",
    "a cover without its mandate in a standing state": """
SELECT c.key FROM covers c WHERE c.superseded = :forever AND NOT EXISTS (SELECT 1 FROM mandates m
WHERE m.key = c.mandate AND m.superseded = :forever AND m.state IN ('validated', 'closed'))""",
    "a taken quarter without its cover": """
SELECT t.key FROM tenures t WHERE NOT EXISTS (SELECT 1 FROM covers c
WHERE c.key = t.key AND c.superseded = :forever)""",
    "two mandataries for one exclusive group and quarter": """
SELECT t.key FROM tenures t JOIN tenures o ON o.mandator = t.mandator AND o."group" = t."group" AND o.key < t.key
WHERE t.first_quarter <= coalesce(o.last_quarter, 999999) AND o.first_quarter <= coalesce(t.last_quarter, 999999)""",
    "two active chiefs of one enterprise": """
SELECT a.key FROM appointments a JOIN appointments b ON b.enterprise = a.enterprise AND b.key < a.key
WHERE a.superseded = :forever AND b.superseded = :forever
AND a.role = 'principal_access_manager' AND b.role = 'principal_access_manager'
AND a.valid_from < b.valid_until AND b.valid_from < a.valid_until""",
    "a token of an unknown client": """
SELECT t.key FROM issued_tokens t WHERE NOT EXISTS (SELECT 1 FROM clients c WHERE c.key = t.client)""",
}


def orphans_in_sql(archive: SqlArchive, now: datetime) -> list[str]:
    """What the questions to the database itself find; nothing, if all is well."""
    found, known = [], {"forever": FOREVER, "now": to_micros(now)}
    with archive.engine.connect() as connection:
        for what, question in QUESTIONS.items():
            values = {name: value for name, value in known.items() if f":{name}" in question}
            found += [f"{what}: {row[0]}" for row in connection.execute(text(question), values)]
    return found
