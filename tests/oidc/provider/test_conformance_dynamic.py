"""OpenID Provider Dynamic: what the suite's modules check of clients that registered themselves with a token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from iam.domain.client_metadata import OFFLINE, AuthMethod
from iam.domain.clients import Profile
from iam.storage.archive import open_archive
from oidc.provider.client_assertion import ASSERTION_TYPE
from tests.oidc.provider.code_scene import CALLBACK
from tests.oidc.provider.forgery import compact, rsa_jwk
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.registration_scene import RegistrationScene, conformance_client
from tests.oidc.provider.relying_party_of_suite import Login, RelyingParty, check_page, refused_plainly
from tests.storage.clocks import SetClock

TOKEN = f"{ISSUER}/oauth2/token"
GRANTS = ["authorization_code", "refresh_token"]


class Registered(RelyingParty):
    """A client as the plan registers it: private_key_jwt with RS256, its assertions for the token endpoint."""

    def __init__(self, scene: RegistrationScene, **members: Any) -> None:
        self.scene, self.method, self.audience = scene, AuthMethod.PRIVATE_KEY_JWT, TOKEN
        token = scene.operators_token(Profile.OIDC_BASIC, services=("dimona",))
        self.told = scene.registered(token, **conformance_client(**members))
        self.client_id = self.told["client_id"]
        self.kid = ""

    def authenticated(self) -> tuple[dict[str, str], dict[str, str]]:
        now = int(self.scene.clock.at.timestamp())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.audience}
        times = {"iat": now, "nbf": now, "exp": now + 60, "jti": self.scene.house.randomness.identifier()}
        header = {"alg": "RS256", **({"kid": self.kid} if self.kid else {})}
        return {}, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": compact(header, {**claims, **times})}


@pytest.fixture
def scene(sqlite_copy: str, clock: SetClock, tmp_path: Path) -> Iterator[RegistrationScene]:
    """The house on SQLite: what the suite checks does not hang on the storage."""
    archive = open_archive(sqlite_copy, clock)
    yield RegistrationScene(archive, clock, tmp_path)
    archive.close()


def refused(answer: TestResponse) -> str:
    """The code of a registration that is refused."""
    assert (answer.status_code, answer.content_type) == (400, "application/json"), answer.text
    return str(answer.get_json()["error"])


@pytest.mark.parametrize("told", [{}, {"id_token_signed_response_alg": "RS256"}], ids=["default", "named"])
def test_a_registered_client_gets_id_tokens_by_rs256(scene: RegistrationScene, told: dict[str, Any]) -> None:
    login = Registered(scene, **told).log_in(scene.logged_in())
    assert login.header["alg"] == "RS256" and login.header["kid"]


def test_userinfo_is_signed_by_rs256_for_who_registers_it(scene: RegistrationScene) -> None:
    party = Registered(scene, userinfo_signed_response_alg="RS256")
    login = party.log_in(scene.logged_in())
    answer = party.userinfo(login.tokens["access_token"])
    assert answer.content_type == "application/jwt"
    keys = KeySet.import_key_set(scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json())
    decoded = jwt.decode(answer.text, keys, algorithms=["RS256"])
    assert (decoded.claims["iss"], decoded.claims["aud"]) == (ISSUER, party.client_id)
    assert decoded.claims["sub"] == login.claims["sub"] and "nonce" not in decoded.claims


def test_who_registered_two_addresses_names_one(scene: RegistrationScene) -> None:
    party = Registered(scene, redirect_uris=[CALLBACK, f"{CALLBACK}/second"])
    check_page(party.visit(scene.logged_in(), redirect_uri=""))


def test_the_query_of_a_registered_address_comes_back(scene: RegistrationScene) -> None:
    party = Registered(scene, redirect_uris=[f"{CALLBACK}?bar=foo"])
    browser = scene.logged_in()
    page = party.visit(browser, redirect_uri=f"{CALLBACK}?bar=foo")
    assert scene.answer(browser, page, "allow").headers["Location"].startswith(f"{CALLBACK}?bar=foo&code=")


@pytest.mark.parametrize("registered", [CALLBACK, f"{CALLBACK}?bar=foo"], ids=["added", "another"])
def test_no_other_query_is_returned_to(scene: RegistrationScene, registered: str) -> None:
    party = Registered(scene, redirect_uris=[registered])
    check_page(party.visit(scene.logged_in(), redirect_uri=f"{CALLBACK}?foo=bar"))


def test_an_address_with_a_fragment_is_not_registered(scene: RegistrationScene) -> None:
    token = scene.operators_token(Profile.OIDC_BASIC)
    answer = scene.register(token, **conformance_client(redirect_uris=[f"{CALLBACK}#foobar"]))
    assert refused(answer) == "invalid_redirect_uri"


def test_a_registered_client_lets_people_log_in_by_its_key(scene: RegistrationScene) -> None:
    login = Registered(scene).log_in(scene.logged_in())
    assert isinstance(login, Login)


def published(kid: str) -> dict[str, list[dict[str, object]]]:
    """A key as a client publishes it, under a name of its own."""
    return {"keys": [rsa_jwk(alg="RS256", use="sig", kid=kid)]}


def test_keys_may_be_published_and_replaced_there(scene: RegistrationScene) -> None:
    address = "https://portal.example/jwks"
    scene.servers.documents[address] = published("k1")
    party = Registered(scene, jwks=None, jwks_uri=address, grant_types=GRANTS, scope=f"openid {OFFLINE}")
    party.kid = "k1"
    login = party.log_in(scene.logged_in(), scope=f"openid {OFFLINE}", prompt="consent")
    scene.servers.documents[address] = published("k2")
    scene.clock.at += timedelta(seconds=60)
    party.kid = "k2"
    assert party.refresh(login.tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("listed", [CALLBACK, "https://example.com/op"], ids=["listed", "not listed"])
def test_a_sector_is_taken_only_where_its_list_names_the_addresses(scene: RegistrationScene, listed: str) -> None:
    address = "https://sector.example/uris.json"
    scene.servers.documents[address] = [listed]
    told = conformance_client(subject_type="pairwise", sector_identifier_uri=address)
    answer = scene.register(scene.operators_token(Profile.OIDC_BASIC), **told)
    if listed == CALLBACK:
        assert answer.status_code == 201, answer.text
    else:
        assert refused(answer) == "invalid_client_metadata"


def test_refresh_tokens_of_registered_clients_are_their_own(scene: RegistrationScene) -> None:
    told = {"grant_types": GRANTS, "scope": f"openid {OFFLINE}"}
    asked = {"scope": f"openid {OFFLINE}", "prompt": "consent"}
    mine, theirs = Registered(scene, **told), Registered(scene, **told)
    login, other = mine.log_in(scene.logged_in(), **asked), theirs.log_in(scene.logged_in(), **asked)
    assert mine.refresh(login.tokens["refresh_token"]).status_code == 200
    stolen = mine.refresh(other.tokens["refresh_token"])
    assert (stolen.status_code, refused_plainly(stolen)["error"]) == (400, "invalid_grant")


def test_an_assertion_for_the_issuer_is_taken_too(scene: RegistrationScene) -> None:
    party = Registered(scene)
    party.audience = ISSUER
    assert party.redeem(party.code(scene.logged_in())).status_code == 200
