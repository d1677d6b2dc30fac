"""Ends of logins and of tokens, as the services that they concern hear of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.authorization_grants import AuthorizationGrant, consent_key
from iam.services.permissions import Permissions
from oidc import jose
from tests.oidc.provider.code_scene import PORTAL, claims
from tests.oidc.provider.premises import EMPLOYER, ISSUER
from tests.oidc.signals.signal_scene import CLAIMS_CHANGE, OTHER_SERVICE, SESSION, SignalScene, only


def logged_in(signals: SignalScene, **more: Any) -> dict[str, Any]:
    """What the ID token of a login says."""
    signals.tokens = signals.scene.tokens(**more)
    return claims(signals.tokens["id_token"])


def log_out(signals: SignalScene) -> None:
    signals.scene.entrance.sessions.end(signals.scene.marie, signals.scene.session.id)


def test_a_log_out_is_pushed_with_the_names_that_the_id_token_has(signals: SignalScene) -> None:
    signals.create(delivery={"authorization_header": "Bearer of-the-ears"})
    told = logged_in(signals)
    log_out(signals)
    assert signals.send() == 1
    event = only(signals.heard())
    assert event["sub_id"] == {
        "format": "complex",
        "user": {"format": "iss_sub", "iss": ISSUER, "sub": told["sub"]},
        "session": {"format": "opaque", "id": told["sid"]},
    }
    about = event["events"][SESSION]
    assert about["initiating_entity"] == "user" and set(about["reason_user"]) == {"nl", "fr", "de", "en"}
    assert about["event_timestamp"] == int(signals.scene.clock.at.timestamp())
    assert signals.ears.heard[0][1] == "Bearer of-the-ears"


def test_a_set_has_what_the_specification_asks_and_nothing_that_makes_it_another_token(signals: SignalScene) -> None:
    signals.create()
    logged_in(signals)
    log_out(signals)
    signals.send()
    token = signals.ears.heard[0][2]
    header, event = jose.read_header(token), only(signals.heard())
    assert (header["typ"], header["alg"]) == ("secevent+jwt", "ES256")
    assert set(event) == {"iss", "aud", "jti", "iat", "txn", "sub_id", "events"}
    assert (event["iss"], event["aud"], len(event["events"])) == (ISSUER, PORTAL, 1)


def test_a_login_that_lapses_is_told_as_the_policy_that_it_is(signals: SignalScene) -> None:
    signals.create(PORTAL, SESSION)
    logged_in(signals)
    signals.scene.clock.at += timedelta(hours=13)
    assert signals.scene.entrance.login_ends.end_lapsed() == 1
    signals.send()
    about = only(signals.heard())["events"][SESSION]
    assert about["initiating_entity"] == "policy"


def test_a_service_to_which_nobody_logged_in_hears_of_no_log_out(signals: SignalScene) -> None:
    signals.another()
    signals.create(OTHER_SERVICE)
    logged_in(signals)
    log_out(signals)
    assert signals.send() == 0 and signals.heard() == []


def test_a_permission_that_is_withdrawn_ends_what_the_client_was_granted(signals: SignalScene) -> None:
    signals.create(PORTAL, CLAIMS_CHANGE)
    told = logged_in(signals)
    with signals.scene.archive.reading() as reading:
        grant = reading.find(AuthorizationGrant, person=signals.scene.marie)[0]
    key = consent_key(grant.person, grant.client, grant.acting)
    Permissions(signals.scene.archive, signals.scene.clock).withdraw(signals.scene.marie, key)
    signals.send()
    event = only(signals.heard())
    assert event["sub_id"]["session"] == {"format": "opaque", "id": told["sid"]}
    assert event["sub_id"]["tenant"] == {"format": "opaque", "id": EMPLOYER}
    assert event["events"][CLAIMS_CHANGE]["claims"] == {"scope": ""}


def test_a_service_that_takes_tokens_hears_of_each_of_its_own_by_its_jti(signals: SignalScene) -> None:
    signals.another(services=("authorization", "dimona"))
    signals.create(OTHER_SERVICE)
    logged_in(signals)
    access = claims(signals.tokens["access_token"])
    log_out(signals)
    signals.send()
    event = only(signals.heard())
    assert event["sub_id"] == {"format": "jwt_id", "iss": ISSUER, "jti": access["jti"]}
    assert event["events"][CLAIMS_CHANGE]["claims"] == {"scope": ""}


@pytest.mark.parametrize("later", [False, True])
def test_a_right_that_is_taken_back_narrows_what_the_session_may_do(signals: SignalScene, later: bool) -> None:
    """Whether or not more has changed when it is told."""
    signals.create(PORTAL, CLAIMS_CHANGE)
    told = logged_in(signals)
    signals.scene.end_grant()
    signals.announce("grant_ended", grant="g1", holder="a1", enterprise=EMPLOYER, service="dimona")
    if later:
        with signals.scene.archive.writing() as uow:
            uow.put(replace(signals.scene.client(), label="Another name"))
            uow.commit()
    signals.send()
    event = only(signals.heard())
    assert event["sub_id"]["user"]["sub"] == told["sub"]
    assert event["events"][CLAIMS_CHANGE]["claims"] == {"scope": "openid"}
