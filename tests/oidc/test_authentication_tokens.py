"""A person's login is believed from a configured source, for one caller, once, and up to the level it may vouch for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import StepUpRequired
from iam.settings import UnsafeSettings
from oidc import jose
from oidc.authentication_sources import AuthenticationSource, read_sources
from oidc.authentication_tokens import AuthenticationTokens
from tests.oidc.provider.forgery import OTHER_EC, compact, ec_jwk, jwks
from tests.storage.clocks import START, SetClock

ISSUER, SOURCE, CALLER = "https://procura.example", "https://login.example", "declaration_service_procura_1"
NISS = "85073003328"
NOW = int(START.timestamp())
UNSET: Any = object()


def claims(**changed: Any) -> dict[str, object]:
    plain = {
        "iss": SOURCE,
        "aud": ISSUER,
        "azp": CALLER,
        "niss": NISS,
        "key": "eid",
        "acr": "high",
        "auth_time": NOW - 600,
        "iat": NOW,
        "exp": NOW + 300,
        "jti": "t1",
    }
    return {name: value for name, value in {**plain, **changed}.items() if value is not UNSET}


def vouch(**changed: Any) -> str:
    return compact({"alg": "ES256", "kid": "s1", "typ": "authentication+jwt"}, claims(**changed))


@pytest.fixture
def door() -> AuthenticationTokens:
    source = AuthenticationSource(
        issuer=SOURCE,
        keys=jose.read_key_set(jwks(ec_jwk(kid="s1"))),
        algorithms=frozenset({"ES256"}),
        levels={LoginKey.EID: Assurance.HIGH, LoginKey.SMS_CODE: Assurance.LOW},
    )
    return AuthenticationTokens(ISSUER, {SOURCE: source}, SetClock())


def test_a_testimony_tells_who_logged_in_when_with_which_key_and_how_surely(door: AuthenticationTokens) -> None:
    told = door.verify(vouch(), CALLER)
    assert (told.source, told.niss.value, told.key, told.assurance) == (SOURCE, NISS, LoginKey.EID, Assurance.HIGH)
    assert told.authenticated_at == datetime.fromtimestamp(NOW - 600, UTC)
    assert told.reference == "t1"


REFUSED: dict[str, Callable[[], str]] = {
    "another source": lambda: vouch(iss="https://evil.example"),
    "a source with a slash": lambda: vouch(iss=f"{SOURCE}/"),
    "no source": lambda: vouch(iss=UNSET),
    "another audience": lambda: vouch(aud="https://other.example"),
    "an audience in a list": lambda: vouch(aud=[ISSUER]),
    "another caller": lambda: vouch(azp="declaration_service_procura_2"),
    "no caller": lambda: vouch(azp=UNSET),
    "a life of 301 seconds": lambda: vouch(exp=NOW + 301),
    "no issue": lambda: vouch(iat=UNSET),
    "issued ahead": lambda: vouch(iat=NOW + 11, exp=NOW + 100),
    "a key the source may not speak of": lambda: vouch(key="itsme"),
    "an unknown key": lambda: vouch(key="crystal"),
    "a level above what is believed": lambda: vouch(key="sms_code", acr="substantial"),
    "an unknown level": lambda: vouch(acr="very_high"),
    "a level as number": lambda: vouch(acr=3),
    "no level": lambda: vouch(acr=UNSET),
    "a login in the future": lambda: vouch(auth_time=NOW + 60),
    "a login after the testimony": lambda: vouch(auth_time=NOW, iat=NOW - 100, exp=NOW + 100),
    "no login": lambda: vouch(auth_time=UNSET),
    "a number with a slip": lambda: vouch(niss="85073003329"),
    "a number of nobody born yet": lambda: vouch(niss="26123100151"),
    "no number": lambda: vouch(niss=UNSET),
    "no jti": lambda: vouch(jti=UNSET),
    "another key": lambda: compact({"alg": "ES256", "kid": "s1", "typ": "authentication+jwt"}, claims(), OTHER_EC),
    "typed as access token": lambda: compact({"alg": "ES256", "kid": "s1", "typ": "at+jwt"}, claims()),
    "untyped": lambda: compact({"alg": "ES256", "kid": "s1"}, claims()),
    "another algorithm": lambda: compact({"alg": "RS256", "kid": "s1", "typ": "authentication+jwt"}, claims()),
    "nonsense": lambda: "x",
    "five thousand characters": lambda: vouch(note="x" * 5000),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_a_testimony_that_is_not_for_this_caller_here_and_now_is_refused(
    door: AuthenticationTokens, attack: str
) -> None:
    with pytest.raises(StepUpRequired) as refusal:
        door.verify(REFUSED[attack](), CALLER)
    assert (refusal.value.code, refusal.value.cure) == ("authentication_invalid", {"type": "step_up"})
    assert NISS not in str(refusal.value)


def test_an_expired_testimony_is_told_apart(door: AuthenticationTokens) -> None:
    with pytest.raises(StepUpRequired) as refusal:
        door.verify(vouch(iat=NOW - 300, exp=NOW), CALLER)
    assert refusal.value.code == "authentication_expired"


def sources(*, issuer: str = SOURCE, levels: str = 'eid = "high"', keys: str = "", more: str = "") -> str:
    key_set = keys or jwks(ec_jwk(kid="s1"))
    return f"[[source]]\nissuer = '{issuer}'\njwks = '{key_set}'\n{more}\n[source.levels]\n{levels}\n"


def test_sources_are_read_from_configuration() -> None:
    found = read_sources(sources(levels='eid = "high"\nsms_code = "low"'), production=True)
    assert found[SOURCE].levels == {LoginKey.EID: Assurance.HIGH, LoginKey.SMS_CODE: Assurance.LOW}
    assert found[SOURCE].algorithms == {"ES256"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml [",
        "source = 1",
        "[[source]]\nissuer = 'https://x'",
        sources(more="surprise = 1"),
        sources(issuer="login"),
        sources(levels='eid = "royal"'),
        sources(levels='crystal = "high"'),
        sources(levels=""),
        sources(keys="{}"),
        sources(keys='{"keys":[{"kty":"oct","k":"AAAA"}]}'),
        sources(more='algorithms = ["HS256"]'),
        sources(more="algorithms = []"),
        sources() + sources(),
    ],
)
def test_a_configuration_that_is_not_understood_is_refused_by_the_settings_name(text: str) -> None:
    with pytest.raises(UnsafeSettings, match="PROCURA_AUTHENTICATION_SOURCES"):
        read_sources(text, production=False)


@pytest.mark.parametrize(
    "text",
    [
        sources(issuer="http://login.example"),
        sources(issuer="http://127.0.0.1:8081/login"),
        sources(issuer="https://localhost/login"),
        sources(keys=jwks(ec_jwk(kid="sandbox-1"))),
    ],
)
def test_production_refuses_what_only_a_sandbox_would_use(text: str) -> None:
    assert len(read_sources(text, production=False)) == 1
    with pytest.raises(UnsafeSettings, match="PROCURA_AUTHENTICATION_SOURCES"):
        read_sources(text, production=True)
