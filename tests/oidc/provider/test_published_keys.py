"""Clients publish their keys and lists themselves: fetched through the guard, kept briefly, never anything else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.web_answers import WebAnswer
from iam.outside.guarded_web import GuardedWeb
from iam.web.turns import Turn
from oidc.provider.sector_identifiers import SectorIdentifiers
from oidc.published_keys import FRESH, GOOD_FOR, ClientKeyRules, PublishedKeys
from tests.oidc.provider.code_scene import CALLBACK
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk, rsa_jwk
from tests.oidc.provider.premises import EMPLOYER
from tests.oidc.provider.registration_scene import RegistrationScene, certificate, signed_by, web_service
from tests.oidc.servers_of_clients import ServersOfClients
from tests.storage import records
from tests.storage.clocks import SetClock

KEYS = "https://keys.service.example/jwks"
LIST = "https://service.example/sector.json"
FIRST = ec.derive_private_key(0x5EED, ec.SECP256R1())


def publish(scene: RegistrationScene, *keys: dict[str, object]) -> None:
    scene.servers.documents[KEYS] = {"keys": list(keys)}


def taken(scene: RegistrationScene, client: str, key: ec.EllipticCurvePrivateKey, kid: str) -> bool:
    proof = signed_by(client, scene.clock.at, key, kid, scene.house.randomness.identifier())
    answer = scene.post("/oauth2/token", {"grant_type": "client_credentials", "scope": "x", **proof})
    return bool(answer.get_json()["error"] != "invalid_client")


def test_a_client_changes_the_key_that_it_publishes_and_goes_on(registration: RegistrationScene) -> None:
    """Dynamic plan: registration with jwks_uri, and rotation of the client's key."""
    publish(registration, ec_jwk(kid="k1"))
    told = registration.registered(registration.managers_token(), jwks_uri=KEYS)
    client = told["client_id"]
    assert told["jwks_uri"] == KEYS and "jwks" not in told
    assert taken(registration, client, FIRST, "k1")
    publish(registration, ec_jwk(OTHER_EC, kid="k2"))
    registration.clock.at += FRESH + timedelta(seconds=1)
    assert taken(registration, client, OTHER_EC, "k2")
    assert not taken(registration, client, FIRST, "k1")


