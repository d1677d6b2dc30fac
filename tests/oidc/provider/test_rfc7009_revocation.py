"""RFC 7009: a client gives up its own token, and nobody else's."""

import threading

import pytest

from tests.oidc.provider.forgery import OTHER_EC, compact, payload
from tests.oidc.provider.premises import DECLARE, IN_HOUSE, SERVICE, Premises


def revoke(house: Premises, token: str, client_id: str, **more: str) -> tuple[int, str]:
    answer = house.post("/oauth2/revoke", {"token": token, **house.authenticated(client_id), **more})
    return answer.status_code, answer.text


def test_a_revoked_token_is_dead_at_once_and_for_ever(house: Premises) -> None:
    token = house.token(DECLARE, IN_HOUSE, None)
    assert revoke(house, token, IN_HOUSE) == (200, "")
    assert not house.active(token)
    assert [leaf["token"] for leaf in house.leaves("token_revoked")] == [payload(token)["jti"]]


def test_a_token_is_revoked_once(house: Premises) -> None:
    token = house.token(DECLARE, IN_HOUSE, None)
    assert [revoke(house, token, IN_HOUSE) for _ in range(2)] == [(200, "")] * 2
    assert len(house.leaves("token_revoked")) == 1


def test_another_clients_token_stays_active(house: Premises) -> None:
    token = house.token()
    status, text = revoke(house, token, IN_HOUSE)
    assert (status, "invalid_grant" in text) == (400, True)
    assert house.active(token)
    assert house.leaves("token_revoked") == []


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "." * 5000])
def test_an_unknown_token_is_no_error(plain_house: Premises, token: str) -> None:
    assert revoke(plain_house, token, IN_HOUSE) == (200, "")


def test_a_forged_copy_of_a_token_revokes_nothing(house: Premises) -> None:
    token = house.token(DECLARE, IN_HOUSE, None)
    forged = compact({"alg": "ES256", "typ": "at+jwt"}, payload(token), OTHER_EC)
    assert revoke(house, forged, IN_HOUSE) == (200, "")
    assert house.active(token)


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "x" * 1000])
def test_a_lying_hint_changes_nothing(plain_house: Premises, hint: str) -> None:
    token = plain_house.token(DECLARE, IN_HOUSE, None)
    assert revoke(plain_house, token, IN_HOUSE, token_type_hint=hint) == (200, "")
    assert not plain_house.active(token)


def test_an_expired_token_can_still_be_given_up(plain_house: Premises) -> None:
    token = plain_house.token(DECLARE, IN_HOUSE, None)
    plain_house.clock.advance(seconds=400)
    assert revoke(plain_house, token, IN_HOUSE) == (200, "")


def test_a_revoked_caller_token_opens_no_door(house: Premises) -> None:
    token, caller = house.token(), house.service_token()
    assert house.introspect(token, caller).status_code == 200
    revoke(house, caller, SERVICE)
    assert house.introspect(token, caller).status_code == 401


def test_who_does_not_authenticate_revokes_nothing(house: Premises) -> None:
    token = house.token()
    assert house.post("/oauth2/revoke", {"token": token}).status_code == 401
    assert house.post("/oauth2/revoke", {"token": token}, Authorization=f"Bearer {token}").status_code == 401
    assert house.active(token)


def test_a_request_without_token_revokes_nothing(plain_house: Premises) -> None:
    answer = plain_house.post("/oauth2/revoke", plain_house.authenticated(IN_HOUSE))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_many_revocations_at_once_leave_one_leaf(house: Premises) -> None:
    token, barrier, statuses = house.token(DECLARE, IN_HOUSE, None), threading.Barrier(8), []

    def give_up() -> None:
        sent = {"token": token, **house.authenticated(IN_HOUSE)}
        barrier.wait()
        statuses.append(house.post("/oauth2/revoke", sent).status_code)

    threads = [threading.Thread(target=give_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert len(house.leaves("token_revoked")) == 1
