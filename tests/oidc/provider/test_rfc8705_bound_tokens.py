"""RFC 8705 §3, §5: tokens that are worth something over a connection with their certificate alone, and its host."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iam.credentials.machine_certificates import read_machine_settings
from iam.domain.client_metadata import AuthMethod, ClientMetadata
from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from iam.settings import Settings, UnsafeSettings, read_settings
from iam.web.problems import ProblemAnswer
from tests.credentials import pki
from tests.credentials.pki import Card, citizens
from tests.oidc.provider.forgery import ec_jwk, jwks, payload
from tests.oidc.provider.machines import ADDRESS, HOST, SECRET, Machines, ends, machine
from tests.oidc.provider.premises import EVALUATE, ISSUER, NSSO, SERVICE, Premises, the_settings
from tests.oidc.provider.wallet import Wallet
from tests.storage import records

PATH = "/access/v1/evaluation"


@pytest.fixture
def machines(plain_house: Premises) -> Machines:
    return Machines(plain_house)


def environ(machines: Machines, shown: Card | None, **others: str) -> dict[str, Any]:
    told = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in machines.headers(shown, **others).items()
    }
    return {"REQUEST_METHOD": "POST", "PATH_INFO": PATH, **{name: value for name, value in told.items() if value}}


def service_token(machines: Machines, shown: Card) -> str:
    """An access token of a declaration service for our own doors, bound to a certificate."""
    house = machines.house
    house.record(
        records.client(
            SERVICE,
            enterprise=NSSO,
            capacity=Capacity.ADMINISTRATION,
            kind=ClientKind.DECLARATION_SERVICE,
            services=("dimona",),
            jwks=jwks(ec_jwk(kid="k1")),
        ),
        ClientMetadata(client=SERVICE, certificate_bound=True),
    )
    sent = {"grant_type": "client_credentials", "scope": EVALUATE, **house.authenticated(SERVICE)}
    headers = {name.replace("-", "_"): value for name, value in machines.headers(shown).items()}
    answer = house.post("/oauth2/token", sent, **headers)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["access_token"])


def test_a_client_with_keys_may_have_its_tokens_bound_to_any_certificate_that_it_shows(machines: Machines) -> None:
    shown = machine(key=pki.p256("of the service"))
    token = service_token(machines, shown)
    assert set(payload(token)["cnf"]) == {"x5t#S256"}
    for _ in range(2):
        assert machines.house.bearer.caller(f"Bearer {token}", environ(machines, shown)).client_id == SERVICE


def test_a_client_whose_tokens_are_bound_gets_none_without_its_certificate(machines: Machines) -> None:
    house = machines.house
    service_token(machines, machine())
    sent = {"grant_type": "client_credentials", "scope": EVALUATE}
    plain = house.post("/oauth2/token", {**sent, **house.authenticated(SERVICE)})
    assert (plain.status_code, plain.get_json()["error"]) == (400, "invalid_request")
    wallet = Wallet(house.clock)
    proof = wallet.proof("POST", f"{ISSUER}/oauth2/token")
    by_proof = house.post("/oauth2/token", {**sent, **house.authenticated(SERVICE)}, DPoP=proof)
    assert (by_proof.status_code, by_proof.get_json()["error"]) == (400, "invalid_dpop_proof")


SPOILT: dict[str, Any] = {
    "no request": lambda _m, _one: None,
    "no certificate": lambda m, _one: environ(m, None),
    "another certificate": lambda m, _one: environ(m, machine(key=pki.p256("thief"))),
    "another of the same key": lambda m, one: environ(m, machine(key=one.key)),
    "without the proxy's word": lambda m, one: environ(m, one, **{"X-Procura-Proxy-Secret": ""}),
    "another word": lambda m, one: environ(m, one, **{"X-Procura-Proxy-Secret": "x" * 40}),
    "the word twice": lambda m, one: environ(m, one, **{"X-Procura-Proxy-Secret": f"{SECRET},{SECRET}"}),
    "another host": lambda m, one: environ(m, one, **{"X-Procura-Certificate-Host": "kaart.procura.example"}),
    "no certificate but a word": lambda m, one: environ(m, one, **{"X-Procura-Client-Certificate": "x"}),
    "two certificates": lambda m, one: environ(
        m, one, **{"X-Procura-Client-Certificate": m.headers(one)["X-Procura-Client-Certificate"] * 2}
    ),
}


@pytest.mark.attack("O17", "C08")
@pytest.mark.parametrize("case", SPOILT)
def test_a_bound_token_is_worth_nothing_without_its_certificate(machines: Machines, case: str) -> None:
    shown = machine(key=pki.p256("of the service"))
    token = service_token(machines, shown)
    machines.house.bearer.caller(f"Bearer {token}", environ(machines, shown))
    with pytest.raises(ProblemAnswer) as refused:
        machines.house.bearer.caller(f"Bearer {token}", SPOILT[case](machines, shown))
    assert refused.value.problem.type.status == 401
    assert 'error="invalid_token"' in refused.value.problem.headers["WWW-Authenticate"]


@pytest.mark.attack("C09")
def test_a_bound_token_ends_with_its_certificate(machines: Machines) -> None:
    shown = machine(key=pki.p256("brief"), valid=(timedelta(days=-1), timedelta(seconds=30)))
    token = service_token(machines, shown)
    machines.house.clock.at = ends(shown) + timedelta(microseconds=1)
    with pytest.raises(ProblemAnswer):
        machines.house.bearer.caller(f"Bearer {token}", environ(machines, shown))


@pytest.mark.attack("C08")
@pytest.mark.parametrize("missing", ["X-Procura-Proxy-Secret", "X-Procura-Certificate-Host"])
def test_a_certificate_that_the_proxy_did_not_tell_of_proves_no_client(machines: Machines, missing: str) -> None:
    shown = machines.server.knows(machine())
    answer = machines.ask(shown, headers=machines.headers(shown, **{missing: ""}))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert machines.ask(shown).status_code == 200


def test_proofs_name_the_host_by_which_the_request_came(machines: Machines) -> None:
    """A client that authenticates by certificate and binds its tokens to a DPoP key signs for the alias."""
    machines.register(AuthMethod.TLS_CLIENT_AUTH, certificate_bound=False, dpop_bound=True)
    shown, wallet = machines.server.knows(machine()), Wallet(machines.house.clock)

    def ask(url: str) -> Any:
        return machines.ask(shown, headers={**machines.headers(shown), "DPoP": wallet.proof("POST", url)})

    answer = wallet.tried(lambda: ask(f"{ADDRESS}/oauth2/token"))
    assert answer.get_json()["token_type"] == "DPoP"
    assert ask(f"{ISSUER}/oauth2/token").get_json()["error"] == "invalid_dpop_proof"


def test_metadata_tell_of_the_host_and_of_what_is_bound(machines: Machines) -> None:
    told = machines.house.app.test_client().get("/.well-known/oauth-authorization-server").get_json()
    aliases = told["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == f"{ADDRESS}/oauth2/token"
    assert "authorization_endpoint" not in aliases and set(aliases) <= set(told)
    assert {one.removeprefix(ADDRESS) for one in aliases.values()} == {
        told[name].removeprefix(ISSUER) for name in aliases
    }
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "PS256"]


def test_metadata_without_such_a_host_tell_of_none(plain_house: Premises) -> None:
    told = plain_house.app.test_client().get("/.well-known/oauth-authorization-server").get_json()
    assert "mtls_endpoint_aliases" not in told and "tls_client_certificate_bound_access_tokens" not in told
    assert "tls_client_auth" not in told["token_endpoint_auth_methods_supported"]


def configured(folder: Path, **changed: str) -> Settings:
    (folder / "word").write_text(SECRET + "\n")
    (folder / "short").write_text("s" * 31)
    (folder / "authorities.pem").write_text(citizens().pem)
    told = {
        "PROCURA_ENVIRONMENT": "sandbox",
        "PROCURA_ISSUER": ISSUER,
        "PROCURA_ENTERPRISE_REGISTER": "http://127.0.0.1:9",
        "PROCURA_EMPLOYER_DIRECTORY": "http://127.0.0.1:9",
        "PROCURA_ADMINISTRATION": NSSO,
        "PROCURA_AUTHENTICATION_SOURCES": "nowhere.toml",
        "PROCURA_SEALING_KEY_VALUE": "A" * 43,
        "PROCURA_MTLS_ADDRESS": ADDRESS,
        "PROCURA_MTLS_PROXY_SECRET": str(folder / "word"),
        "PROCURA_MTLS_AUTHORITIES": str(folder / "authorities.pem"),
    }
    return read_settings({**told, **{name: value.replace("FOLDER", str(folder)) for name, value in changed.items()}})


def test_the_host_is_read_from_the_settings(tmp_path: Path) -> None:
    read = read_machine_settings(configured(tmp_path))
    assert read is not None and (read.host, read.proxy_secret, len(read.trust.authorities)) == (HOST, SECRET, 1)
    assert read_machine_settings(the_settings()) is None


WRONG = {
    "not https": {"PROCURA_MTLS_ADDRESS": f"http://{HOST}"},
    "a path": {"PROCURA_MTLS_ADDRESS": f"{ADDRESS}/mtls"},
    "the issuer's own host": {"PROCURA_MTLS_ADDRESS": "https://PROCURA.example"},
    "no secret": {"PROCURA_MTLS_PROXY_SECRET": ""},
    "a short secret": {"PROCURA_MTLS_PROXY_SECRET": "FOLDER/short"},
    "no file of authorities": {"PROCURA_MTLS_AUTHORITIES": "FOLDER/none"},
    "no PEM": {"PROCURA_MTLS_AUTHORITIES": "FOLDER/word"},
}


@pytest.mark.parametrize("case", WRONG)
def test_settings_that_cannot_be_followed_are_refused_by_name(tmp_path: Path, case: str) -> None:
    with pytest.raises(UnsafeSettings, match=next(iter(WRONG[case]))):
        read_machine_settings(configured(tmp_path, **WRONG[case]))
