"""Each condition under which a fact bears on a question, tried by changing one field of one record or question."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import PortfolioKind, Role
from iam.domain.authorization import Inquiry, Proof, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period, Quarter
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.shapes import shape_of
from tests.storage import records
from tests.storage.clocks import START, SetClock

AS_PROVIDER: dict[str, Any] = {"enterprise": records.PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
MOMENT = timedelta(microseconds=1)

COUNTRY: list[Any] = [
    records.enterprise(),
    records.enterprise(records.PROVIDER),
    records.enterprise(records.OTHER),
    records.capacity_held(),
    records.capacity_held("c2", **AS_PROVIDER),
    records.capacity_held("c3", enterprise=records.OTHER, capacity=Capacity.SERVICE_PROVIDER),
    records.activation(records.EMPLOYER, "dimona"),
    records.appointment(**AS_PROVIDER, role=Role.LOCAL_MANAGER),
    records.client(),
    records.grant(**AS_PROVIDER),
    records.grant("g2", **AS_PROVIDER, holder="client1"),
    records.portfolio(enterprise=records.PROVIDER, kind=PortfolioKind.GROUP, group="mg1"),
    records.portfolio("f2", enterprise=records.PROVIDER, kind=PortfolioKind.ALL_BUT, group="mg2"),
    records.portfolio("f3", enterprise=records.PROVIDER, holder="client1", kind=PortfolioKind.GROUP, group="mg1"),
    records.portfolio("f4", enterprise=records.PROVIDER, holder="client1"),
    records.member(),
    records.cover(),
    records.cover("m9/dmfa-dimona", mandatary=records.OTHER),
    records.delegation(mandate="m9"),
    records.token(),
]
"""A client and a local manager of the provider act for the employer by all that there is."""

SHOWN = set(Proof) - {Proof.ENTERPRISE_CEASED, Proof.CONCERNED_CEASED}

AS_CLIENT = records.inquiry(caller="client1", caller_token="t1", properties={"quarter": Quarter(2026, 2)})
AS_PERSON = replace(
    AS_CLIENT, question=replace(AS_CLIENT.question, subject_kind=SubjectKind.PERSON, subject="p1"), caller_token=""
)
FOR_ITSELF = replace(AS_PERSON, question=replace(AS_PERSON.question, concerned=records.PROVIDER))
QUESTIONS = [AS_CLIENT, AS_PERSON, FOR_ITSELF]

PERIODS = [
    Period(START, START + MOMENT),
    Period(START - MOMENT, START),
    Period(START + MOMENT),
    Period(START - MOMENT, START + timedelta(days=5)),
]
OTHERS: dict[type[Any], list[Any]] = {
    str: ["other", records.EMPLOYER, records.PROVIDER, records.OTHER, "client1", "mg2"],
    Period: PERIODS,
    Quarter: [Quarter(2025, 4), Quarter(2026, 2), Quarter(2026, 3)],
    type(None): [START, START - MOMENT, START + MOMENT, "other", Capacity.EMPLOYER],
}


def other_values(record: Any, name: str) -> list[Any]:
    """Other values of a field that the record accepts."""
    value = getattr(record, name)
    kinds = [one for one in OTHERS if isinstance(value, one)]
    if isinstance(value, (Capacity, Role, PortfolioKind)) or type(value).__name__.endswith(("Kind", "State")):
        return [*(one for one in type(value) if one is not value), *([None] if name == "capacity" else [])]
    return [one for kind in kinds for one in OTHERS[kind] if one != value]


def variants(record: Any) -> Iterator[Any]:
    """The record with one field changed, in every way that can be written."""
    shape = shape_of(type(record))
    for field in fields(record):
        for value in other_values(record, field.name):
            changed = replace(record, **{field.name: value})
            try:
                shape.row(changed)
            except (AttributeError, TypeError):
                continue
            yield changed


class Twins:
    """A database and plain Python with the same country."""

    def __init__(self, database: SqlArchive) -> None:
        self.archives = (database, MemoryArchive(SetClock()))
        self.change(COUNTRY)

    def change(self, put: list[Any], remove: list[Any] | None = None) -> None:
        for archive in self.archives:
            with archive.writing() as uow:
                for record in remove or []:
                    uow.remove(type(record), shape_of(type(record)).key_of(record))
                for record in put:
                    uow.put(record)
                uow.commit()

    def agree(self, questions: list[Inquiry]) -> None:
        database, memory = self.archives
        expected = memory.situations(questions)
        assert database.situations([*questions, *questions]) == [*expected, *expected]
        for question, situation in zip(questions, expected, strict=True):
            assert database.situation(question) == situation


@pytest.fixture
def twins(archive_url: str) -> Iterator[Twins]:
    archive = open_archive(archive_url, SetClock())
    yield Twins(archive)
    archive.close()


def test_the_country_shows_everything_that_a_permit_can_rest_on(twins: Twins) -> None:
    database, _ = twins.archives
    shown = {each.proof for one in QUESTIONS for each in database.situation(one).exhibits}
    assert shown == SHOWN
    twins.agree(QUESTIONS)


@pytest.mark.parametrize("place", range(len(COUNTRY)), ids=lambda place: type(COUNTRY[place]).__name__ + str(place))
def test_changing_one_field_of_a_record_changes_every_storage_alike(twins: Twins, place: int) -> None:
    record = COUNTRY[place]
    key_of = shape_of(type(record)).key_of
    for changed in variants(record):
        if key_of(changed) == key_of(record) and getattr(changed, "client", None) == getattr(record, "client", None):
            twins.change([changed])
            twins.agree(QUESTIONS)
            twins.change([record])
        else:
            twins.change([changed], remove=[record])
            twins.agree(QUESTIONS)
            twins.change([record], remove=[changed])
    twins.change([], remove=[record])
    twins.agree(QUESTIONS)


QUESTION_VALUES: dict[str, list[Any]] = {
    "subject": ["p1", "client1", "other"],
    "subject_kind": list(SubjectKind),
    "enterprise": [None, records.EMPLOYER, records.OTHER],
    "capacity": [None, Capacity.EMPLOYER],
    "service": ["other"],
    "concerned": [None, records.OTHER, records.PROVIDER],
    "properties": [{}, *({"quarter": Quarter(2026, number)} for number in (1, 3)), {"quarter": "2026-Q1"}],
}
INQUIRY_VALUES: dict[str, list[Any]] = {
    "groups": [(), ("other",), ("other", "dmfa-dimona"), ("a", "b", "c")],
    "at": [START - timedelta(days=365), START + timedelta(days=365)],
    "now": [START - timedelta(days=365), START + timedelta(days=365)],
    "caller": ["", "other"],
    "caller_token": ["", "other", "t1"],
    "activatable": [False],
}


@pytest.mark.parametrize("base", QUESTIONS, ids=["client", "person", "for itself"])
def test_changing_one_part_of_a_question_changes_every_storage_alike(twins: Twins, base: Inquiry) -> None:
    asked = [
        replace(base, question=replace(base.question, **{name: value}))
        for name, values in QUESTION_VALUES.items()
        for value in values
    ]
    asked += [replace(base, **{name: value}) for name, values in INQUIRY_VALUES.items() for value in values]
    twins.agree(asked)
