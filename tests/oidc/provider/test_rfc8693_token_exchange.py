"""RFC 8693: a service calls another for the same person or software; every hop gives less, and ends with the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from iam.domain.appointments import Grant
from iam.domain.client_metadata import OFFLINE, AuthMethod, GrantType
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.domain.tokens import IssuedToken
from oidc import jose
from oidc.provider.exchange_grant import ACCESS_TOKEN
from tests.oidc.provider.code_scene import CONSULT, DECLARE, PORTAL, CodeScene, claims
from tests.oidc.provider.devices import error_of, settle
from tests.oidc.provider.forgery import OTHER_EC, compact, ec_jwk, jwks
from tests.oidc.provider.premises import EMPLOYER, ISSUER, NSSO, PROVIDER
from tests.storage import records

FIRST, SECOND, THIRD, FOURTH = (f"declaration_service_procura_{NSSO}_service{n}00" for n in (1, 2, 3, 4))
SOFTWARE = f"self_service_procura_{PROVIDER}_abcdefghij"
DMFA, DMFA_CONSULT = "scope:dmfa:declaration:declare", "scope:dmfa:declaration:consult"
SERVES = {FIRST: "dimona", SECOND: "dmfa", THIRD: "dimona", FOURTH: "dmfa"}
SCOPES = (DECLARE, CONSULT, DMFA, DMFA_CONSULT)


@pytest.fixture
def services(scene: CodeScene) -> CodeScene:
    """Dimona and DmfA stand for each other's calls; Marie may declare at both."""
    scene.profile(Profile.OLDER)
    for client, service in SERVES.items():
        settle(scene, client, services=(service,), scopes=SCOPES)
    scene.record(
        records.grant(
            "g2",
            holder="a1",
            enterprise=EMPLOYER,
            capacity=Capacity.EMPLOYER,
            service="dmfa",
            actions=("declare",),
        )
    )
    return scene


def swap(scene: CodeScene, token: str, client: str = FIRST, **more: str) -> TestResponse:
    """A request for an exchange; a parameter that is told empty is left out."""
    plain = {
        "grant_type": GrantType.TOKEN_EXCHANGE.value,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "scope": DMFA,
    }
    sent = {**plain, **scene.authenticated(client), **more}
    return scene.post("/oauth2/token", {name: value for name, value in sent.items() if value}, DPoP="")


def swapped(scene: CodeScene, token: str, client: str = FIRST, **more: str) -> str:
    answer = swap(scene, token, client, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["access_token"])


def told_of(scene: CodeScene, token: str, client: str) -> dict[str, Any]:
    answer = scene.post("/oauth2/introspect", {"token": token, **scene.authenticated(client)})
    told: dict[str, Any] = answer.get_json()
    return told


def issued(scene: CodeScene) -> int:
    with scene.archive.reading() as reading:
        return len(reading.find(IssuedToken))


def test_a_service_gets_a_token_of_another_for_the_same_person(services: CodeScene) -> None:
    first = services.tokens()["access_token"]
    answer = swap(services, first, audience="dmfa")
    told = answer.get_json()
    assert (told["issued_token_type"], told["token_type"], told["scope"]) == (ACCESS_TOKEN, "Bearer", DMFA)
    assert answer.headers["Cache-Control"] == "no-store" and "refresh_token" not in told and "id_token" not in told
    access = claims(told["access_token"])
    assert (access["aud"], access["client_id"], access["act"]) == ("dmfa", FIRST, {"sub": FIRST})
    assert access["sub"] == claims(first)["sub"] and access["acr"] == claims(first)["acr"]
    assert access["authorization_details"][0]["enterprise"] == EMPLOYER
    assert access["exp"] <= claims(first)["exp"]
    read = told_of(services, told["access_token"], SECOND)
    assert read["active"] and read["act"] == {"sub": FIRST} and "username" not in read
    leaves = [one.leaf.objects for one in services.archive.leaves() if one.leaf.act == "token_issued"]
    assert [one.get("parent") for one in leaves] == [None, claims(first)["jti"]]


def test_each_hop_nests_the_one_before_and_three_are_the_most(services: CodeScene) -> None:
    first = services.tokens()["access_token"]
    second = swapped(services, first)
    third = swapped(services, second, SECOND, scope=DECLARE)
    fourth = swapped(services, third, THIRD)
    assert claims(fourth)["act"] == {"sub": THIRD, "act": {"sub": SECOND, "act": {"sub": FIRST}}}
    assert claims(fourth)["exp"] <= claims(first)["exp"]
    assert error_of(swap(services, fourth, FOURTH, scope=DECLARE)) == (400, "invalid_request", "chain_too_long")


