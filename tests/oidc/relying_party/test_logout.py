"""Log-out: what a provider tells us once ends what rests on its word; forged orders end nothing (family O20)."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from iam.domain.sessions import Session
from oidc.relying_party.logout import EVENT, farewell_address
from tests.oidc.jose_material import es256
from tests.oidc.relying_party.an_openid_provider import CLIENT_ID, SUBJECT, Change, Claims, encrypted_for, seconds
from tests.oidc.relying_party.premises import BASE, Premises
from tests.storage import records
from tests.storage.clocks import START

GONE = object()


def session(door: Premises, provider_session: str, provider: str = "op") -> str:
    """A living session that a provider vouches for; its id."""
    with door.archive.writing() as uow:
        ends = door.clock.at.replace(year=2027)
        asked = records.session(provider=provider, provider_session=provider_session, expires_at=ends)
        held = door.sessions.begin(uow, asked)
        uow.commit()
    return held.session.id


def living(door: Premises) -> set[str]:
    """The ids of all sessions that live."""
    with door.archive.reading() as reading:
        return {one.id for one in reading.find(Session)}


def told(door: Premises, token: str, provider: str = "op") -> int:
    """The status with which a logout token is answered."""
    answer = door.browser.post(f"/sign-in/oidc/{provider}/logout", data={"logout_token": token})
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code


def altered(**values: object) -> Change:
    def change(claims: Claims) -> None:
        for name, value in values.items():
            claims.pop(name, None)
            if value is not GONE:
                claims[name] = value

    return change


def test_a_log_out_at_the_provider_ends_that_session_and_no_other(door: Premises) -> None:
    gone, other, elsewhere = session(door, "s-1"), session(door, "s-2"), session(door, "s-1", "other")
    assert told(door, door.op.logout_token()) == 200
    assert living(door) == {other, elsewhere} and gone not in living(door)


def test_a_provider_without_sessions_of_its_own_names_the_subject(door: Premises) -> None:
    session(door, SUBJECT)
    assert told(door, door.op.logout_token(altered(sid=GONE, sub=SUBJECT))) == 200
    assert living(door) == set()


def test_an_encrypted_logout_token_is_obeyed() -> None:
    door = Premises(settings={"encryptions": ["A128CBC-HS256"]})
    session(door, "s-1")
    key = next(one for one in door.keys.published()["keys"] if one["use"] == "enc")
    assert told(door, encrypted_for(key)(door.op.logout_token())) == 200
    assert living(door) == set()


def test_a_logout_token_is_obeyed_once(door: Premises) -> None:
    token = door.op.logout_token()
    assert told(door, token) == 200
    session(door, "s-1")
    assert told(door, token) == 400
    assert len(living(door)) == 1


@pytest.mark.parametrize(
    "lie",
    [
        altered(events=GONE),
        altered(events={}),
        altered(events={EVENT: True}),
        altered(events=[EVENT]),
        altered(nonce="n"),
        altered(aud="somebody-else"),
        altered(aud=[CLIENT_ID, "x"]),
        altered(iss="https://other.example"),
        altered(sid=GONE),
        altered(sid=7),
        altered(jti=GONE),
        altered(iat=GONE),
        altered(exp=GONE),
        altered(exp=seconds(START)),
        altered(exp=seconds(START, 7200)),
    ],
)
def test_a_forged_order_ends_nothing(door: Premises, lie: Change) -> None:
    session(door, "s-1")
    assert told(door, door.op.logout_token(lie)) == 400
    assert len(living(door)) == 1


def test_an_order_that_the_provider_did_not_sign_ends_nothing(door: Premises) -> None:
    session(door, "s-1")
    token = door.op.logout_token()
    signed = door.op.sign
    door.op.sign = lambda _: bytes(256)
    forged = door.op.logout_token()
    door.op.header, door.op.sign = {"alg": "none", "kid": "op-1"}, lambda _: b""
    unsigned = door.op.logout_token()
    door.op.header, door.op.sign = {"alg": "ES256", "kid": "op-1"}, es256
    other_key = door.op.logout_token()
    door.op.sign = signed
    for one in (forged, unsigned, other_key, "", token + "x"):
        assert told(door, one) == 400
    assert len(living(door)) == 1


def test_an_id_token_logs_nobody_out(door: Premises) -> None:
    session(door, "s-1")
    assert told(door, door.login().logout_hint) == 400
    assert len(living(door)) == 1


def test_an_order_is_one_token_in_a_form(door: Premises) -> None:
    token = door.op.logout_token()
    path = "/sign-in/oidc/op/logout"
    assert door.browser.post(path, data={}).status_code == 400
    assert door.browser.post(path, data={"logout_token": [token, token]}).status_code == 400
    assert door.browser.post(path, json={"logout_token": token}).status_code == 400
    assert door.browser.get(f"{path}?logout_token={token}").status_code == 405


def test_the_browser_is_sent_to_the_provider_to_log_out_there_too(door: Premises) -> None:
    address = farewell_address(door.party, door.provider, "id.to.ken")
    assert address is not None
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://op.example/v2/logout"
    assert dict(parse_qsl(parts.query)) == {
        "client_id": CLIENT_ID,
        "id_token_hint": "id.to.ken",
        "post_logout_redirect_uri": f"{BASE}/sign-in",
    }


@pytest.mark.parametrize("silent", [True, False])
def test_a_provider_that_ends_no_sessions_or_is_silent_is_not_gone_to(door: Premises, silent: bool) -> None:
    if silent:
        door.op.answers["/openid-configuration"] = None
    else:
        door.op.metadata["end_session_endpoint"] = None
    assert farewell_address(door.party, door.provider, "") is None
