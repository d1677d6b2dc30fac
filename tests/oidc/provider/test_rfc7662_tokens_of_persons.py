"""RFC 7662 and RFC 7009 for tokens of persons: each service reads its own name of the person, and only what stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iam.domain.appointments import Grant
from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from oidc.provider.levels import acr_of
from tests.oidc.provider.code_scene import DECLARE, PORTAL, CodeScene, claims
from tests.oidc.provider.devices import OTHER_TOOL, TOOL, settle
from tests.oidc.provider.forgery import ec_jwk, jwks
from tests.oidc.provider.premises import EMPLOYER, OTHER
from tests.oidc.provider.test_rfc6749_refresh import end, merge
from tests.storage import records

INACTIVE = {"active": False}
ELSEWHERE = f"declaration_service_procura_{OTHER}_elsewhere00"
WORKS = "scope:works:declaration:consult"


@pytest.fixture
def told(scene: CodeScene) -> CodeScene:
    """A client of an older profile, a service that relies on its tokens, and one that another enterprise runs."""
    scene.profile(Profile.OLDER)
    settle(scene, TOOL)
    settle(scene, OTHER_TOOL, services=("dmfa",))
    administration = Capacity.ADMINISTRATION
    scene.record(
        records.capacity_held("c9", enterprise=OTHER, capacity=administration),
        records.client(
            ELSEWHERE,
            enterprise=OTHER,
            capacity=administration,
            kind=ClientKind.DECLARATION_SERVICE,
            services=("dimona",),
            jwks=jwks(ec_jwk(kid="k1")),
        ),
    )
    return scene


def read(scene: CodeScene, token: str, client: str = TOOL, **more: str) -> dict[str, Any]:
    answer = scene.post("/oauth2/introspect", {"token": token, **scene.authenticated(client), **more})
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_service_reads_who_acts_how_they_logged_in_and_for_whom(told: CodeScene) -> None:
    token = told.tokens()["access_token"]
    found = read(told, token)
    assert found["active"] and found["client_id"] == PORTAL and found["scope"] == f"openid {DECLARE}"
    assert found["sub"] == claims(token)["sub"] != told.marie
    assert found["acr"] == acr_of(told.session.assurance)
    assert found["auth_time"] == int(told.session.authenticated_at.timestamp())
    assert not {"username", "name", "birthdate", "egovNRN", "email"} & set(found)


@pytest.mark.attack("L04")
def test_a_service_of_another_sector_reads_another_name(told: CodeScene) -> None:
    token = told.tokens()["access_token"]
    here, there = read(told, token), read(told, token, ELSEWHERE)
    assert there["active"] and here["sub"] != there["sub"]


ENDS: dict[str, Callable[[CodeScene, dict[str, Any]], object]] = {
    "it is revoked": lambda s, t: s.post("/oauth2/revoke", {"token": t["access_token"], **s.authenticated()}),
    "its family is given up": lambda s, t: s.post("/oauth2/revoke", {"token": t["refresh_token"], **s.authenticated()}),
    "the right is taken back": lambda s, t: s.end_grant(),
    "the client ends": lambda s, t: end(s, Client, PORTAL),
    "the person proves to be another": lambda s, t: merge(s),
    "time": lambda s, t: s.clock.advance(seconds=301),
}


@pytest.mark.attack("O15")
@pytest.mark.parametrize("what", ENDS)
def test_from_the_acknowledgement_on_the_token_is_worth_nothing(told: CodeScene, what: str) -> None:
    tokens = told.tokens(scope=f"openid offline_access {DECLARE}", prompt="consent")
    assert read(told, tokens["access_token"])["active"]
    ENDS[what](told, tokens)
    for service in (TOOL, ELSEWHERE):
        assert read(told, tokens["access_token"], service) == INACTIVE


@pytest.mark.attack("O15", "O17")
@pytest.mark.parametrize("sort", ["id_token", "refresh_token", "code", "about the person alone"])
def test_what_is_no_access_token_for_the_service_is_inactive(told: CodeScene, sort: str) -> None:
    code = told.code(scope=f"openid offline_access {DECLARE}", prompt="consent")
    tokens = told.redeem(code).get_json()
    if sort == "about the person alone":
        token = told.refresh(tokens["refresh_token"], scope="openid").get_json()["access_token"]
    else:
        token = {**tokens, "code": code}[sort]
    assert read(told, token) == INACTIVE
    assert read(told, token, token_type_hint="access_token") == INACTIVE


@pytest.mark.attack("O15")
def test_who_is_not_in_the_audience_or_proves_nothing_reads_nothing(told: CodeScene) -> None:
    token = told.tokens()["access_token"]
    assert read(told, token, OTHER_TOOL) == INACTIVE
    settle(told, TOOL, auth_method=AuthMethod.NONE)
    for sent in ({"client_id": TOOL}, {}, {"client_id": "nobody"}):
        answer = told.post("/oauth2/introspect", {"token": token, **sent})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    answer = told.post("/oauth2/introspect", {"token": token}, Authorization=f"Bearer {token}")
    assert answer.status_code == 401


@pytest.mark.attack("O10", "H18")
@pytest.mark.parametrize(
    "besides",
    [
        {},
        {"client_secret": ""},
        {"authorization_details": f'[{{"type":"procura_mandator","mandator":"{EMPLOYER}","capacity":"employer"}}]'},
    ],
)
def test_a_public_client_gets_no_token_of_its_own_by_its_name_alone(told: CodeScene, besides: dict[str, str]) -> None:
    settle(told, TOOL, auth_method=AuthMethod.NONE)
    sent = {"grant_type": "client_credentials", "scope": "scope:authorization:token:introspect", "client_id": TOOL}
    answer = told.post("/oauth2/token", {**sent, **besides})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unauthorized_client")


@pytest.mark.attack("O16")
@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "id_token"])
def test_another_client_revokes_nothing_of_a_person(told: CodeScene, hint: str) -> None:
    tokens = told.tokens(scope=f"openid offline_access {DECLARE}", prompt="consent")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        sent = {"token": token, **told.authenticated(TOOL), **({"token_type_hint": hint} if hint else {})}
        answer = told.post("/oauth2/revoke", sent)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert read(told, tokens["access_token"])["active"]
    assert told.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.attack("O16")
@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "é", "A" * 43, "." * 3000])
def test_an_unknown_token_is_revoked_without_a_word(told: CodeScene, token: str) -> None:
    answer = told.post("/oauth2/revoke", {"token": token, **told.authenticated()})
    assert (answer.status_code, answer.text) == (200, "")


def test_a_citizen_whom_a_service_concerns_gets_a_token_and_others_condition(told: CodeScene) -> None:
    """What a service sends with an act names the citizen: the token says that it will have to."""
    settle(told, TOOL, services=("works",))
    told.record(told.client(Profile.OLDER, services=("works", "dimona")), told.metadata(scopes=("openid", WORKS)))
    browser = told.logged_in(enterprise=None, capacity=None)
    token = told.redeem(told.code(browser, scope=f"openid {WORKS}")).get_json()["access_token"]
    (details,) = claims(token)["authorization_details"]
    assert details["type"] == "procura_citizen"
    assert details["authority"][0]["on_condition"] == ["client"]
    assert read(told, token)["active"]
    with told.archive.writing() as uow:
        uow.remove(Grant, "g1")
        uow.commit()
    assert read(told, token)["active"]
