"""Candidates among a provider's mandators, found in the order of their numbers by seeking in indexes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, and_, bindparam, exists, or_, select

from iam.domain.delegations import DelegationState
from iam.domain.instants import FOREVER
from iam.domain.mandator_search import MandatorSearch
from iam.storage.lanes import Lane, Statement
from iam.storage.mapping import micros
from iam.storage.tables import metadata

BEYOND = ":"
"""Sorts behind every digit."""
_COVERS, _DELEGATIONS, _MEMBERS = (metadata.tables[name] for name in ("covers", "delegations", "group_members"))


def mandators(lane: Lane, search: MandatorSearch) -> list[str]:
    """The first candidates of a search, at most its limit; each statement stops at the limit by itself."""
    values = {
        "enterprise": search.enterprise,
        "capacity": search.capacity.value,
        "digits": search.digits,
        "beyond": search.digits + BEYOND,
        "after": search.after,
        "at": micros(search.at),
        "limit": search.limit,
    }
    found = {
        row[0]
        for statement, group in _statements(search)
        for row in lane.rows(statement, **values, **({"group": group} if group else {}))
    }
    return sorted(found)[: search.limit]


def _statements(search: MandatorSearch) -> Iterator[tuple[Statement, str]]:
    """The statements that a search needs, each with the group that it is about."""
    if search.every:
        yield from ((_given(table, but=False), "") for table in ("covers", "delegations"))
        return
    yield from ((_members(), group) for group in search.groups)
    yield from ((_given(table, but=True), group) for group in search.all_but for table in ("covers", "delegations"))


@cache
def _given(table: str, *, but: bool) -> Statement:
    """Mandators of mandates or delegations in force; with `but`, those who are not in a group."""
    given = metadata.tables[table]
    conditions = [_gives(given), *([~exists(_membership(given.c.mandator))] if but else [])]
    return _numbers(given, *conditions)


@cache
def _members() -> Statement:
    """Members of a group who gave something that is in force."""
    giving = [exists(select(1).where(one.c.mandator == _MEMBERS.c.mandator, _gives(one))) for one in _GIVEN]
    return _numbers(_MEMBERS, _MEMBERS.c.group == bindparam("group"), _in_force(_MEMBERS), or_(*giving))


def _numbers(table: Table, *conditions: ColumnElement[bool]) -> Statement:
    number = table.c.mandator
    sought = (number >= bindparam("digits"), number < bindparam("beyond"), number > bindparam("after"))
    others = number != bindparam("enterprise")
    found = select(number).distinct().where(*conditions, *sought, others)
    return Statement(found.order_by(number).limit(bindparam("limit")))


def _gives(table: Table) -> ColumnElement[bool]:
    """Whether a row of covers or delegations gives something to the provider in its capacity."""
    columns = table.c
    if table is _COVERS:
        whom, capacity = columns.mandatary, columns.mandatary_capacity
        state: tuple[ColumnElement[bool], ...] = ()
    else:
        whom, capacity = columns.receiver, columns.receiver_capacity
        state = (columns.state == DelegationState.VALIDATED.value,)
    return and_(whom == bindparam("enterprise"), capacity == bindparam("capacity"), *state, _in_force(table))


def _membership(mandator: ColumnElement[Any]) -> Select[Any]:
    members = _MEMBERS.alias("m")
    return select(1).where(members.c.group == bindparam("group"), members.c.mandator == mandator, _in_force(members))


def _in_force(table: Any) -> ColumnElement[bool]:
    at = bindparam("at", type_=BigInteger)
    return and_(table.c.superseded == FOREVER, table.c.valid_from <= at, table.c.valid_until > at)


_GIVEN = (_COVERS, _DELEGATIONS)
