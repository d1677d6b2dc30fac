"""O01: whatever address is told, people are sent only to one that the client registered, character for character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.domain.client_metadata import ApplicationType, ClientMetadata
from iam.domain.clients import Profile
from iam.domain.redirect_uris import acceptable
from oidc.provider.redirect_uris import registered
from tests.admin.test_open_redirects import ENDS, MORE_ENDS, STARTS
from tests.oidc.provider.asking import error, is_page, lone_scene, refused
from tests.oidc.provider.code_scene import CALLBACK, CodeScene

HOST = "portal.example"
NEAR = [
    *(CALLBACK + one for one in ("/", "/..", "/../", "/%2e%2e/", "/..;/", ";x", "?", "?x=1", "#", "#x", "%00", "%20")),
    *(CALLBACK + one for one in (".", "\\", "/x", "x", "%2f", "&x=1", "@evil.example", "%0d%0aLocation:x", "\u202e")),
    *(CALLBACK.replace("https", one) for one in ("http", "HTTPS", "javascript", "JavaScript", "data", "ftp", "https:")),
    *(CALLBACK.replace("/callback", one) for one in ("", "/", "//callback", "/./callback", "/Callback", "/callbac")),
    *(CALLBACK.replace("/callback", one) for one in ("/%63allback", "/a/../callback", "/;/callback", "\\callback")),
    *(CALLBACK.replace(HOST, one) for one in ("evil.example", "x.portal.example", "portal.example.evil.example")),
    *(CALLBACK.replace(HOST, one) for one in ("portal.example.", "PORTAL.example", "portal.example:443", "portal")),
    *(CALLBACK.replace(HOST, one) for one in ("portal.example:80@evil.example", "portal.example@evil.example", "")),
    *(CALLBACK.replace(HOST, one) for one in ("evil.example\\@portal.example", "evil.example#@portal.example")),
    *(CALLBACK.replace(HOST, one) for one in ("p\u043ertal.example", "xn--prtal-kye.example", "portal\u3002example")),
    *(CALLBACK.replace(HOST, one) for one in ("localhost", "127.0.0.1", "[::1]", "0x7f.1", "portal.example%2f@evil")),
    *(
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "//portal.example/callback",
        "/callback",
        "urn:ietf:wg:oauth:2.0:oob",
    ),
    *(f" {CALLBACK}", f"{CALLBACK} ", f"{CALLBACK},{CALLBACK}", f'"{CALLBACK}"', f"<{CALLBACK}>", "null", "*"),
]
REPEATED = [start + end for start in STARTS for end in (*ENDS, *MORE_ENDS)]


@pytest.fixture(scope="module")
def scene(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeScene]:
    with lone_scene(empty_database, tmp_path_factory.mktemp("o01")) as lone:
        yield lone


@pytest.mark.attack("O01")
@pytest.mark.parametrize("told", NEAR)
def test_an_address_next_to_a_registered_one_gets_nobody(scene: CodeScene, told: str) -> None:
    for mode in ("query", "form_post", "query.jwt"):
        with refused(scene):
            page = scene.visit(scene.browser(), scene.plain(redirect_uri=told, response_mode=mode))
        assert is_page(page), told
        assert 'href="http' not in page.text and "<form" not in page.text and "refresh" not in page.text
    with refused(scene):
        assert error(scene.push(redirect_uri=told)) == (400, "invalid_request")


@pytest.mark.attack("O01")
@pytest.mark.parametrize("profile", [Profile.DEFAULT, Profile.OLDER])
def test_no_address_of_hundreds_gets_anybody(scene: CodeScene, profile: Profile) -> None:
    assert len(REPEATED) > 573
    scene.profile(profile)
    browser = scene.browser()
    led = [one for one in REPEATED if not is_page(scene.visit(browser, scene.plain(redirect_uri=one)))]
    scene.profile(Profile.DEFAULT)
    assert led == []


@pytest.mark.attack("O01")
def test_a_native_client_returns_to_any_port_of_its_own_machine_and_nowhere_else() -> None:
    native = ClientMetadata(
        client="c",
        application_type=ApplicationType.NATIVE,
        redirect_uris=("http://127.0.0.1/back", "http://[::1]/back"),
    )
    for told in ("http://127.0.0.1/back", "http://127.0.0.1:51004/back", "http://[::1]:1/back"):
        assert registered(told, native), told
    others = ("localhost", "127.0.0.1.", "127.0.0.2", "127.0.0.1@evil.example", "127.0.0.1:80@evil.example", "[::2]")
    for host in (*others, "127.0.0.1:65536", "127.0.0.1:0", "127.0.0.1:", "127.1", "0x7f.0.0.1", "evil.example"):
        assert not registered(f"http://{host}/back", native), host
    for told in ("http://127.0.0.1:1/back/", "https://127.0.0.1:1/back", "http://127.0.0.1:1/Back", *REPEATED):
        assert not registered(told, native), told
    web = ClientMetadata(client="c", redirect_uris=("http://127.0.0.1/back",))
    assert not registered("http://127.0.0.1:51004/back", web)


@pytest.mark.attack("O01")
@pytest.mark.parametrize("told", [one for one in (*NEAR, *REPEATED) if not one.startswith("https://")])
def test_what_is_no_https_address_of_a_named_host_cannot_be_registered(told: str) -> None:
    assert not acceptable(told, ApplicationType.WEB)


def test_the_registered_address_itself_is_answered(scene: CodeScene) -> None:
    assert scene.push(redirect_uri=CALLBACK).status_code == 201