class Waiting(ServersOfClients):
    """Servers that answer only once they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.may_answer = threading.Event(), threading.Event()

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        self.reached.set()
        assert self.may_answer.wait(20), "nobody let it answer"
        return super().get(url, origins=origins, accept=accept, bearer=bearer)


@pytest.mark.parametrize("answers", [True, False])
def test_who_comes_while_keys_are_first_looked_for_gets_what_is_found_and_one_asks(answers: bool) -> None:
    servers, clock = Waiting(), SetClock()
    servers.documents |= {KEYS: {"keys": [ec_jwk(kid="k1")]}} if answers else {}
    published = PublishedKeys(ClientKeyRules(servers, clock), clock)
    client, metadata = records.client("c1"), ClientMetadata(client="c1", jwks_uri=KEYS)
    with ThreadPoolExecutor(8) as together:
        first = together.submit(published.of, client, metadata)
        assert servers.reached.wait(20)
        others = [together.submit(published.of, client, metadata) for _ in range(7)]
        wait(others, timeout=0.5)
        servers.may_answer.set()
        found = {one.result(20) for one in (first, *others)}
    assert len(found) == 1 and ("k1" in found.pop()) is answers
    assert servers.asked == [KEYS]


def test_in_a_turn_no_server_of_a_client_is_asked_and_nobody_who_asks_is_waited_for() -> None:
    servers, clock = Waiting(), SetClock()
    servers.documents |= {KEYS: {"keys": [ec_jwk(kid="k1")]}}
    published = PublishedKeys(ClientKeyRules(servers, clock), clock)
    client, metadata, turn = records.client("c1"), ClientMetadata(client="c1", jwks_uri=KEYS), Turn()
    found: list[str] = []

    def in_turn() -> bool:
        return asyncio.run(turn.answered(lambda: found.append(published.of(client, metadata))))

    assert not in_turn()
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(published.of, client, metadata)
        assert servers.reached.wait(20)
        assert not in_turn()
        servers.may_answer.set()
        kept = asked.result(20)
    assert in_turn()
    clock.at += FRESH + timedelta(seconds=1)
    assert not in_turn()
    assert (found, servers.asked) == ([kept], [KEYS])


def test_software_gets_tokens_by_the_keys_that_it_publishes_or_has_certified(registration: RegistrationScene) -> None:
    publish(registration, ec_jwk(kid="k1"))
    published = registration.registered(registration.managers_token(), jwks_uri=KEYS)["client_id"]
    certified = {**ec_jwk(kid="k1"), "x5c": [certificate(EMPLOYER, registration.clock.at)]}
    other = certificate(EMPLOYER, registration.clock.at, key=OTHER_EC, life=timedelta(days=1))
    ending = {**ec_jwk(OTHER_EC, kid="k2"), "x5c": [other]}
    told = registration.registered(registration.managers_token(), jwks={"keys": [certified, ending]})
    may = {"enterprise": EMPLOYER, "capacity": Capacity.EMPLOYER, "service": "dimona", "actions": ("consult",)}
    clients = (published, told["client_id"])
    registration.record(*(records.grant(f"g-{one[-4:]}", holder=one, **may) for one in clients))
    for client in clients:
        assert registration.software_token(client).status_code == 200
    registration.clock.at += timedelta(days=2)
    registration.house.key_rotation.ensure(registration.clock.at)
    for client in clients:
        assert registration.software_token(client).status_code == 200
    assert not taken(registration, told["client_id"], OTHER_EC, "k2")


def test_a_server_that_is_silent_keeps_no_key_alive_for_long_and_is_asked_seldom(
    registering: RegistrationScene,
) -> None:
    publish(registering, ec_jwk(kid="k1"))
    client = registering.registered(registering.managers_token(), jwks_uri=KEYS)["client_id"]
    assert taken(registering, client, FIRST, "k1")
    registering.servers.documents.clear()
    registering.servers.asked.clear()
    registering.clock.at += FRESH + timedelta(seconds=1)
    assert taken(registering, client, FIRST, "k1")
    assert taken(registering, client, FIRST, "k1")
    assert len(registering.servers.asked) == 1
    registering.clock.at += GOOD_FOR
    assert not taken(registering, client, FIRST, "k1")


def test_requests_that_come_together_have_the_server_asked_once(registering: RegistrationScene) -> None:
    publish(registering, ec_jwk(kid="k1"))
    client = registering.registered(registering.managers_token(), jwks_uri=KEYS)["client_id"]
    registering.servers.asked.clear()
    for number in range(20):
        assert taken(registering, client, FIRST, "k1"), number
        assert not taken(registering, client, OTHER_EC, f"unknown{number}")
    assert len(registering.servers.asked) == 1


@pytest.mark.parametrize(
    "published",
    [
        None,
        [],
        {"keys": []},
        {"keys": [{"kty": "oct", "k": "AAAA"}]},
        {"keys": [ec_jwk(kid="k1", d="AAAA")]},
        {"keys": [ec_jwk(kid=f"k{number}") for number in range(21)]},
        WebAnswer(status=302, media_type="application/json", body=json.dumps({"keys": [ec_jwk()]}).encode()),
        WebAnswer(status=200, media_type="text/html", body=json.dumps({"keys": [ec_jwk()]}).encode()),
        WebAnswer(status=200, media_type="application/json", body=b'{"keys": [], "keys": []}'),
    ],
    ids=["silence", "a list", "no key", "a secret", "a private key", "too many", "elsewhere", "a page", "twice"],
)
@pytest.mark.attack("J05")
def test_an_address_without_good_keys_is_not_registered(refusing: RegistrationScene, published: object) -> None:
    refusing.servers.documents = {} if published is None else {KEYS: published}
    token = refusing.managers_token()
    before = refusing.snapshot()
    answer = refusing.register(token, jwks_uri=KEYS)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert refusing.snapshot() == before


OF_OTHERS: list[dict[str, object]] = [
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "ed"},
    {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA", "kid": "p384"},
    rsa_jwk(kid="rsa", alg="RS256"),
    rsa_jwk(kid="oaep", use="enc", alg="RSA-OAEP"),
    {"kty": "new", "kid": "new"},
    {"kty": ["EC"], "kid": "list"},
    rsa_jwk(kid="listed", use="enc", alg=["RSA-OAEP-256"]),
    ec_jwk(OTHER_EC, kid="other", alg="ES384"),
]


def test_a_client_may_publish_keys_for_others_beside_ours_and_members_that_we_do_not_know(
    registering: RegistrationScene,
) -> None:
    """RFC 7517 §4 and §5; a set that is refused whole would take a client down that adds a key for somebody else."""
    own = ec_jwk(kid="k1") | {"x5t#S256": "AAAA", "ext": True, "x5u": "https://elsewhere.example/x"}
    publish(registering, own)
    client = registering.registered(registering.managers_token(), jwks_uri=KEYS)["client_id"]
    publish(registering, *OF_OTHERS, own, rsa_jwk(kid="e1", use="enc", alg="RSA-OAEP-256", x5c=["AAAA"]))
    registering.clock.at += GOOD_FOR + FRESH
    assert taken(registering, client, FIRST, "k1")
    assert not taken(registering, client, OTHER_EC, "other")
    assert all(one == KEYS for one in registering.servers.asked)


@pytest.mark.attack("J05")
@pytest.mark.parametrize(
    "hostile",
    [{"kty": "oct", "k": "AAAA", "kid": "h"}, ec_jwk(OTHER_EC, kid="h", d="AAAA"), ec_jwk(OTHER_EC, kid="k1"), "key"],
    ids=["a secret", "a private key", "the same name", "no key"],
)
def test_a_published_set_with_what_must_not_be_there_counts_for_nothing(
    registering: RegistrationScene, hostile: Any
) -> None:
    publish(registering, ec_jwk(kid="k1"))
    client = registering.registered(registering.managers_token(), jwks_uri=KEYS)["client_id"]
    publish(registering, ec_jwk(kid="k1"), hostile)
    registering.clock.at += GOOD_FOR + FRESH
    assert not taken(registering, client, FIRST, "k1")


def test_keys_by_value_and_by_address_are_not_registered_together(refusing: RegistrationScene) -> None:
    refusing.servers.documents = {KEYS: {"keys": [ec_jwk()]}}
    answer = refusing.register(refusing.managers_token(), jwks_uri=KEYS, jwks={"keys": [ec_jwk()]})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")


def test_a_sector_list_that_names_every_address_is_taken(registering: RegistrationScene) -> None:
    """Dynamic plan: sector identifier, good."""
    registering.servers.documents[LIST] = [CALLBACK, "https://elsewhere.example/"]
    told = registering.registered(
        registering.operators_token(), **web_service(sector_identifier_uri=LIST, subject_type="pairwise")
    )
    assert told["sector_identifier_uri"] == LIST


@pytest.mark.parametrize(
    "listed",
    [None, ["https://example.com/op"], [], {"redirect_uris": [CALLBACK]}, [CALLBACK, 7], CALLBACK, [f"{CALLBACK}/"]],
    ids=repr,
)
def test_a_sector_list_that_lacks_an_address_is_refused(refusing: RegistrationScene, listed: object) -> None:
    """Dynamic plan: sector identifier, bad."""
    refusing.servers.documents = {} if listed is None else {LIST: listed}
    token = refusing.operators_token()
    before = refusing.snapshot()
    answer = refusing.register(token, **web_service(sector_identifier_uri=LIST, subject_type="pairwise"))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert refusing.snapshot() == before


# ------------------------------------------------------------------ reaching inwards


class Canary(BaseHTTPRequestHandler):
    """Counts who comes, and answers well."""

    def do_GET(self) -> None:
        self.server.hits.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"keys": [ec_jwk()]}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@pytest.fixture(scope="module")
def canary() -> Iterator[Any]:
    """A server on this machine that nobody may reach by an address that a client registered."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    server.hits = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()


