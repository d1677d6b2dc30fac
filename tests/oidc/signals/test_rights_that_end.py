"""Rights that end for whole enterprises and for software, as the services that take their tokens hear of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iam.domain.appointments import Grant
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise
from iam.services.clients import end_client
from tests.oidc.provider.code_scene import PORTAL, claims
from tests.oidc.provider.premises import EMPLOYER, ISSUER
from tests.oidc.signals.signal_scene import CLAIMS_CHANGE, SignalScene
from tests.storage import records

ROBOT = "self_service_robot"


def software(signals: SignalScene) -> None:
    """The employer's own software, which may consult and declare."""
    told: dict[str, Any] = {"holder": ROBOT, "enterprise": EMPLOYER, "service": "dimona"}
    signals.scene.record(
        records.client(ROBOT, enterprise=EMPLOYER, capacity=Capacity.EMPLOYER),
        records.grant("r1", **told, actions=("consult",)),
        records.grant("r2", **told, actions=("declare",)),
    )


def told_of_software(signals: SignalScene) -> list[dict[str, Any]]:
    """What is left to the software, each time as a service was told it."""
    about = {"format": "iss_sub", "iss": ISSUER, "sub": ROBOT}
    return [one["events"][CLAIMS_CHANGE]["claims"] for one in signals.heard() if one["sub_id"] == about]


def test_software_that_keeps_some_of_its_rights_is_told_with_those(signals: SignalScene) -> None:
    signals.create(PORTAL, CLAIMS_CHANGE)
    software(signals)
    with signals.scene.archive.writing() as uow:
        uow.remove(Grant, "r2")
        uow.announce("grant_ended", {"grant": "r2", "holder": ROBOT, "enterprise": EMPLOYER, "service": "dimona"})
        uow.commit()
    signals.send()
    assert told_of_software(signals) == [{"scope": "scope:dimona:declaration:consult"}]


def test_software_whose_registration_ended_has_nothing_left(signals: SignalScene) -> None:
    signals.create(PORTAL, CLAIMS_CHANGE)
    software(signals)
    with signals.scene.archive.writing() as uow:
        client = uow.get(Client, ROBOT)
        assert client is not None
        end_client(uow, client, uow.now)
        uow.announce("client_ended", {"client": ROBOT, "enterprise": EMPLOYER, "kind": "technical"})
        uow.commit()
    signals.send()
    assert told_of_software(signals) == [{"scope": ""}]


@pytest.mark.parametrize("kind", ["enterprise_ceased", "recognition_withdrawn", "directory_change"])
def test_an_enterprise_that_may_not_act_any_more_ends_what_its_people_and_software_hold(
    hearing: SignalScene, kind: str
) -> None:
    hearing.create(PORTAL, CLAIMS_CHANGE)
    software(hearing)
    told = claims(hearing.scene.tokens()["id_token"])
    with hearing.scene.archive.writing() as uow:
        known = uow.get(Enterprise, EMPLOYER)
        assert known is not None
        if kind == "enterprise_ceased":
            uow.put(known.ceased(uow.now))
        else:
            uow.remove(CapacityHeld, "c1")
        uow.announce(kind, {"enterprise": EMPLOYER, **({"kind": "capacity_ended"} if kind[:9] == "directory" else {})})
        uow.commit()
    hearing.send()
    assert told_of_software(hearing) == [{"scope": ""}]
    (event,) = [one for one in hearing.heard() if one["sub_id"]["format"] == "complex"]
    assert event["sub_id"]["session"] == {"format": "opaque", "id": told["sid"]}
    assert event["events"][CLAIMS_CHANGE]["claims"] == {"scope": "openid"}


def test_a_capacity_that_begins_ends_nothing(hearing: SignalScene) -> None:
    hearing.create(PORTAL, CLAIMS_CHANGE)
    software(hearing)
    with hearing.scene.archive.writing() as uow:
        uow.remove(CapacityHeld, "c1")
        uow.announce("directory_change", {"enterprise": EMPLOYER, "kind": "capacity_started", "line": "1"})
        uow.commit()
    assert hearing.send() == 0


def test_a_right_taken_back_that_another_one_still_gives_is_no_news(hearing: SignalScene) -> None:
    hearing.create(PORTAL, CLAIMS_CHANGE)
    software(hearing)
    hearing.scene.record(replace(records.grant("r3"), holder=ROBOT, service="dimona", actions=("declare",)))
    with hearing.scene.archive.writing() as uow:
        uow.remove(Grant, "r2")
        uow.announce("grant_ended", {"grant": "r2", "holder": ROBOT, "enterprise": EMPLOYER, "service": "dimona"})
        uow.commit()
    hearing.send()
    assert told_of_software(hearing) == []
