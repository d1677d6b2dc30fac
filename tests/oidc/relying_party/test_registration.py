"""A provider's settings are read strictly: what is unknown, missing or unsafe is named and not used."""

from dataclasses import replace

import pytest

from iam.settings import UnsafeSettings
from oidc.relying_party.registration import read_registration
from tests.oidc.relying_party.premises import PROVIDER, SETTINGS, Premises


def problems(*, production: bool = True, without: str = "", **change: object) -> list[str]:
    settings = {name: value for name, value in {**SETTINGS, **change}.items() if name != without}
    with pytest.raises(UnsafeSettings) as caught:
        read_registration(replace(PROVIDER, settings=settings), production=production)
    return caught.value.problems


def test_what_is_not_said_has_its_default() -> None:
    read = read_registration(PROVIDER, production=True)
    assert (read.authentication, read.signing_algorithm, read.token_algorithm) == ("private_key_jwt", "RS256", "RS256")
    assert read.origins == {"https://op.example"}
    assert not read.encrypted and read.userinfo


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"unknown": 1}, "unknown"),
        ({"without": "issuer"}, "issuer"),
        ({"without": "client_id"}, "client_id"),
        ({"issuer": 7}, "issuer"),
        ({"issuer": "http://op.example"}, "issuer"),
        ({"issuer": "https://op.example?x"}, "issuer"),
        ({"issuer": "https://"}, "issuer"),
        ({"scopes": ["profile"]}, "openid"),
        ({"scopes": "openid"}, "scopes"),
        ({"scopes": ["openid", "openid"]}, "scopes"),
        ({"scopes": ["openid profile"]}, "scopes"),
        ({"origins": ["https://op.example/path"]}, "origins"),
        ({"origins": ["https://OP.example"]}, "origins"),
        ({"origins": ["http://op.example"]}, "origins"),
        ({"signing_algorithm": "none"}, "signing_algorithm"),
        ({"token_algorithm": "HS256"}, "token_algorithm"),
        ({"encryptions": ["A128CBC"]}, "encryptions"),
        ({"authentication": "none"}, "authentication"),
        ({"authentication": "client_secret_basic"}, "client_secret_file"),
        ({"client_secret_file": "/nowhere/at/all"}, "client_secret_file"),
        ({"userinfo": "yes"}, "userinfo"),
        ({"claims": {"niss": "x"}}, "claims"),
        ({"claims": {"number": 7}}, "claims"),
        ({"keys": {"eid": "smart card"}}, "keys"),
        ({"again": "never"}, "again"),
        ({"auth_time": "unknown"}, "auth_time"),
    ],
)
def test_what_is_wrong_is_named_with_its_provider(change: dict[str, object], named: str) -> None:
    told = problems(**change)  # type: ignore[arg-type]
    assert any(named in one for one in told) and all(one.startswith("login provider op: ") for one in told)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::1]", "0x7f.1"])
def test_this_machine_is_a_provider_in_the_sandbox_only(host: str) -> None:
    settings = {**SETTINGS, "issuer": f"http://{host}:8082/itsme"}
    assert read_registration(replace(PROVIDER, settings=settings), production=False).origins
    assert problems(issuer=settings["issuer"])
    assert problems(issuer=f"https://{host}/itsme")


def test_a_door_with_wrong_settings_says_so_and_asks_nobody() -> None:
    door = Premises(settings={"unknown": 1})
    assert door.browser.post("/sign-in/oidc/op/start").status_code == 400
    assert door.hall.turned[0][1] == "oidc_unavailable" and door.op.asked == []


def test_an_unknown_or_switched_off_provider_has_no_door(door: Premises) -> None:
    door.hall.providers._providers["op"] = replace(door.provider, enabled=False)
    door.browser.application.testing = False
    for name in ("op", "nobody"):
        assert door.browser.post(f"/sign-in/oidc/{name}/start").status_code != 303
