"""RFC 6750 and 9068: our own doors take our own access tokens, for our own service, and nothing that looks like one."""

from collections.abc import Callable
from typing import Any

import pytest

from iam.web.problems import ProblemAnswer
from oidc import jose
from oidc.provider import bearer
from oidc.provider.own_tokens import OwnTokens
from tests.oidc.provider.forgery import b64, payload
from tests.oidc.provider.premises import DECLARE, EVALUATE, IN_HOUSE, ISSUER, SERVICE, Premises


def refused(house: Premises, header: str | None) -> tuple[int, str, str]:
    """Status, problem type and challenge of the answer."""
    with pytest.raises(ProblemAnswer) as caught:
        house.bearer.caller(header)
    problem = caught.value.problem
    return problem.type.status, problem.type.urn.rpartition(":")[2], problem.headers["WWW-Authenticate"]


def test_a_token_for_our_service_tells_who_calls(plain_house: Premises) -> None:
    token = plain_house.token(f"{EVALUATE} scope:authorization:token:introspect", SERVICE, None)
    caller = plain_house.bearer.caller(f"Bearer {token}")
    assert (caller.client_id, caller.service, caller.jti) == (SERVICE, "authorization", payload(token)["jti"])
    assert caller.scopes == {EVALUATE, "scope:authorization:token:introspect"}
    assert int(caller.expires_at.timestamp()) == payload(token)["exp"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_has_no_case(plain_house: Premises, scheme: str) -> None:
    assert plain_house.bearer.caller(f"{scheme} {plain_house.service_token()}").client_id == SERVICE


@pytest.mark.parametrize("header", [None, ""])
def test_no_token_is_challenged_without_an_error(plain_house: Premises, header: str | None) -> None:
    assert refused(plain_house, header) == (401, "noAccessToken", 'Bearer realm="procura"')


def signed(house: Premises, typ: str = "at+jwt", alg: str = "ES256", **claims: Any) -> str:
    plain = payload(house.service_token())
    kept = {name: value for name, value in {**plain, **claims}.items() if value is not None}
    return jose.sign(kept, house.keys.current(alg), typ=typ)


CONFUSED: dict[str, Callable[[Premises], str]] = {
    "a token for another service": lambda h: h.token(),
    "a token for the own enterprise": lambda h: h.token(DECLARE, IN_HOUSE, None),
    "an ID token": lambda h: signed(h, "JWT"),
    "a logout token": lambda h: signed(h, "logout+jwt"),
    "a testimony": lambda h: signed(h, "authentication+jwt"),
    "an introspection answer": lambda h: signed(h, "token-introspection+jwt"),
    "a client assertion": lambda h: h.assertion(SERVICE),
    "a client assertion typed as token": lambda h: h.assertion(
        SERVICE, header={"alg": "ES256", "kid": "k1", "typ": "at+jwt"}
    ),
    "two audiences": lambda h: signed(h, aud=["authorization", "dimona"]),
    "our audience in a list": lambda h: signed(h, aud=["authorization"]),
    "another audience": lambda h: signed(h, aud="authorizations"),
    "no audience": lambda h: signed(h, aud=None),
    "another issuer": lambda h: signed(h, iss=f"{ISSUER}.evil.example"),
    "issuer with a slash": lambda h: signed(h, iss=f"{ISSUER}/"),
    "no end": lambda h: signed(h, exp=None),
    "an end as text": lambda h: signed(h, exp=str(h.seconds(seconds=60))),
    "no issue": lambda h: signed(h, iat=None),
    "issued ahead": lambda h: signed(h, iat=h.seconds(seconds=61), exp=h.seconds(seconds=90)),
    "too long a life": lambda h: signed(h, exp=h.seconds(seconds=301)),
    "not before ahead": lambda h: signed(h, nbf=h.seconds(seconds=61)),
    "no client": lambda h: signed(h, client_id=None),
    "sub of another": lambda h: signed(h, sub="somebody"),
    "sub as list": lambda h: signed(h, sub=[SERVICE]),
    "no jti": lambda h: signed(h, jti=None),
    "scope as list": lambda h: signed(h, scope=[EVALUATE]),
    "no scope": lambda h: signed(h, scope=None),
}


@pytest.mark.parametrize("confusion", CONFUSED)
def test_what_is_no_token_for_this_door_is_refused(plain_house: Premises, confusion: str) -> None:
    status, kind, challenge = refused(plain_house, f"Bearer {CONFUSED[confusion](plain_house)}")
    assert (status, kind) == (401, "invalidAccessToken")
    assert 'error="invalid_token"' in challenge


def test_an_expired_token_is_told_apart(plain_house: Premises) -> None:
    token = plain_house.service_token()
    plain_house.clock.advance(seconds=299)
    assert plain_house.bearer.caller(f"Bearer {token}").client_id == SERVICE
    plain_house.clock.advance(seconds=1)
    assert refused(plain_house, f"Bearer {token}")[1] == "expiredAccessToken"
    plain_house.keys.reload()
    assert refused(plain_house, f"Bearer {token}")[1] == "expiredAccessToken"


@pytest.mark.parametrize(
    "copy",
    [
        lambda token: token + "=",
        lambda token: token + "==",
        lambda token: " " + token,
        lambda token: token + " ",
        lambda token: token + "\n",
        lambda token: token.replace(".", ". "),
        lambda token: token[:-1] + chr(ord(token[-1]) ^ 1),
        lambda token: token.replace("-", "+").replace("_", "/") + "=",
        lambda token: token + ".",
        lambda token: "." + token,
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: f"{b64(b'{ ' + b'}')}.{token.partition('.')[2]}",
    ],
)
def test_a_re_encoded_copy_of_a_token_is_not_that_token(plain_house: Premises, copy: Callable[[str], str]) -> None:
    token = plain_house.service_token()
    plain_house.bearer.caller(f"Bearer {token}")
    assert refused(plain_house, f"Bearer {copy(token)}")[1] == "invalidAccessToken"


@pytest.mark.parametrize("header", ["Bearer " + "x" * 1_000_000, "Bearer " + "." * 100_000, "Bearer a,b", "Token x"])
def test_a_header_of_another_form_is_refused_by_its_form(
    plain_house: Premises, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_given: object, **_named: object) -> None:
        raise AssertionError("judged by its form, not by its signature")

    if "Token" in header or len(header) > 20_000:
        monkeypatch.setattr(OwnTokens, "verify", never)
    assert refused(plain_house, header)[1] == "invalidAccessToken"


def test_a_signature_is_verified_once_while_the_token_lives(
    plain_house: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, verified, real = plain_house.service_token(), [], OwnTokens.verify

    def counted(own: OwnTokens, one: str) -> jose.Verified:
        verified.append(one)
        return real(own, one)

    monkeypatch.setattr(OwnTokens, "verify", counted)
    first = plain_house.bearer.caller(f"Bearer {token}")
    assert [plain_house.bearer.caller(f"Bearer {token}") for _ in range(3)] == [first] * 3
    assert verified == [token]


def test_what_is_remembered_is_bounded(plain_house: Premises, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "MOST_REMEMBERED", 3)
    tokens = [plain_house.service_token() for _ in range(5)]
    assert {plain_house.bearer.caller(f"Bearer {one}").jti for one in tokens} == {payload(one)["jti"] for one in tokens}
    assert len(plain_house.bearer._known) == 3


def test_what_has_ended_makes_room_first(plain_house: Premises, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "MOST_REMEMBERED", 2)
    lasting = [plain_house.service_token()]
    plain_house.bearer.caller(f"Bearer {lasting[0]}")
    plain_house.clock.advance(seconds=200)
    for one in (fresh := [plain_house.service_token() for _ in range(2)]):
        plain_house.bearer.caller(f"Bearer {one}")
        plain_house.clock.advance(seconds=60)
    held = {known.caller.jti for known in plain_house.bearer._known.values()}
    assert held == {payload(one)["jti"] for one in fresh}
