"""A client reads, replaces and ends its own registration, by a token that changes with each replacement (RFC 7592)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from iam.domain.appointments import Grant
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact, RegistrationAccess
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.services.client_changes import Change, ClientChanges
from tests.oidc.provider.code_scene import CALLBACK, CONSULT, DECLARE
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk
from tests.oidc.provider.premises import EMPLOYER
from tests.oidc.provider.registration_scene import REGISTER, RegistrationScene, signed_by, web_service
from tests.storage import records

NEXT = ec.derive_private_key(0x7E57, ec.SECP256R1())
OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


def replaced(scene: RegistrationScene, told: dict[str, Any], **members: Any) -> Any:
    """What a client that sends back all that it was told is answered, with members of its own."""
    body = {name: value for name, value in told.items() if name not in (*OURS, "client_secret")} | members
    sent = {name: value for name, value in body.items() if value is not None}
    return scene.send("PUT", told["registration_client_uri"], told["registration_access_token"], sent)


def test_a_client_reads_what_was_registered(registration: RegistrationScene) -> None:
    told = registration.registered(registration.operators_token(), **web_service())
    read = registration.send("GET", told["registration_client_uri"], told["registration_access_token"])
    assert read.status_code == 200 and read.headers["Cache-Control"] == "no-store"
    assert read.get_json() == told


def test_a_replacement_counts_as_a_whole_and_renews_the_token(registration: RegistrationScene) -> None:
    told = registration.registered(registration.operators_token(), **web_service(policy_uri="https://p.example/"))
    answer = replaced(registration, told, redirect_uris=[f"{CALLBACK}/2"], policy_uri=None, contacts=None)
    assert answer.status_code == 200, answer.text
    now = answer.get_json()
    assert now["redirect_uris"] == [f"{CALLBACK}/2"]
    assert "policy_uri" not in now and "contacts" not in now
    assert registration.found(ClientContact) == []
    assert now["registration_access_token"] != told["registration_access_token"]
    former = registration.send("GET", told["registration_client_uri"], told["registration_access_token"])
    assert (former.status_code, former.get_json()["error"]) == (401, "invalid_token")
    present = registration.send("GET", told["registration_client_uri"], now["registration_access_token"])
    assert present.status_code == 200
    assert [one.leaf.act for one in registration.archive.leaves()][-1] == "client_registration_replaced"


def test_an_ended_client_and_all_that_it_was_given_are_of_no_use(registration: RegistrationScene) -> None:
    told = registration.registered(registration.managers_token(), jwks={"keys": [ec_jwk(kid="k1")]})
    client = told["client_id"]
    registration.record(
        records.grant(
            "g9", holder=client, enterprise=EMPLOYER, capacity=Capacity.EMPLOYER, service="dimona", actions=("consult",)
        )
    )
    token = registration.software_token(client)
    assert token.status_code == 200, token.text
    registration.clock.at = registration.clock.at.replace(second=30)
    gone = registration.send("DELETE", told["registration_client_uri"], told["registration_access_token"])
    assert (gone.status_code, gone.data) == (204, b"")
    (ended,) = [one for one in registration.found(Client) if one.id == client]
    assert ended.valid.end is not None
    assert registration.found(RegistrationAccess, client=client) == []
    with registration.archive.reading() as reading:
        grant = reading.get(Grant, "g9")
    assert grant is None or grant.valid.end is not None
    registration.clock.at = registration.clock.at.replace(second=40)
    assert registration.software_token(client).status_code == 401
    for method in ("GET", "DELETE", "PUT"):
        again = registration.send(method, told["registration_client_uri"], told["registration_access_token"], {})
        assert again.status_code == 401, again.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("whose", ["nobody's", "another's", "the initial one", "none"])
def test_no_other_token_reaches_a_registration(refusing: RegistrationScene, method: str, whose: str) -> None:
    initial = refusing.operators_token(uses=3)
    told, other = (refusing.registered(initial, **web_service()) for _ in range(2))
    token = {"nobody's": "x" * 43, "another's": other["registration_access_token"], "the initial one": initial}
    before = refusing.snapshot()
    answer = refusing.send(method, told["registration_client_uri"], token.get(whose, ""), {"client_id": "x"})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert refusing.snapshot() == before


@pytest.mark.parametrize("client", ["nobody", "declaration_service_procura_0206731645_portal0000"])
def test_a_client_that_did_not_register_itself_is_refused_like_one_that_is_not(
    refusing: RegistrationScene, client: str
) -> None:
    answer = refusing.send("GET", f"{REGISTER}/{client}", "x" * 43)
    unknown = refusing.send("GET", f"{REGISTER}/unknown", "x" * 43)
    assert (answer.status_code, answer.get_json()) == (401, unknown.get_json())


@pytest.mark.attack("H03")
@pytest.mark.parametrize(
    "members",
    [
        *({name: "told"} for name in OURS),
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "guessed"},
        {"client_secret": 7},
    ],
    ids=repr,
)
def test_a_replacement_does_not_tell_what_only_we_tell(refusing: RegistrationScene, members: dict[str, Any]) -> None:
    told = refusing.registered(refusing.operators_token(), **web_service())
    before = refusing.snapshot()
    answer = replaced(refusing, told, **members)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert refusing.snapshot() == before


@pytest.mark.attack("H03")
def test_a_replacement_gives_a_client_nothing_that_its_registration_decides(registering: RegistrationScene) -> None:
    told = registering.registered(registering.operators_token(), **web_service())
    before = registering.client_of(told)
    more = {"vendor": True, "profile": "oidc-basic", "services": ["works"], "niss_services": ["dimona"], "kind": "x"}
    assert replaced(registering, told, **more).status_code == 200
    assert registering.client_of(told) == before
    (metadata,) = [one for one in registering.found(ClientMetadata) if one.client == told["client_id"]]
    assert not metadata.vendor


def test_a_service_that_left_the_catalogue_leaves_a_registration_readable_and_replaceable(
    registering: RegistrationScene,
) -> None:
    told = registering.registered(registering.operators_token(), **web_service())
    registering.record(replace(registering.client_of(told), services=("dimona", "gone")))
    assert replaced(registering, told, client_name="Renamed", scope=None).status_code == 200


@pytest.mark.attack("H03", "O18")
@pytest.mark.parametrize(
    "more",
    [
        {"scope": f"{CONSULT} {DECLARE}"},
        {"scope": f"{CONSULT} openid"},
        {"grant_types": ["client_credentials", "authorization_code"], "redirect_uris": [CALLBACK]},
        {"grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]},
    ],
    ids=lambda more: " ".join(map(str, more.values())),
)
def test_an_enterprises_software_widens_nothing_by_itself(refusing: RegistrationScene, more: dict[str, Any]) -> None:
    told = refusing.registered(refusing.managers_token(), jwks={"keys": [ec_jwk(kid="k1")]}, scope=CONSULT)
    before = refusing.snapshot()
    answer = replaced(refusing, told, **more)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert "adds nothing" in answer.get_json()["error_description"]
    assert refusing.snapshot() == before


def test_an_enterprises_software_may_narrow_itself_and_not_take_it_back(registering: RegistrationScene) -> None:
    both = f"{CONSULT} {DECLARE}"
    told = registering.registered(registering.managers_token(), jwks={"keys": [ec_jwk(kid="k1")]}, scope=both)
    narrower = replaced(registering, told, scope=CONSULT)
    assert narrower.status_code == 200 and narrower.get_json()["scope"] == CONSULT
    assert replaced(registering, narrower.get_json(), scope=both).status_code == 400


@pytest.mark.attack("O14")
def test_who_has_the_registration_token_puts_no_key_back_that_a_manager_took_away(
    registering: RegistrationScene,
) -> None:
    told = registering.registered(registering.managers_token(), jwks={"keys": [ec_jwk(kid="k1")]})
    clients, new = registering.house.clients, {"keys": [ec_jwk(NEXT, kid="k2")]}
    clients.replace_keys(registering.manager(), told["client_id"], new)
    for method in ("GET", "PUT", "DELETE"):
        answer = registering.send(
            method, told["registration_client_uri"], told["registration_access_token"], {"client_id": "x"}
        )
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert "k2" in registering.client_of(told).jwks and "k1" not in registering.client_of(told).jwks


@pytest.mark.parametrize(
    "meanwhile",
    [Change(new_secret=True), Change(told={"redirect_uris": [f"{CALLBACK}/operator"]}), Change(label="Operator")],
    ids=("secret", "address", "label"),
)
def test_a_replacement_that_was_judged_before_another_change_undoes_nothing_of_it(
    registering: RegistrationScene, meanwhile: Change
) -> None:
    told = registering.registered(registering.operators_token(Profile.OIDC_BASIC), redirect_uris=[CALLBACK])
    house = registering.house
    operator = ClientChanges(registering.archive, house.library, house.randomness, house.token_desk.client_keys)
    found = []

    def changed(_metadata: ClientMetadata) -> None:
        found.append(operator.change(told["client_id"], meanwhile))

    object.__setattr__(house.token_desk.registration, "_check_elsewhere", changed)
    answer = replaced(registering, told, client_name="Renamed")
    assert (answer.status_code, answer.get_json()["error"]) == (403, "access_denied")
    assert "stale_version" in answer.get_json()["error_description"]
    now = operator.get(told["client_id"])
    assert (now.client, now.metadata) == (found[0].client, found[0].metadata)


def test_a_secret_stays_over_a_replacement_and_ends_with_its_method(registering: RegistrationScene) -> None:
    told = registering.registered(registering.operators_token(Profile.OIDC_BASIC), redirect_uris=[CALLBACK])
    kept = replaced(registering, told, client_name="Renamed", client_secret=told["client_secret"]).get_json()
    assert "client_secret" not in kept and kept["client_name"] == "Renamed"
    basic = {"client_id": told["client_id"], "client_secret": told["client_secret"]}
    asked = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
    posted = replaced(registering, kept, token_endpoint_auth_method="client_secret_post").get_json()
    assert registering.post("/oauth2/token", {**asked, **basic}).get_json()["error"] == "invalid_grant"
    keyed = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [ec_jwk(kid="k1")]}}
    now = replaced(registering, posted, **keyed)
    assert now.status_code == 200 and "client_secret" not in now.get_json(), now.text
    assert registering.post("/oauth2/token", {**asked, **basic}).get_json()["error"] == "invalid_client"
    (metadata,) = [one for one in registering.found(ClientMetadata) if one.client == told["client_id"]]
    assert metadata.secret_hash == ""


def test_keys_take_turns_without_a_gap(registration: RegistrationScene) -> None:
    """Old and new key together, then the new one alone: at every step one that is registered is taken."""
    told = registration.registered(registration.managers_token(), jwks={"keys": [ec_jwk(kid="k1")]})
    client = told["client_id"]

    def taken(key: ec.EllipticCurvePrivateKey, kid: str) -> bool:
        registration.clock.at = registration.clock.at.replace(microsecond=registration.clock.at.microsecond + 1000)
        proof = signed_by(client, registration.clock.at, key, kid, registration.house.randomness.identifier())
        answer = registration.post("/oauth2/token", {"grant_type": "client_credentials", "scope": "x", **proof})
        return bool(answer.get_json()["error"] != "invalid_client")

    both = {"keys": [ec_jwk(kid="k1"), ec_jwk(NEXT, kid="k2")]}
    told = replaced(registration, told, jwks=both).get_json()
    first = ec.derive_private_key(0x5EED, ec.SECP256R1())
    assert taken(first, "k1") and taken(NEXT, "k2") and not taken(OTHER_EC, "k2")
    replaced(registration, told, jwks={"keys": [ec_jwk(NEXT, kid="k2")]})
    assert taken(NEXT, "k2") and not taken(first, "k1")
