"""RFC 7662 and 9701: what a token is worth now, for services that rely on it and for nobody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Grant, Portfolio
from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise
from iam.domain.mandates import Cover
from iam.domain.periods import Period
from iam.domain.tokens import IssuedToken
from oidc import jose
from oidc.provider.introspection import JWT
from tests.oidc.provider.forgery import OTHER_EC, b64, compact, ec_jwk, jwks, payload
from tests.oidc.provider.premises import (
    CONSULT,
    DECLARE,
    EMPLOYER,
    EVALUATE,
    INTROSPECT,
    ISSUER,
    NSSO,
    PROVIDER,
    SERVICE,
    SOFTWARE,
    Premises,
)
from tests.storage import records

INACTIVE = {"active": False}
OTHER_SERVICE = f"declaration_service_procura_{NSSO}_otherother"


def test_an_active_token_is_told_with_its_claims_and_its_authority_now(house: Premises) -> None:
    token = house.token(f"{DECLARE} {CONSULT}")
    told = house.introspect(token).get_json()
    claims = payload(token)
    for name in ("iss", "sub", "client_id", "aud", "scope", "jti", "iat", "exp"):
        assert told[name] == claims[name]
    assert (told["active"], told["token_type"]) == (True, "Bearer")
    assert told["authorization_details"][0]["mandator"] == EMPLOYER


def test_a_service_may_authenticate_with_its_key_instead_of_a_token(house: Premises) -> None:
    sent = {"token": house.token(), **house.authenticated(SERVICE)}
    assert house.post("/oauth2/introspect", sent).get_json()["active"] is True


def _replaced(house: Premises, kind: type[Any], key: str, **fields: Any) -> Callable[[], None]:
    def change() -> None:
        with house.archive.reading() as reading:
            found: Any = reading.get(kind, key)
        house.record(replace(found, **fields))

    return change


def _ended(house: Premises, kind: type[Any], key: str) -> Callable[[], None]:
    house.clock.advance(seconds=1)
    return _replaced(house, kind, key, valid=Period(records.OPEN.start, house.clock.at))


def _later(house: Premises) -> Callable[[], None]:
    def wait() -> None:
        house.clock.advance(seconds=300)

    return wait


CHANGES: dict[str, Callable[[Premises], Callable[[], None]]] = {
    "the mandate is closed": lambda h: lambda: h.remove(Cover, "m1/dmfa-dimona"),
    "the grant is taken back": lambda h: lambda: h.remove(Grant, "g1"),
    "one of its actions is taken back": lambda h: _replaced(h, Grant, "g1", actions=("declare",)),
    "the portfolio is taken back": lambda h: lambda: h.remove(Portfolio, "f1"),
    "the client has ended": lambda h: _ended(h, Client, SOFTWARE),
    "the provider has ceased": lambda h: _ended(h, Enterprise, PROVIDER),
    "the employer has ceased": lambda h: _ended(h, Enterprise, EMPLOYER),
    "the token is revoked": lambda h: lambda: None,
    "the token has expired": _later,
}


@pytest.mark.parametrize("change", CHANGES)
def test_from_the_acknowledgement_of_a_change_the_token_is_worth_nothing(house: Premises, change: str) -> None:
    token = house.token(f"{DECLARE} {CONSULT}")
    assert house.active(token)
    CHANGES[change](house)()
    if "revoked" in change:
        house.post("/oauth2/revoke", {"token": token, **house.authenticated()})
    assert house.introspect(token).get_json() == INACTIVE


def test_a_change_of_rights_ahead_shortens_what_introspection_promises(house: Premises) -> None:
    token = house.token()
    ends = house.clock.at + timedelta(seconds=100)
    house.record(records.cover("m1/dmfa-dimona", valid=Period(records.OPEN.start, ends)))
    assert house.introspect(token).get_json()["exp"] == house.seconds(seconds=100)


def test_a_clock_that_was_set_back_shuts_no_door(house: Premises) -> None:
    house.clock.advance(minutes=5)
    house.record(records.member("m9"))
    house.clock.advance(minutes=-5)
    assert house.active(house.token())


def settle_other_service(house: Premises) -> None:
    house.record(
        records.client(
            OTHER_SERVICE,
            enterprise=NSSO,
            capacity=Capacity.ADMINISTRATION,
            kind=ClientKind.DECLARATION_SERVICE,
            services=("dmfa",),
            jwks=jwks(ec_jwk(kid="k1")),
        )
    )


def test_a_service_learns_nothing_of_tokens_for_another_service(house: Premises) -> None:
    settle_other_service(house)
    token = house.token()
    caller = house.token(INTROSPECT, OTHER_SERVICE, None)
    assert house.introspect(token, caller).get_json() == INACTIVE
    sent = {"token": token, **house.authenticated(OTHER_SERVICE)}
    assert house.post("/oauth2/introspect", sent).get_json() == INACTIVE


def test_a_technical_client_learns_nothing_even_of_its_own_token(house: Premises) -> None:
    sent = {"token": house.token(), **house.authenticated(SOFTWARE)}
    assert house.post("/oauth2/introspect", sent).get_json() == INACTIVE


NOT_ACCESS_TOKENS: dict[str, Callable[[Premises, str], str]] = {
    "nonsense": lambda h, token: "nonsense",
    "a signature of another": lambda h, token: compact(_header(token), payload(token), OTHER_EC),
    "another jti": lambda h, token: _with_claims(token, jti="x" * 22),
    "an ID token": lambda h, token: _signed(h, payload(token), "JWT"),
    "a logout token": lambda h, token: _signed(h, payload(token), "logout+jwt"),
    "an introspection answer": lambda h, token: _signed(h, payload(token), "token-introspection+jwt"),
    "another issuer": lambda h, token: _signed(h, {**payload(token), "iss": f"{ISSUER}/"}, "at+jwt"),
    "a token that was never recorded": lambda h, token: _signed(h, {**payload(token), "jti": "x" * 22}, "at+jwt"),
    "an assertion": lambda h, token: h.assertion(),
    "padded": lambda h, token: token + "=",
    "with a blank": lambda h, token: token + " ",
    "unsigned": lambda h, token: f"{b64(b'{}')}.{token.split('.')[1]}.",
    "alg none": lambda h, token: f"{b64(json.dumps({'alg': 'none', 'typ': 'at+jwt'}).encode())}.{token.split('.')[1]}.",
    "of a megabyte in dots": lambda h, token: "." * 20_000,
}


def _header(token: str) -> dict[str, object]:
    return dict(jose.read_header(token))


def _signed(house: Premises, claims: dict[str, Any], typ: str) -> str:
    return jose.sign(claims, house.keys.current("ES256"), typ=typ)


def _with_claims(token: str, **claims: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{b64(json.dumps({**payload(token), **claims}).encode())}.{signature}"


@pytest.mark.parametrize("sort", NOT_ACCESS_TOKENS)
def test_what_is_no_access_token_of_ours_is_inactive(plain_house: Premises, sort: str) -> None:
    token = plain_house.token()
    forged = NOT_ACCESS_TOKENS[sort](plain_house, token)
    assert plain_house.introspect(forged).get_json() == INACTIVE


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer a b", "bearer  two"],
)
def test_who_does_not_authenticate_is_told_nothing(plain_house: Premises, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = plain_house.post("/oauth2/introspect", {"token": plain_house.token()}, **headers)
    assert answer.status_code == 401
    by_itself = header is None or header.startswith("Basic ")
    assert answer.get_json()["error"] == ("invalid_client" if by_itself else "invalid_token")


@pytest.mark.parametrize(
    "caller", ["revoked", "ended", "expired", "client ended", "enterprise ceased", "capacity lost"]
)
def test_a_caller_that_is_not_good_any_more_is_told_nothing(house: Premises, caller: str) -> None:
    token, own = house.token(), house.service_token()
    if caller == "revoked":
        house.post("/oauth2/revoke", {"token": own, **house.authenticated(SERVICE)})
    elif caller == "client ended":
        _ended(house, Client, SERVICE)()
    elif caller == "enterprise ceased":
        _ended(house, Enterprise, NSSO)()
    elif caller == "capacity lost":
        _ended(house, CapacityHeld, "c3")()
    else:
        house.clock.advance(seconds=300 if caller == "expired" else 3000)
    answer = house.introspect(token, own)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_caller_without_the_scope_is_told_so(plain_house: Premises) -> None:
    answer = plain_house.introspect(plain_house.token(), plain_house.token(EVALUATE, SERVICE, None))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "insufficient_scope")


def test_a_token_for_a_declaration_service_does_not_open_our_door(plain_house: Premises) -> None:
    token = plain_house.token()
    assert plain_house.introspect(token, token).status_code == 401


def test_two_authentications_are_refused(plain_house: Premises) -> None:
    sent = {"token": plain_house.token(), **plain_house.authenticated(SERVICE)}
    answer = plain_house.post("/oauth2/introspect", sent, Authorization=f"Bearer {plain_house.service_token()}")
    assert answer.status_code == 400


def test_a_request_without_token_is_refused(plain_house: Premises) -> None:
    answer = plain_house.post("/oauth2/introspect", {}, Authorization=f"Bearer {plain_house.service_token()}")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("active", [True, False])
def test_an_answer_can_be_had_signed_for_the_asker(house: Premises, active: bool) -> None:
    token = house.token() if active else "nonsense"
    answer = house.introspect(token, Accept=JWT)
    assert answer.content_type == JWT
    signed = jose.verify(
        answer.text, keys=house.keys.verifying(), algorithms=frozenset({"ES256"}), typ="token-introspection+jwt"
    )
    assert (signed.claims["iss"], signed.claims["aud"], signed.claims["iat"]) == (ISSUER, SERVICE, house.seconds())
    told = signed.claims["token_introspection"]
    assert isinstance(told, dict)
    assert (told == INACTIVE) is not active
    assert "sub" not in signed.claims and "exp" not in signed.claims


def test_a_signed_answer_is_no_access_token(plain_house: Premises) -> None:
    answer = plain_house.introspect(plain_house.token(), Accept=JWT).text
    assert plain_house.introspect(answer, answer).status_code == 401


def test_the_usual_answer_is_json_and_not_kept(plain_house: Premises) -> None:
    for accept in ("", "*/*", "application/json", "text/html"):
        answer = plain_house.introspect(plain_house.token(), Accept=accept)
        assert (answer.content_type, answer.headers["Cache-Control"]) == ("application/json", "no-store")


def test_introspection_writes_no_leaf_and_raises_no_revision(house: Premises) -> None:
    token, caller = house.token(), house.service_token()
    before = (house.archive.revision(), house.archive.head())
    house.introspect(token, caller)
    assert (house.archive.revision(), house.archive.head()) == before


def test_a_token_of_a_client_whose_profile_ended_is_worth_nothing(house: Premises) -> None:
    token = house.token()
    _replaced(house, Client, SOFTWARE, profile_until=house.clock.advance(seconds=1))()
    assert house.introspect(token).get_json() == INACTIVE


def test_a_recorded_token_whose_scope_left_the_catalogue_is_worth_nothing(house: Premises) -> None:
    token = house.token()
    with house.archive.reading() as reading:
        held = reading.get(IssuedToken, payload(token)["jti"])
    assert held is not None
    house.record(replace(held, scopes=("scope:dimona:declaration:gone",)))
    assert house.introspect(token).get_json() == INACTIVE
