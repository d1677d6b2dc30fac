"""RFC 6749 §4.1 and RFC 7636: what a request must hold, each parameter once, and what it may not ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from tests.oidc.provider.asking import error, is_page, lone_scene, refused
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, CodeScene, answer_of, challenge_of
from tests.oidc.provider.premises import ISSUER

NAMES = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "nonce",
    "prompt",
    "resource",
)


@pytest.fixture(scope="module")
def house(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeScene]:
    with lone_scene(empty_database, tmp_path_factory.mktemp("o02")) as lone:
        yield lone


@pytest.fixture
def older(house: CodeScene) -> Iterator[CodeScene]:
    """The same house while the client is held to the older profile, so that a browser may bring its requests."""
    house.profile(Profile.OLDER)
    yield house
    house.profile(Profile.DEFAULT)


@pytest.mark.attack("O02")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("second", ["same", "other", "empty", "encoded name"])
def test_a_parameter_that_is_sent_twice_is_refused(older: CodeScene, name: str, second: str) -> None:
    plain = older.parameters(prompt="login", resource=f"{ISSUER}/services/dimona")
    other = {"same": plain[name], "other": "x", "empty": "", "encoded name": "x"}[second]
    named = f"%{ord(name[0]):02x}{name[1:]}" if second == "encoded name" else name
    for written in (f"{urlencode(plain)}&{named}={other}", f"{named}={other}&{urlencode(plain)}"):
        with refused(older) as seen:
            assert is_page(older.visit(older.browser(), f"/connect/authorize?{written}"))
        assert seen.code == "repeated_parameter"
        form: dict[str, Any] = {
            "data": written,
            "content_type": "application/x-www-form-urlencoded",
            "headers": {"Origin": ISSUER},
        }
        with refused(older):
            assert is_page(older.browser().post("/connect/authorize", base_url=ISSUER, **form))
        form["data"] += "&" + urlencode(older.authenticated())
        with refused(older):
            assert error(older.browser().post("/oauth2/par", base_url=ISSUER, **form)) == (400, "invalid_request")


@pytest.mark.attack("O02")
@pytest.mark.parametrize("where", ["/connect/authorize", "/oauth2/par", "/oauth2/token"])
def test_parameters_stand_in_the_address_or_in_the_body_but_not_in_both(older: CodeScene, where: str) -> None:
    told = {**older.parameters(), **older.authenticated()}
    address = f"{where}?{urlencode({'redirect_uri': CALLBACK})}"
    with refused(older):
        answer = older.browser().post(address, data=told, base_url=ISSUER, headers={"Origin": ISSUER})
    assert is_page(answer) if where == "/connect/authorize" else error(answer) == (400, "invalid_request")


@pytest.mark.attack("O02")
@pytest.mark.parametrize("within", ["redirect_uri=https://evil.example", "code=x", "client_id=x", "redirect_uri[]=x"])
def test_a_parameter_within_another_one_is_none(older: CodeScene, within: str) -> None:
    with refused(older):
        page = older.visit(older.browser(), older.plain(redirect_uri=f"{CALLBACK}?{within}"))
    assert is_page(page)


@pytest.mark.attack("O03")
@pytest.mark.parametrize("profile", [Profile.DEFAULT, Profile.OLDER])
@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        *(("", ""), ("", "S256"), ("v" * 43, "plain"), (challenge_of("v" * 43), ""), (challenge_of("v" * 43), "plain")),
        *((challenge_of("v" * 43), one) for one in ("s256", "S256 ", "S512", "none", "S256,plain")),
        *(
            (one, "S256")
            for one in ("v" * 42, "v" * 44, "v" * 128, "v" * 129, "v" * 42 + "=", "v" * 42 + "+", "é" * 43)
        ),
        *((one, "S256") for one in ("v" * 42 + ".", "v" * 42 + "~", " " + "v" * 42, "v" * 42 + "\u212a")),
    ],
)
def test_without_a_challenge_of_s256_there_is_no_code(
    house: CodeScene, profile: Profile, challenge: str, method: str
) -> None:
    house.profile(profile)
    wrong = {"code_challenge": challenge, "code_challenge_method": method}
    with refused(house) as seen:
        assert error(house.push(**wrong)) == (400, "invalid_request")
    assert seen.code == "challenge_missing"
    if profile is Profile.OLDER:
        with refused(house) as seen:
            told = answer_of(house.visit(house.browser(), house.plain(**wrong)))
        assert (told["error"], told["iss"], told["state"], seen.code) == (
            "invalid_request",
            ISSUER,
            "s-1",
            "challenge_missing",
        )
    house.profile(Profile.DEFAULT)


@pytest.mark.attack("O03")
def test_only_the_basic_profile_may_do_without_and_a_half_challenge_is_refused_there_too(house: CodeScene) -> None:
    house.profile(Profile.OIDC_BASIC)
    none = {"scope": "openid", "code_challenge": "", "code_challenge_method": ""}
    assert house.push(**none).status_code == 201
    for half in ({"code_challenge_method": "S256"}, {"code_challenge": "v" * 43}, {"code_challenge_method": "plain"}):
        with refused(house):
            assert error(house.push(**{**none, **half})) == (400, "invalid_request"), half
    house.profile(Profile.DEFAULT)


@pytest.mark.attack("O10")
@pytest.mark.parametrize(
    "kind",
    [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "CODE",
        "code ",
        "codes",
        "code code",
    ],
)
def test_no_response_type_but_code_is_answered_with_anything_but_an_error(older: CodeScene, kind: str) -> None:
    with refused(older):
        answer = older.visit(older.browser(), older.plain(response_type=kind))
    told = answer_of(answer)
    assert told["error"] == "unsupported_response_type" and "#" not in answer.headers["Location"]
    assert not {"code", "access_token", "id_token"} & told.keys()
    with refused(older):
        assert error(older.push(response_type=kind)) == (400, "unsupported_response_type")


@pytest.mark.attack("O10")
def test_a_request_without_a_response_type_is_refused(older: CodeScene) -> None:
    with refused(older):
        assert answer_of(older.visit(older.browser(), older.plain(response_type="")))["error"] == "invalid_request"


@pytest.mark.attack("O10")
@pytest.mark.parametrize(
    "kind",
    ["password", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer", "x", "CODE", "authorization_code "],
)
def test_a_grant_type_that_is_none_of_ours_is_refused(house: CodeScene, kind: str) -> None:
    sent = {"grant_type": kind, "username": "u", "password": "p", "code": "x", **house.authenticated()}
    with refused(house, "p@ss"):
        assert error(house.post("/oauth2/token", sent)) == (400, "unsupported_grant_type")


@pytest.mark.attack("O10")
@pytest.mark.parametrize("kind", ["refresh_token", "authorization_code"])
def test_a_grant_that_the_client_did_not_register_is_refused(house: CodeScene, kind: str) -> None:
    house.record(house.metadata(grant_types=("client_credentials",)))
    sent = {"grant_type": kind, "code": "x", "redirect_uri": CALLBACK, "refresh_token": "x", **house.authenticated()}
    with refused(house):
        assert error(house.post("/oauth2/token", sent)) == (400, "unauthorized_client")
    with refused(house):
        assert error(house.push()) == (400, "unauthorized_client")
    house.record(house.metadata())


@pytest.mark.parametrize("name", ["display", "claims_locales", "extra", "audience", "display"])
def test_a_parameter_that_nobody_knows_is_ignored(house: CodeScene, name: str) -> None:
    assert house.push(**{name: "foobar"}).status_code == 201


def test_a_state_and_a_nonce_come_back_as_they_were(scene: CodeScene) -> None:
    state = "".join(chr(one) for one in range(33, 127)) + " é\u20ac"
    browser = scene.logged_in()
    page = browser.get(scene.authorize(state=state), base_url=ISSUER, follow_redirects=True)
    assert answer_of(scene.answer(browser, page, "allow"))["state"] == state
    page = browser.get(scene.authorize(state="", prompt="consent"), base_url=ISSUER, follow_redirects=True)
    assert "state" not in answer_of(scene.answer(browser, page, "allow"))


@pytest.mark.attack("O02")
@pytest.mark.parametrize(
    "sent", ["%zz", "a=%ff", "=x", "a", "a=%00", "a=%0a", "&".join(f"a{one}=1" for one in range(60))]
)
def test_what_is_no_form_gets_a_page(older: CodeScene, sent: str) -> None:
    with refused(older):
        page = older.visit(older.browser(), f"/connect/authorize?client_id={PORTAL}&{sent}")
    assert is_page(page)


def test_what_a_profile_asks_counts_also_when_it_changed_since_the_request(scene: CodeScene) -> None:
    """A request is judged again whenever it is looked at: what was withdrawn meanwhile is answered, not failed at."""
    browser = scene.logged_in()
    page = browser.get(scene.authorize(scope=f"openid {OFFLINE}"), base_url=ISSUER, follow_redirects=True)
    scene.record(scene.metadata(scopes=("openid",)))
    told = answer_of(scene.answer(browser, page, "allow"))
    assert told["error"] == "invalid_scope" and told["error_description"].startswith("scope_not_registered")