ENDS: dict[str, Callable[[CodeScene, str], object]] = {
    "the first token is revoked": lambda s, t: s.post("/oauth2/revoke", {"token": t, **s.authenticated()}),
    "the person logs out": lambda s, t: s.entrance.sessions.end(s.marie, s.session.id),
    "the right at the second service ends": lambda s, t: _removed(s, "g2"),
    "the first client ends": lambda s, t: _ended(s, PORTAL),
    "the exchanging client ends": lambda s, t: _ended(s, FIRST),
    "time": lambda s, t: s.clock.advance(seconds=301),
}


def _removed(scene: CodeScene, grant: str) -> None:
    with scene.archive.writing() as uow:
        uow.remove(Grant, grant)
        uow.commit()


def _ended(scene: CodeScene, client: str) -> None:
    scene.clock.advance(seconds=1)
    with scene.archive.writing() as uow:
        found = uow.get(Client, client)
        assert found is not None
        uow.put(records.client(client, **{**_fields(found), "valid": _until(scene)}))
        uow.commit()


def _fields(found: Client) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__slots__ if name != "id"}


def _until(scene: CodeScene) -> Any:
    return type(records.OPEN)(records.OPEN.start, scene.clock.at)


@pytest.mark.attack("H16")
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_the_first_token_ends_those_that_came_of_it(services: CodeScene, end: str) -> None:
    first = services.tokens()["access_token"]
    second = swapped(services, first)
    assert told_of(services, second, SECOND)["active"]
    ENDS[end](services, first)
    assert told_of(services, second, SECOND) == {"active": False}
    assert swap(services, second, SECOND, scope=DECLARE).status_code in (400, 401)
    if end != "the right at the second service ends":
        assert swap(services, first).status_code in (400, 401)


def _forged(services: CodeScene, token: str) -> str:
    return compact({"alg": "ES256", "typ": "at+jwt"}, claims(token), OTHER_EC)


def _retyped(services: CodeScene, token: str) -> str:
    return jose.sign(claims(token), services.house.keys.current("ES256"), typ="JWT")


NO_SUBJECTS: dict[str, Callable[[CodeScene, dict[str, Any]], str]] = {
    "an ID token": lambda s, t: t["id_token"],
    "a refresh token": lambda s, t: t["refresh_token"],
    "nonsense": lambda s, t: "nonsense",
    "a token that somebody else signed": lambda s, t: _forged(s, t["access_token"]),
    "the claims as another type": lambda s, t: _retyped(s, t["access_token"]),
    "a token of another service": lambda s, t: swapped(s, t["access_token"]),
    "a token about the person alone": lambda s, t: s.refresh(t["refresh_token"], scope="openid").get_json()[
        "access_token"
    ],
    "an assertion": lambda s, t: s.authenticated()["client_assertion"],
    "a user info answer": lambda s, t: s.userinfo(t["access_token"]).text,
}


@pytest.mark.attack("O17", "O18")
@pytest.mark.parametrize("sort", NO_SUBJECTS)
def test_what_is_no_access_token_for_the_service_is_exchanged_for_nothing(services: CodeScene, sort: str) -> None:
    tokens = services.tokens(scope=f"openid {OFFLINE} {DECLARE}", prompt="consent")
    subject = NO_SUBJECTS[sort](services, tokens)
    before = issued(services)
    assert error_of(swap(services, subject)) == (400, "invalid_request", "subject_token_refused")
    assert issued(services) == before