INWARDS = (
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://0x7f.1:{port}/",
    "https://0x7f000001:{port}/",
    "https://2130706433:{port}/",
    "https://127.1:{port}/",
    "https://0:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://user@127.0.0.1:{port}/",
    "https://keys.example@127.0.0.1:{port}/",
    "https://keys.example\\@127.0.0.1:{port}/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://[fd00::1]/",
    "https://metadata.localhost:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "https://keys.example/#@127.0.0.1:{port}",
    "//127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https://keys.example:99999/",
    "https://keys.example/\r\nHost: inner",
)


@pytest.mark.attack("D06")
@pytest.mark.parametrize("address", INWARDS)
@pytest.mark.parametrize("member", ["jwks_uri", "sector_identifier_uri"])
def test_no_address_that_a_client_registers_reaches_inwards(
    refusing: RegistrationScene, canary: Any, member: str, address: str
) -> None:
    told = address.format(port=canary.server_address[1])
    web = GuardedWeb(public_only=True, timeout=1.0)
    rules, hits = ClientKeyRules(web, refusing.clock), len(canary.hits)
    with pytest.raises(InvalidInput) as refused:
        if member == "jwks_uri":
            rules.fetched(told, "ES256", EMPLOYER)
        else:
            SectorIdentifiers(web).check(refusing.metadata(sector_identifier_uri=told))
    assert refused.value.code == "invalid_client_metadata"
    assert len(canary.hits) == hits


@pytest.mark.attack("D06")
@pytest.mark.parametrize("address", INWARDS)
@pytest.mark.parametrize(
    "member",
    [
        "logo_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
    ],
)
def test_no_address_of_a_page_is_ever_fetched_at_registration(
    refusing: RegistrationScene, canary: Any, member: str, address: str
) -> None:
    told, hits = address.format(port=canary.server_address[1]), len(canary.hits)
    refusing.servers.asked.clear()
    answer = refusing.register(refusing.operators_token(), **web_service(**{member: told}))
    assert answer.status_code in (201, 400), answer.text
    assert refusing.servers.asked == [] and len(canary.hits) == hits


@pytest.mark.attack("D06")
def test_a_key_set_at_a_public_name_that_leads_inwards_is_not_fetched_later_either(canary: Any) -> None:
    clock = SetClock()
    client = records.client("c", enterprise=EMPLOYER, jwks='{"keys":[]}')
    assert isinstance(client, Client)
    published = PublishedKeys(ClientKeyRules(GuardedWeb(public_only=True, timeout=1.0), clock), clock)
    for address in INWARDS[:12]:
        told = ClientMetadata(client="c", jwks_uri=address.format(port=canary.server_address[1]))
        assert published.of(client, told) == '{"keys":[]}'
    assert canary.hits == []
