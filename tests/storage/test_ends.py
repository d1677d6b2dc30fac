"""What an exhibit rests on bounds it, on every storage: it is shown no longer, and ends no later, than that."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from iam.domain.appointments import PortfolioKind, Role
from iam.domain.authorization import Exhibit, Inquiry, Proof, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period, Quarter
from iam.ports import Archive
from tests.storage import records
from tests.storage.clocks import START

DAY = timedelta(days=1)
SOON, LATER = START + DAY, START + 9 * DAY
AS_GIVER: dict[str, Any] = {"enterprise": records.OTHER, "capacity": Capacity.CERTIFIED_SOCIAL_SECRETARIAT}
AS_PROVIDER: dict[str, Any] = {"enterprise": records.PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
AS_SERVICE: dict[str, Any] = {"enterprise": records.OTHER, "capacity": Capacity.ADMINISTRATION}

DELEGATING: dict[str, Any] = {
    "delegation": records.delegation(mandate="m9"),
    "cover": records.cover(
        "m9/dmfa-dimona", mandatary=records.OTHER, mandatary_capacity=Capacity.CERTIFIED_SOCIAL_SECRETARIAT
    ),
    "giver": records.enterprise(records.OTHER),
    "giver's capacity": records.capacity_held("c9", **AS_GIVER),
}
"""What a delegation of the certified secretariat to the provider rests on."""
ASKED = records.inquiry(properties={"quarter": Quarter(2026, 1)})
BY_PERSON = replace(ASKED, question=replace(ASKED.question, subject_kind=SubjectKind.PERSON, subject="p1"))


def put(archive: Archive, *facts: object) -> None:
    with archive.writing() as uow:
        for one in facts:
            uow.put(one)
        uow.commit()


def shown(archive: Archive, inquiry: Inquiry, proof: Proof) -> list[Exhibit]:
    """What a situation shows; the outline shows it exactly when the situation does."""
    exhibits = archive.situation(inquiry).showing(proof)
    outlined = "\n".join(text or "" for text in archive.outline(inquiry).shown)
    assert outlined.count(f"{proof.value} ") == len(exhibits)
    return list(exhibits)


def ends(archive: Archive, inquiry: Inquiry, proof: Proof) -> list[datetime | None]:
    return [one.until for one in shown(archive, inquiry, proof)]


@pytest.mark.parametrize("bound", DELEGATING)
def test_a_delegation_ends_with_what_its_giver_could_act_by(archive: Archive, bound: str) -> None:
    put(archive, *DELEGATING.values())
    assert ends(archive, ASKED, Proof.DELEGATION) == [None]
    put(archive, replace(DELEGATING[bound], valid=Period(records.OPEN.start, SOON)))
    assert ends(archive, ASKED, Proof.DELEGATION) == [SOON]
    for at, still in ((SOON - timedelta(microseconds=1), [SOON]), (SOON, [])):
        assert ends(archive, replace(ASKED, at=at), Proof.DELEGATION) == still


UNABLE: dict[str, Any] = {
    "the giver holds another capacity": records.capacity_held(
        "c9", enterprise=records.OTHER, capacity=Capacity.SERVICE_PROVIDER
    ),
    "another enterprise holds the capacity": records.capacity_held(
        "c9", enterprise=records.PROVIDER, capacity=Capacity.CERTIFIED_SOCIAL_SECRETARIAT
    ),
    "the giver is not known yet": records.enterprise(records.OTHER, valid=Period(LATER)),
    "the mandate is another enterprise's": replace(DELEGATING["cover"], mandatary=records.PROVIDER),
    "the mandate is another employer's": replace(DELEGATING["cover"], mandator=records.OTHER),
}


@pytest.mark.parametrize("unable", UNABLE)
def test_a_giver_who_could_not_act_delegates_nothing(archive: Archive, unable: str) -> None:
    put(archive, *DELEGATING.values(), records.enterprise(records.PROVIDER))
    put(archive, UNABLE[unable])
    assert shown(archive, ASKED, Proof.DELEGATION) == []


def test_what_the_giver_was_recognised_for_is_asked_at_the_instant_and_as_known(archive: Archive) -> None:
    put(archive, *DELEGATING.values())
    known_at = archive.situation(ASKED).recorded_at
    put(archive, replace(DELEGATING["giver's capacity"], valid=Period(records.OPEN.start, START - DAY)))
    assert shown(archive, ASKED, Proof.DELEGATION) == []
    assert ends(archive, replace(ASKED, known_at=known_at), Proof.DELEGATION) == [None]
    assert ends(archive, replace(ASKED, at=START - 2 * DAY), Proof.DELEGATION) == [START - DAY]


@pytest.mark.parametrize("given", [Period(records.OPEN.start), Period(records.OPEN.start, LATER)])
def test_what_a_person_was_given_ends_with_the_appointment_that_holds_it(archive: Archive, given: Period) -> None:
    seat = records.appointment(**AS_PROVIDER, valid=Period(records.OPEN.start, SOON))
    other = records.appointment("a2", enterprise=records.PROVIDER, role=Role.CO_MANAGER, capacity=None)
    grant = records.grant(**AS_PROVIDER, valid=given)
    put(archive, seat, other, grant, records.portfolio(enterprise=records.PROVIDER, valid=given))
    assert ends(archive, BY_PERSON, Proof.GRANT) == ends(archive, BY_PERSON, Proof.PORTFOLIO) == [SOON]
    assert ends(archive, BY_PERSON, Proof.APPOINTMENT) == [SOON, None]


@pytest.mark.parametrize("ending", [{"valid": Period(records.OPEN.start, SOON)}, {"profile_until": SOON}])
def test_what_software_was_given_ends_with_its_registration(archive: Archive, ending: dict[str, Any]) -> None:
    later = Period(records.OPEN.start, LATER)
    put(archive, records.client(**ending), records.grant(holder="client1", **AS_PROVIDER, valid=later))
    put(archive, records.portfolio(holder="client1", enterprise=records.PROVIDER))
    assert ends(archive, ASKED, Proof.GRANT) == ends(archive, ASKED, Proof.PORTFOLIO) == [SOON]


@pytest.mark.parametrize(("kind", "until"), [(PortfolioKind.ALL_BUT, SOON), (PortfolioKind.ALL, None)])
def test_a_portfolio_of_all_but_some_ends_for_who_becomes_one_of_them(
    archive: Archive, kind: PortfolioKind, until: datetime | None
) -> None:
    group = None if kind is PortfolioKind.ALL else "mg1"
    put(archive, records.client(), records.member(valid=Period(SOON)), records.member("m2", valid=Period(LATER)))
    put(archive, records.portfolio(holder="client1", enterprise=records.PROVIDER, kind=kind, group=group))
    assert ends(archive, ASKED, Proof.PORTFOLIO) == [until]


CALLING = replace(ASKED, caller="service", caller_token="t1")


def service(archive: Archive) -> None:
    put(archive, records.enterprise(records.OTHER), records.capacity_held("c9", **AS_SERVICE))
    put(archive, records.client("service", **AS_SERVICE), records.token(client="service"))


@pytest.mark.parametrize("token", ["", "t1"])
@pytest.mark.parametrize(
    "lost",
    [
        records.capacity_held("c9", **AS_SERVICE, valid=Period(records.OPEN.start, START)),
        records.capacity_held("c9", **AS_SERVICE, valid=Period(SOON)),
        records.capacity_held("c9", enterprise=records.OTHER, capacity=Capacity.EMPLOYER),
        records.capacity_held("c9", enterprise=records.PROVIDER, capacity=Capacity.ADMINISTRATION),
    ],
    ids=["ended", "not begun", "another", "another's"],
)
def test_a_caller_counts_while_its_enterprise_holds_the_capacity_of_its_registration(
    archive: Archive, lost: object, token: str
) -> None:
    service(archive)
    asked = replace(CALLING, caller_token=token)
    assert [one.id for one in shown(archive, asked, Proof.CALLER)] == ["service"]
    known_at = archive.situation(asked).recorded_at
    put(archive, lost)
    assert shown(archive, asked, Proof.CALLER) == []
    assert shown(archive, replace(asked, known_at=known_at), Proof.CALLER) == []


def test_a_caller_is_shown_once_however_often_its_enterprise_holds_the_capacity(archive: Archive) -> None:
    service(archive)
    put(archive, records.capacity_held("c10", **AS_SERVICE), records.capacity_held("c11", **AS_SERVICE))
    assert len(shown(archive, CALLING, Proof.CALLER)) == 1
