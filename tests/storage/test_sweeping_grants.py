"""What people granted and devices asked is erased when it is over, step by step; what they consented to is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization_grants import (
    AuthorizationCode,
    AuthorizationGrant,
    AuthorizationRequest,
    Consent,
    RefreshToken,
)
from iam.domain.device_authorizations import DeviceAuthorization
from iam.storage.archive import SqlArchive
from iam.storage.sweeping import GRACE, SHORT_GRACE
from tests.storage.clocks import START, SetClock

INSTANT = timedelta(microseconds=1)
SOON = [
    AuthorizationRequest(id="r1", client="c", parameters="{}", key_thumbprint="", presented_at=None, expires_at=START),
    DeviceAuthorization(
        id="d1",
        user_code="BCDFGHJK",
        client="c",
        scopes=("openid",),
        key_thumbprint="",
        interval=5,
        good_until=START,
        expires_at=START,
    ),
]
LATER = [
    AuthorizationGrant(
        id="g1",
        client="c",
        person="p",
        login="l",
        enterprise=None,
        capacity=None,
        mandator=None,
        service="",
        scopes=("openid",),
        key=LoginKey.ITSME,
        assurance=Assurance.HIGH,
        authenticated_at=START,
        source="itsme",
        reference="r",
        personal="",
        claims="",
        binding="",
        granted_at=START,
        expires_at=START,
    ),
    AuthorizationCode(
        id="a1",
        grant="g1",
        redirect_uri="https://c.example",
        challenge="",
        key_thumbprint="",
        nonce="",
        good_until=START,
        expires_at=START,
    ),
    RefreshToken(id="t1", grant="g1", expires_at=START, used_at=START),
]
CONSENT = Consent(
    id="k1", person="p", client="c", enterprise=None, capacity=None, mandator=None, scopes=("openid",), given_at=START
)


def kept(archive: SqlArchive, records: list[Any]) -> list[str]:
    with archive.reading() as reading:
        return [one.id for record in records for one in reading.find(type(record))]


def record(archive: SqlArchive, records: list[Any]) -> None:
    with archive.writing() as uow:
        for one in records:
            uow.put(one)
        uow.commit()


def test_questions_are_erased_soon_grants_a_day_later_and_consents_never(
    sql_archive: SqlArchive, clock: SetClock
) -> None:
    record(sql_archive, [*SOON, *LATER, CONSENT])
    clock.at = START + SHORT_GRACE
    assert sql_archive.sweep() == 0
    clock.at += INSTANT
    assert sql_archive.sweep() == len(SOON)
    clock.at = START + GRACE
    assert sql_archive.sweep() == 0
    assert kept(sql_archive, LATER) == ["g1", "a1", "t1"]
    clock.at += INSTANT
    assert sql_archive.sweep() == len(LATER)
    assert kept(sql_archive, [*SOON, *LATER, CONSENT]) == ["k1"]


def test_many_are_erased_in_small_steps(sql_archive: SqlArchive, clock: SetClock) -> None:
    record(sql_archive, [replace(SOON[0], id=f"r{count}") for count in range(25)])  # type: ignore[type-var]
    clock.at = START + timedelta(days=2)
    assert [sql_archive.sweep(limit=10) for _ in range(4)] == [10, 10, 5, 0]