BROKEN = [
    {"subject_token": ""},
    {"subject_token_type": ""},
    {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
    {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
    {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
    {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
    {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
    {"actor_token": "x"},
    {"actor_token_type": ACCESS_TOKEN},
    {"actor_token": "x", "actor_token_type": ACCESS_TOKEN},
    {"actor_token": "x", "actor_token_type": "urn:ietf:params:oauth:token-type:id_token"},
]


@pytest.mark.attack("O18")
@pytest.mark.parametrize("changed", BROKEN, ids=str)
def test_a_request_that_lacks_or_misnames_a_token_is_refused(services: CodeScene, changed: dict[str, str]) -> None:
    first = services.tokens()["access_token"]
    answer = swap(services, first, **changed)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert issued(services) == 1


MORE: dict[str, tuple[dict[str, str], str]] = {
    "no scope": ({"scope": ""}, "invalid_scope"),
    "every scope": ({"scope": "*"}, "invalid_scope"),
    "a scope that the person has not": ({"scope": DMFA_CONSULT}, "invalid_scope"),
    "more than the token has": ({"scope": f"{DECLARE} {CONSULT}"}, "invalid_scope"),
    "scopes of two services": ({"scope": f"{DECLARE} {DMFA}"}, "invalid_scope"),
    "what the person told": ({"scope": f"openid {DMFA}"}, "invalid_scope"),
    "a refresh token": ({"scope": f"{OFFLINE} {DMFA}"}, "invalid_scope"),
    "a scope that the client is not registered for": ({"scope": "scope:dmfa:declaration:modify"}, "invalid_scope"),
    "our own door": ({"scope": "scope:authorization:token:introspect"}, "invalid_target"),
    "another audience": ({"audience": "dimona"}, "invalid_target"),
    "an unknown audience": ({"audience": "https://evil.example"}, "invalid_target"),
    "another resource": ({"resource": "https://evil.example"}, "invalid_target"),
}


@pytest.mark.attack("O18")
@pytest.mark.parametrize("sort", MORE)
def test_an_exchange_never_gives_more(services: CodeScene, sort: str) -> None:
    first = services.tokens()["access_token"]
    changed, error = MORE[sort]
    answer = swap(services, first, **changed)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error), answer.text
    assert issued(services) == 1


@pytest.mark.attack("O10", "H18")
def test_only_services_that_prove_themselves_and_registered_for_it_exchange(services: CodeScene) -> None:
    first = services.tokens()["access_token"]
    assert error_of(swap(services, first, PORTAL))[:2] == (400, "unauthorized_client")
    settle(services, FIRST, grant_types=(GrantType.REFRESH_TOKEN,))
    assert error_of(swap(services, first))[:2] == (400, "unauthorized_client")
    settle(services, FIRST, auth_method=AuthMethod.NONE, scopes=SCOPES)
    named = {"client_assertion": "", "client_assertion_type": "", "client_id": FIRST}
    assert error_of(swap(services, first, **named)) == (400, "unauthorized_client", "not_a_service")
    assert issued(services) == 1


def test_a_service_may_show_its_own_token_as_actor_and_no_other(services: CodeScene) -> None:
    first = services.tokens()["access_token"]
    settle(services, FIRST, grant_types=(GrantType.TOKEN_EXCHANGE, GrantType.CLIENT_CREDENTIALS), scopes=SCOPES)
    sent = {"grant_type": "client_credentials", "scope": "scope:authorization:token:introspect"}
    own = services.post("/oauth2/token", {**sent, **services.authenticated(FIRST)}, DPoP="").get_json()["access_token"]
    typed = {"actor_token_type": ACCESS_TOKEN}
    assert claims(swapped(services, first, actor_token=own, **typed))["act"] == {"sub": FIRST}
    for other in (first, swapped(services, first)):
        answer = swap(services, first, actor_token=other, **typed)
        assert error_of(answer) == (400, "invalid_request", "actor_token_refused")


def test_the_software_of_a_provider_is_passed_on_with_its_mandator(services: CodeScene) -> None:
    capacity = Capacity.SERVICE_PROVIDER
    services.record(
        records.capacity_held("c2", enterprise=PROVIDER, capacity=capacity),
        records.client(SOFTWARE, jwks=jwks(ec_jwk(kid="k1"))),
        *(
            records.grant(
                f"s-{name}", holder=SOFTWARE, enterprise=PROVIDER, capacity=capacity, service=name, actions=("declare",)
            )
            for name in ("dimona", "dmfa")
        ),
        records.portfolio("f1", holder=SOFTWARE, enterprise=PROVIDER),
        records.cover("m1/dmfa-dimona"),
    )
    mandate = f'[{{"type":"procura_mandator","mandator":"{EMPLOYER}","capacity":"service_provider"}}]'
    sent = {"grant_type": "client_credentials", "scope": DECLARE, "authorization_details": mandate}
    answer = services.post("/oauth2/token", {**sent, **services.authenticated(SOFTWARE)}, DPoP="")
    first = answer.get_json()["access_token"]
    second = claims(token := swapped(services, first))
    assert (second["sub"], second["client_id"], second["act"]) == (SOFTWARE, FIRST, {"sub": FIRST})
    assert second["authorization_details"][0]["mandator"] == EMPLOYER
    assert told_of(services, token, SECOND)["active"]
    _removed(services, "s-dmfa")
    assert told_of(services, token, SECOND) == {"active": False}
    assert error_of(swap(services, first))[1] == "invalid_scope"


def test_an_exchanged_token_opens_none_of_our_own_doors(services: CodeScene) -> None:
    token = swapped(services, services.tokens()["access_token"])
    assert services.userinfo(token).status_code in (401, 403)
    answer = services.post("/oauth2/introspect", {"token": token}, Authorization=f"Bearer {token}")
    assert answer.status_code == 401


def test_the_person_is_another_for_each_sector_though_the_chain_is_one(services: CodeScene) -> None:
    token = swapped(services, services.tokens()["access_token"])
    assert told_of(services, token, SECOND)["sub"] == claims(token)["sub"]
    assert told_of(services, token, THIRD) == {"active": False}
    assert claims(token)["iss"] == ISSUER
