"""O01: no address that could lead people elsewhere is registered, by whichever member it comes."""

from __future__ import annotations

import pytest

from iam.domain.client_metadata import ApplicationType
from iam.domain.redirect_uris import acceptable
from tests.oidc.provider.code_scene import CALLBACK
from tests.oidc.provider.registration_scene import RegistrationScene, web_service

HOSTILE = (
    "javascript:alert(1)",
    "JavaScript:alert(document.domain)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://service.example/1",
    "intent://service.example#Intent;scheme=https;end",
    "http://service.example/callback",
    "HTTP://service.example/callback",
    "ftp://service.example/callback",
    "//service.example/callback",
    "/callback",
    "callback",
    "",
    " https://service.example/callback",
    "https://service.example/callback ",
    "https://service.example/call back",
    "https://service.example/callback#fragment",
    "https://service.example/callback#",
    "https://user@service.example/callback",
    "https://user:word@service.example/callback",
    "https://service.example@elsewhere.example/callback",
    "https://localhost:80@elsewhere.example/",
    "https://service.example\\@elsewhere.example/",
    "https://service.example\\.elsewhere.example/",
    "https:\\\\service.example/callback",
    "https:/service.example/callback",
    "https:service.example/callback",
    "https://service.example/../callback",
    "https://service.example/a/..",
    "https://service.example/a/../b",
    "https://service.example/a/..;/b",
    "https://service.example/a/./b",
    "https://service.example/%2e%2e/b",
    "https://service.example/%2E%2e%2fb",
    "https://service.example/a%5c..%5cb",
    "https://service.example/a%00",
    "https://service.example/a%0d%0aLocation:%20https://elsewhere.example",
    "https://service.example/a\r\nLocation: https://elsewhere.example",
    "https://service.example/a\x00",
    "https://service.example/%zz",
    "https://service.example/a%",
    "https://SERVICE.example/callback",
    "https://service.example./callback",
    "https://.example/callback",
    "https://service..example/callback",
    "https://-service.example/callback",
    "https://service.example:0/callback",
    "https://service.example:99999/callback",
    "https://service.example:port/callback",
    "https://127.0.0.1/callback",
    "https://0x7f.1/callback",
    "https://2130706433/callback",
    "https://127.1/callback",
    "https://[::1]/callback",
    "https://[::ffff:127.0.0.1]/callback",
    "https://*.service.example/callback",
    "https://*/callback",
    "https://sérvice.example/callback",
    "https://\u0455ervice.example/callback",
    "https://service.example\u3002elsewhere.example/",
    "https://service.example\uff0felsewhere.example/",
    "https://service.example/\u202ecallback",
    "https://service.example",
    "https://?callback",
    "https:///callback",
    "https://service.example/" + "a" * 600,
    "custom.scheme:/callback",
    "com.example.app:/oauth2redirect",
    "urn:ietf:wg:oauth:2.0:oob",
)


@pytest.mark.attack("O01")
@pytest.mark.parametrize("address", HOSTILE, ids=lambda address: ascii(address)[:60])
@pytest.mark.parametrize("kind", ["web", "native"])
def test_a_hostile_address_is_not_registered(refusing: RegistrationScene, address: str, kind: str) -> None:
    token = refusing.operators_token()
    before = refusing.snapshot()
    for member in ("redirect_uris", "post_logout_redirect_uris"):
        told = {"redirect_uris": [CALLBACK], member: [CALLBACK + "/other", address]}
        answer = refusing.register(token, **web_service(application_type=kind, **told))
        assert answer.status_code == 400, answer.text
        assert answer.get_json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    assert refusing.snapshot() == before


@pytest.mark.attack("O01")
@pytest.mark.parametrize("address", ["http://127.0.0.1/", "http://[::1]:4711/callback"])
def test_an_address_on_this_machine_is_for_native_clients(address: str) -> None:

    assert acceptable(address, ApplicationType.NATIVE) and not acceptable(address, ApplicationType.WEB)


def test_the_suite_is_refused_a_fragment_in_its_own_words(refusing: RegistrationScene) -> None:
    """Dynamic plan: redirect_uri with a fragment at registration."""
    answer = refusing.register(refusing.operators_token(), **web_service(redirect_uris=[f"{CALLBACK}#foobar"]))
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.get_json()["error"] == "invalid_redirect_uri"


def test_what_the_default_profile_of_the_web_may_register_is_taken(refusing: RegistrationScene) -> None:
    several = [CALLBACK, f"{CALLBACK}?bar=foo", "https://xn--srvice-bva.example/back", "https://service.example:8443/"]
    told = refusing.registered(refusing.operators_token(), **web_service(redirect_uris=several))
    assert told["redirect_uris"] == several
