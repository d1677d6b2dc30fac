"""RFC 7523: a client proves its key once, with an assertion for us alone."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from iam.domain.clients import Client
from iam.domain.periods import Period
from oidc import jose
from oidc.provider import client_assertion, decoy
from tests.oidc.provider.forgery import EC, OTHER_EC, compact, ec_jwk, jwks, rsa_jwk
from tests.oidc.provider.premises import DECLARE, EVALUATE, IN_HOUSE, ISSUER, SERVICE, SOFTWARE, UNSET, Premises

TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"


@pytest.mark.parametrize(
    "typ", [UNSET, "JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"]
)
def test_an_assertion_may_be_typed_or_not(plain_house: Premises, typ: object) -> None:
    header = {"alg": "ES256", "kid": "k1"} | ({} if typ is UNSET else {"typ": typ})
    assert plain_house.ask(assertion=plain_house.assertion(header=header)).status_code == 200


@pytest.mark.parametrize(("algorithm", "key"), [("PS256", rsa_jwk), ("RS256", rsa_jwk), ("ES256", ec_jwk)])
def test_each_of_the_three_algorithms_may_be_registered(
    plain_house: Premises, algorithm: str, key: Callable[..., dict[str, object]]
) -> None:
    registered = jwks(key(kid="k9"), algorithm=algorithm)
    client = plain_house.find_client(SOFTWARE)
    assert client is not None
    plain_house.record(replace(client, jwks=registered, algorithm=algorithm))
    header = {"alg": algorithm, "kid": "k9"}
    assert plain_house.ask(assertion=plain_house.assertion(header=header)).status_code == 200


REFUSED: dict[str, Callable[[Premises], str]] = {
    "audience is a list": lambda h: h.assertion(aud=[ISSUER]),
    "audience has another party": lambda h: h.assertion(aud=[ISSUER, "https://other.example"]),
    "audience is the token endpoint": lambda h: h.assertion(aud=TOKEN_ENDPOINT),
    "audience is an endpoint of ours": lambda h: h.assertion(aud=f"{ISSUER}/oauth2/par"),
    "audience with a slash": lambda h: h.assertion(aud=f"{ISSUER}/"),
    "audience is another server": lambda h: h.assertion(aud="https://other.example"),
    "audience is missing": lambda h: h.assertion(aud=UNSET),
    "life of a day": lambda h: h.assertion(exp=h.seconds(hours=24)),
    "life of 301 seconds": lambda h: h.assertion(exp=h.seconds(seconds=301)),
    "life of ten years without iat": lambda h: h.assertion(iat=UNSET, exp=h.seconds(days=3650)),
    "expired just now": lambda h: h.assertion(exp=h.seconds()),
    "no end": lambda h: h.assertion(exp=UNSET),
    "end as text": lambda h: h.assertion(exp=str(h.seconds(seconds=60))),
    "end is huge": lambda h: h.assertion(exp=10**18),
    "end is negative": lambda h: h.assertion(exp=-1),
    "issued 61 s ahead": lambda h: h.assertion(iat=h.seconds(seconds=61), exp=h.seconds(seconds=120)),
    "not before 61 s ahead": lambda h: h.assertion(nbf=h.seconds(seconds=61), exp=h.seconds(seconds=120)),
    "issued in the year 9999": lambda h: h.assertion(iat=253402300799, exp=253402300800),
    "sub is another client": lambda h: h.assertion(sub=IN_HOUSE),
    "iss is another client": lambda h: h.assertion(iss=IN_HOUSE),
    "iss is missing": lambda h: h.assertion(iss=UNSET),
    "sub is missing": lambda h: h.assertion(sub=UNSET),
    "sub is a list": lambda h: h.assertion(sub=[SOFTWARE]),
    "sub is a number": lambda h: h.assertion(sub=1, iss=1),
    "client is unknown": lambda h: h.assertion("self_service_procura_nobody"),
    "jti is missing": lambda h: h.assertion(jti=UNSET),
    "jti is empty": lambda h: h.assertion(jti=""),
    "jti of 256 characters": lambda h: h.assertion(jti="j" * 256),
    "jti of a megabyte": lambda h: h.assertion(jti="j" * 1_000_000),
    "jti is a number": lambda h: h.assertion(jti=7),
    "another key": lambda h: compact({"alg": "ES256", "kid": "k1"}, h.claims(), OTHER_EC),
    "another kid": lambda h: h.assertion(header={"alg": "ES256", "kid": "k2"}),
    "an algorithm that is not registered": lambda h: h.assertion(header={"alg": "RS256", "kid": "k1"}),
    "an algorithm of another key type": lambda h: h.assertion(header={"alg": "PS256", "kid": "k1"}),
    "no algorithm": lambda h: h.assertion(header={"alg": "none", "kid": "k1"}).rpartition(".")[0] + ".",
    "typed as access token": lambda h: h.assertion(header={"alg": "ES256", "kid": "k1", "typ": "at+jwt"}),
    "typed as testimony": lambda h: h.assertion(header={"alg": "ES256", "kid": "k1", "typ": "authentication+jwt"}),
    "an access token": lambda h: h.token(),
    "no token at all": lambda h: "x",
}


@pytest.mark.parametrize("attack", REFUSED)
def test_an_assertion_that_is_not_for_us_alone_and_now_is_refused(plain_house: Premises, attack: str) -> None:
    assertion = REFUSED[attack](plain_house)
    issued, revision = len(plain_house.leaves("token_issued")), plain_house.archive.revision()
    answer = plain_house.ask(assertion=assertion)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert (len(plain_house.leaves("token_issued")), plain_house.archive.revision()) == (issued, revision)


@pytest.mark.parametrize("missing", ["client_assertion", "client_assertion_type"])
def test_a_request_without_assertion_is_refused(plain_house: Premises, missing: str) -> None:
    sent = {"grant_type": "client_credentials", "scope": DECLARE, **plain_house.authenticated()}
    del sent[missing]
    assert plain_house.post("/oauth2/token", sent).status_code == 401


def test_an_assertion_is_good_for_one_request_after_any_restart(house: Premises) -> None:
    assertion = house.assertion()
    assert house.ask(assertion=assertion).status_code == 200
    second = type(house)(house.archive, house.clock, settled=True).ask(assertion=assertion)
    assert (second.status_code, second.get_json()["error"]) == (401, "invalid_client")
    assert second.get_json()["error_description"].startswith("assertion_replayed")


def test_an_assertion_is_used_up_by_a_refusal_too(house: Premises) -> None:
    assertion = house.assertion()
    assert house.ask("scope:dmfa:declaration:declare", assertion=assertion).status_code == 400
    assert house.ask(assertion=assertion).status_code == 401


def test_an_assertion_used_at_one_endpoint_is_used_up_at_the_others(house: Premises) -> None:
    token, assertion = house.token(), house.assertion(SERVICE)
    sent = {"token": token, **house.authenticated(assertion=assertion)}
    assert house.post("/oauth2/introspect", sent).get_json()["active"] is True
    assert house.post("/oauth2/introspect", sent).status_code == 401
    assert house.ask(EVALUATE, SERVICE, None, assertion).status_code == 401


def test_two_clients_may_choose_the_same_jti(plain_house: Premises) -> None:
    assert plain_house.ask(assertion=plain_house.assertion(jti="one")).status_code == 200
    own = plain_house.ask(DECLARE, IN_HOUSE, None, plain_house.assertion(IN_HOUSE, jti="one"))
    assert own.status_code == 200


def test_of_many_uses_of_one_assertion_at_once_exactly_one_wins(house: Premises) -> None:
    assertion, barrier, statuses = house.assertion(), threading.Barrier(16), []

    def use() -> None:
        barrier.wait()
        statuses.append(house.ask(assertion=assertion).status_code)

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 15
    assert len(house.leaves("token_issued")) == 1


def test_a_replaced_key_is_refused_from_the_next_request_on(house: Premises) -> None:
    client = house.find_client(SOFTWARE)
    assert client is not None
    house.record(replace(client, jwks=jwks(ec_jwk(OTHER_EC, kid="k2"))))
    assert house.ask().status_code == 401
    fresh = compact({"alg": "ES256", "kid": "k2"}, house.claims(), OTHER_EC)
    assert house.ask(assertion=fresh).status_code == 200


def test_a_key_replaced_between_verification_and_issue_is_refused(
    house: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.find_client(SOFTWARE)
    assert client is not None
    seen = client_assertion.ClientAssertions.prove

    def prove_then_replace(self: Any, *given: Any) -> Any:
        proof = seen(self, *given)
        house.record(replace(client, jwks=jwks(ec_jwk(OTHER_EC, kid="k2"))))
        return proof

    monkeypatch.setattr(client_assertion.ClientAssertions, "prove", prove_then_replace)
    answer = house.ask()
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert house.leaves("token_issued") == []


def test_an_ended_client_is_refused_like_an_unknown_one(house: Premises) -> None:
    client = house.find_client(SOFTWARE)
    assert client is not None
    house.clock.advance(hours=1)
    house.record(replace(client, valid=Period(client.valid.start, house.clock.at)))
    assert house.ask().get_json() == house.ask(assertion=house.assertion("nobody")).get_json()


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS256", "HS256"])
@pytest.mark.parametrize("who", ["unknown", "wrong signature", "wrong algorithm", "wrong key name", "short signature"])
def test_before_the_key_is_proved_every_refusal_has_one_answer_and_costs_one_verification(
    plain_house: Premises, monkeypatch: pytest.MonkeyPatch, who: str, alg: str
) -> None:
    spent: list[str] = []
    real = jose.verify

    def counted(token: str, **given: Any) -> jose.Verified:
        try:
            return real(token, **given)
        except jose.InvalidToken as fault:
            if fault.code is jose.TokenFault.WRONG_SIGNATURE:
                spent.append(token)
            raise

    monkeypatch.setattr(jose, "verify", counted)
    client = "nobody" if who == "unknown" else SOFTWARE
    kid = "k2" if who == "wrong key name" else "k1"
    registered = {"wrong algorithm": "PS256"}.get(who, "ES256")
    asked = alg if who != "wrong signature" else "ES256"
    plain_house.record(replace(_registered(plain_house), algorithm=registered))
    assertion = compact({"alg": asked, "kid": kid}, plain_house.claims(client), OTHER_EC)
    if who == "short signature":
        assertion = f"{assertion.rpartition('.')[0]}.AAAA"
    answer = plain_house.ask(assertion=assertion)
    assert answer.get_json() == {
        "error": "invalid_client",
        "error_description": "client_not_authenticated: Client authentication failed.",
    }
    assert len(spent) == 1


def _registered(house: Premises) -> Client:
    client = house.find_client(SOFTWARE)
    assert client is not None
    return client


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS256", "HS256", "none"])
def test_the_decoy_verifies_nothing_and_says_nothing(alg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[jose.TokenFault] = []
    real = jose.verify

    def watched(token: str, **given: Any) -> jose.Verified:
        try:
            return real(token, **given)
        except jose.InvalidToken as fault:
            faults.append(fault.code)
            raise

    monkeypatch.setattr(jose, "verify", watched)
    decoy.spend_verification(compact({"alg": alg}, {}, EC), 8192)
    assert faults == [jose.TokenFault.WRONG_SIGNATURE]
