"""What is kept between requests follows what it was kept of: keys, tokens, nonces, registrations, preferences."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest

from oidc import jose, signing_keys
from oidc.provider import own_tokens
from oidc.provider.dpop_nonces import STEP, DpopNonces
from oidc.provider.key_rotation import CACHE_AGE
from oidc.provider.live_keys import SigningKeys
from oidc.provider.own_tokens import OwnTokens
from oidc.signing_keys import NoCurrentKey
from tests.oidc.provider.forgery import EC, compact, payload
from tests.oidc.provider.premises import ISSUER, Premises
from tests.storage.clocks import START, SetClock


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys that are made in less time."""
    monkeypatch.setattr(signing_keys, "RSA_KEY_BITS", 2048)


def around(house: Premises) -> list[datetime]:
    """Every instant at which something changes in the life of a key of ours, with those next to it."""
    changes = {at for key in house.keys.reload().keys for at in key.instants}
    near = timedelta(microseconds=1)
    return sorted(at + offset for at, offset in product(changes, (-near, 0 * near, near)))


def signing(keys: SigningKeys, alg: str) -> str:
    try:
        return keys.current(alg).kid
    except NoCurrentKey:
        return ""


def by_the_ring(keys: SigningKeys, alg: str, now: datetime) -> str:
    try:
        return keys.ring().current(alg, now).kid
    except NoCurrentKey:
        return ""


@pytest.mark.parametrize("backwards", [False, True])
def test_at_every_instant_the_keys_are_those_of_the_ring(plain_house: Premises, backwards: bool) -> None:
    """The clock moves by a microsecond, and may be set back."""
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    plain_house.clock.at += CACHE_AGE
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    seen = set()
    for instant in sorted(around(plain_house), reverse=backwards):
        plain_house.clock.at = instant
        assert plain_house.keys.verifying() == plain_house.keys.ring().verifying(instant)
        for alg in ("ES256", "RS256", "PS256"):
            assert signing(plain_house.keys, alg) == by_the_ring(plain_house.keys, alg, instant)
        seen.add((signing(plain_house.keys, "ES256"), len(plain_house.keys.verifying().keys)))
    assert len(seen) >= 5


def test_the_set_of_keys_is_the_same_until_it_changes(plain_house: Premises) -> None:
    first = plain_house.keys.verifying()
    plain_house.clock.advance(seconds=3600)
    assert plain_house.keys.verifying() is first
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    plain_house.keys.reload()
    assert plain_house.keys.verifying() is not first


@pytest.fixture
def own(plain_house: Premises) -> OwnTokens:
    return OwnTokens(ISSUER, plain_house.keys)


def test_the_signature_of_a_token_is_verified_once_while_its_keys_stay(
    plain_house: Premises, own: OwnTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, verified, real = plain_house.service_token(), [], jose.verify

    def counted(one: str, **given: object) -> jose.Verified:
        verified.append(one)
        return real(one, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(jose, "verify", counted)
    assert {own.jti(token) for _ in range(3)} == {payload(token)["jti"]}
    assert verified == [token]


@pytest.mark.attack("J04")
def test_a_token_that_is_known_is_not_any_more_when_its_key_is_gone(plain_house: Premises, own: OwnTokens) -> None:
    token = plain_house.service_token()
    assert own.jti(token) == payload(token)["jti"]
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    plain_house.clock.at += CACHE_AGE + timedelta(seconds=299)
    assert own.jti(token) == payload(token)["jti"]
    plain_house.clock.advance(seconds=1)
    assert own.jti(token) is None


@pytest.mark.attack("J04")
def test_a_token_that_is_known_is_not_any_more_when_the_chest_has_lost_its_key(
    plain_house: Premises, own: OwnTokens
) -> None:
    token = plain_house.service_token()
    assert own.jti(token) is not None
    plain_house.keep()
    plain_house.keys.reload()
    assert own.jti(token) is None


@pytest.mark.attack("J07")
def test_no_change_of_a_known_token_is_known(plain_house: Premises, own: OwnTokens) -> None:
    token = plain_house.service_token()
    assert own.jti(token) is not None
    spoilt = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    copies = [token + "=", token + " ", " " + token, token + "\n", token.upper(), token + "\ud800", ""]
    assert [one for one in (*spoilt, *copies) if own.jti(one) is not None] == []
    assert own.jti(token) is not None


def test_what_is_no_token_of_ours_is_not_remembered(own: OwnTokens) -> None:
    for number in range(20):
        assert own.jti(compact({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}, {"jti": str(number)}, EC)) is None
    assert own._memory[1] == {}


def test_the_tokens_that_are_remembered_are_bounded(
    plain_house: Premises, own: OwnTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_tokens, "MOST_REMEMBERED", 3)
    tokens = [plain_house.service_token() for _ in range(8)]
    for _ in range(2):
        assert [own.jti(one) for one in tokens] == [payload(one)["jti"] for one in tokens]
        assert 0 < len(own._memory[1]) <= 3


@pytest.mark.attack("J11")
def test_the_nonces_that_are_held_follow_the_clock_both_ways() -> None:
    """One server whose clock moves knows the nonces that servers which ask for the first time know."""
    clock = SetClock(START)
    lasting = DpopNonces(lambda: bytes(32), clock)
    told = {step: DpopNonces(lambda: bytes(32), SetClock(START + step * STEP)).current() for step in range(-4, 5)}
    for at in (0, 1, 3, 2, -2, 0, 4, -4):
        clock.at = START + at * STEP
        assert lasting.current() == told[at]
        assert {step for step, nonce in told.items() if lasting.good(nonce)} == {at - 1, at, at + 1} & told.keys()
        assert not lasting.good("")


def test_no_empty_nonce_is_good_at_any_time() -> None:
    """Not even before any nonce was made, at the end of the year 1969."""
    clock = SetClock(datetime.fromisoformat("1969-12-31T23:59:59+00:00"))
    assert not DpopNonces(lambda: bytes(32), clock).good("")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/token-introspection+jwt", "application/token-introspection+jwt"),
        ("application/json;q=0.5, application/token-introspection+jwt", "application/token-introspection+jwt"),
        ("application/json, application/token-introspection+jwt;q=0.5", "application/json"),
        ("text/html", "application/json"),
        (",;=", "application/json"),
    ],
)
def test_each_asker_gets_the_kind_of_answer_that_it_prefers(plain_house: Premises, accept: str, kind: str) -> None:
    for _ in range(2):
        answer = plain_house.app.test_client().post(
            "/oauth2/introspect",
            data={"token": plain_house.token()},
            headers={"Accept": accept, "Authorization": f"Bearer {plain_house.service_token()}"},
        )
        assert (answer.status_code, answer.content_type) == (200, kind)
