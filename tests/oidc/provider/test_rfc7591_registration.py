"""Software registers itself by a token that somebody gave it, and becomes what the token allows (RFC 7591)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.client_metadata import NATIONAL_NUMBER, PERSON_SCOPES, ClientMetadata
from iam.domain.client_registrations import ClientContact, RegistrationAccess, RegistrationToken
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period
from iam.services.fingerprints import fingerprint
from tests.oidc.provider.code_scene import CALLBACK, CONSULT, DECLARE
from tests.oidc.provider.forgery import EC, ec_jwk, rsa_jwk
from tests.oidc.provider.premises import EMPLOYER, ISSUER, NSSO
from tests.oidc.provider.registration_scene import (
    REGISTER,
    RegistrationScene,
    certificate,
    conformance_client,
    web_service,
)


def test_a_declaration_service_registers_itself_and_is_told_all_that_was_registered(
    registration: RegistrationScene,
) -> None:
    answer = registration.register(registration.operators_token(), **web_service())
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told["client_id"].startswith(f"declaration_service_procura_{NSSO}_")
    assert told["registration_client_uri"] == f"{ISSUER}{REGISTER}/{told['client_id']}"
    assert told["redirect_uris"] == [CALLBACK] and told["contacts"] == ["tech@service.example"]
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    assert told["token_endpoint_auth_signing_alg"] == "ES256"
    assert set(told["scope"].split()) == {*PERSON_SCOPES - {NATIONAL_NUMBER}, DECLARE, CONSULT, MODIFY}
    assert "client_secret" not in told and "secret_hash" not in told
    client = registration.client_of(told)
    assert (client.kind, client.profile, client.services) == (
        ClientKind.DECLARATION_SERVICE,
        Profile.DEFAULT,
        ("dimona",),
    )
    (access,) = registration.found(RegistrationAccess)
    assert access.token_hash == fingerprint(told["registration_access_token"])
    (contact,) = registration.found(ClientContact)
    assert contact.emails == ("tech@service.example",)
    acts = [(one.leaf.act, one.leaf.actor) for one in registration.archive.leaves()]
    assert acts[-1] == ("client_registered", client.id)


def test_software_of_an_enterprise_registers_itself_and_can_do_nothing_until_it_is_given_a_grant(
    registration: RegistrationScene,
) -> None:
    told = registration.registered(
        registration.managers_token(), client_name="Payroll", jwks={"keys": [ec_jwk(kid="k1")]}
    )
    client = registration.client_of(told)
    assert (client.enterprise, client.capacity, client.kind) == (EMPLOYER, Capacity.EMPLOYER, ClientKind.TECHNICAL)
    assert client.registered_by == "a2" and told["grant_types"] == ["client_credentials"]
    refused = registration.software_token(client.id)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_scope"), refused.text
    assert "no_grant" in refused.text


def test_a_token_is_good_for_one_registration(registration: RegistrationScene) -> None:
    token = registration.operators_token()
    registration.registered(token, **web_service())
    again = registration.register(token, **web_service())
    assert (again.status_code, again.get_json()["error"]) == (401, "invalid_token")
    assert again.headers["WWW-Authenticate"].startswith("Bearer ")
    assert registration.found(RegistrationToken) == []


def test_of_many_who_come_at_once_with_one_token_one_registers(registration: RegistrationScene) -> None:
    token, together = registration.operators_token(), 16
    gate = threading.Barrier(together)

    def come(_: int) -> int:
        gate.wait(timeout=60)
        return registration.register(token, **web_service()).status_code

    with ThreadPoolExecutor(together) as threads:
        answers = sorted(threads.map(come, range(together)))
    assert answers == [201, *[401] * (together - 1)]
    assert len([one for one in registration.found(Client) if one.label == "Dimona on the web"]) == 1


def test_the_operator_may_allow_several_registrations_by_one_token(registering: RegistrationScene) -> None:
    token = registering.operators_token(uses=2)
    first, second = (registering.registered(token, **web_service())["client_id"] for _ in range(2))
    assert first != second
    assert registering.register(token, **web_service()).status_code == 401


def test_a_registration_that_is_refused_uses_up_nothing(registering: RegistrationScene) -> None:
    token = registering.operators_token()
    before = registering.snapshot()
    assert registering.register(token, **web_service(redirect_uris=["http://elsewhere.example/"])).status_code == 400
    assert registering.snapshot() == before
    assert registering.register(token, **web_service()).status_code == 201


@pytest.mark.parametrize("token", ["", "a", "wrong" * 8, "é", "a b", "-" * 200], ids=repr)
def test_registration_is_never_open(refusing: RegistrationScene, token: str) -> None:
    refusing.operators_token()
    before = refusing.snapshot()
    answer = refusing.send(
        "POST", REGISTER, "", web_service(), Authorization=f"Bearer {token}".encode().decode("latin-1")
    )
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert refusing.snapshot() == before


def test_a_token_is_not_taken_from_the_query_or_the_body(registering: RegistrationScene) -> None:
    token = registering.operators_token()
    assert registering.send("POST", f"{REGISTER}?access_token={token}", "", web_service()).status_code == 401
    assert registering.send("POST", REGISTER, "", web_service(access_token=token)).status_code == 401


def test_a_token_ends_with_its_time(registering: RegistrationScene) -> None:
    token = registering.operators_token(life=timedelta(hours=1))
    registering.clock.at += timedelta(hours=1, seconds=1)
    assert registering.register(token, **web_service()).status_code == 401


def test_a_managers_token_is_good_while_the_manager_stands(registering: RegistrationScene) -> None:
    token = registering.managers_token()
    with registering.archive.writing() as uow:
        uow.remove(Appointment, "a2")
        uow.commit()
    answer = registering.register(token, jwks={"keys": [ec_jwk(kid="k1")]})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")


def test_the_client_of_a_token_ends_when_its_manager_said(registering: RegistrationScene) -> None:
    until = registering.clock.at + timedelta(days=30)
    told = registering.registered(registering.managers_token(until), jwks={"keys": [ec_jwk(kid="k1")]})
    client = registering.client_of(told)
    assert client.valid.end == until


def test_the_client_of_a_token_does_not_outlast_who_gave_it(registering: RegistrationScene) -> None:
    token = registering.managers_token(registering.clock.at + timedelta(days=90))
    sooner = registering.clock.at + timedelta(days=9)
    with registering.archive.writing() as uow:
        manager = uow.get(Appointment, "a2")
        assert manager is not None
        uow.put(replace(manager, valid=Period(manager.valid.start, sooner)))
        uow.commit()
    told = registering.registered(token, jwks={"keys": [ec_jwk(kid="k1")]})
    assert registering.client_of(told).valid.end == sooner


def test_a_key_for_encryption_may_come_first(registering: RegistrationScene) -> None:
    keys = [rsa_jwk(kid="e1", use="enc", alg="RSA-OAEP-256"), ec_jwk(kid="k1")]
    told = registering.registered(registering.operators_token(), **web_service(jwks={"keys": keys}))
    assert told["token_endpoint_auth_signing_alg"] == "ES256" and len(told["jwks"]["keys"]) == 2


@pytest.mark.attack("J08")
@pytest.mark.parametrize("family", ["id_token", "userinfo"])
@pytest.mark.parametrize(
    ("alg", "enc"),
    [
        *((one, "A256GCM") for one in ("RSA1_5", "RSA-OAEP", "dir", "none", "A256KW", "ECDH-ES ", "ecdh-es")),
        *(("RSA-OAEP-256", one) for one in ("none", "A128CBC", "A128GCM")),
    ],
)
def test_an_encryption_that_we_do_not_use_is_not_registered(
    refusing: RegistrationScene, family: str, alg: str, enc: str
) -> None:
    told = {f"{family}_encrypted_response_alg": alg, f"{family}_encrypted_response_enc": enc}
    token, before = refusing.operators_token(), len(refusing.found(Client))
    answer = refusing.register(token, **web_service(**told))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert len(refusing.found(Client)) == before


def test_what_is_not_known_is_ignored(registering: RegistrationScene) -> None:
    told = registering.registered(registering.operators_token(), **web_service(shoe_size=44, client_name=None))
    assert "shoe_size" not in told and told["client_name"] == "Software registered by itself"


MODIFY = "scope:dimona:declaration:modify"
MASS = {
    "enterprise": EMPLOYER,
    "capacity": "certified_social_secretariat",
    "kind": "technical",
    "profile": "oidc-basic",
    "profile_until": None,
    "services": ["dimona", "works", "authorization"],
    "niss_services": ["dimona"],
    "registered_by": "server_operator",
    "valid": {"start": 0},
    "vendor": True,
    "secret_hash": fingerprint("known"),
    "client_id": "declaration_service_procura_mine",
    "client_secret": "known",
    "registration_access_token": "known",
    "is_pam": True,
    "certified": True,
    "loa": "high",
}


@pytest.mark.attack("H03")
@pytest.mark.parametrize("name", MASS)
def test_a_member_that_a_registration_decides_by_itself_has_no_effect(refusing: RegistrationScene, name: str) -> None:
    plain = refusing.registered(refusing.operators_token(), **web_service())
    told = refusing.registered(refusing.operators_token(), **web_service(), **{name: MASS[name]})
    one, other = (refusing.client_of(each) for each in (plain, told))
    own = {"id": "", "valid": one.valid}
    assert _values(one) | own == _values(other) | own
    metadata = [refusing.found(ClientMetadata, client=each["client_id"])[0] for each in (plain, told)]
    assert _values(metadata[0]) | {"client": ""} == _values(metadata[1]) | {"client": ""}
    assert told["registration_access_token"] != "known" and "client_secret" not in told


@pytest.mark.attack("H03")
@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"scope": "openid egovNRN"}, "invalid_client_metadata"),
        ({"scope": "openid scope:works:declaration:declare"}, "invalid_client_metadata"),
        ({"scope": "scope:dimona:declaration:everything"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none", "application_type": "native"}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"response_types": ["code", "id_token token"]}, "invalid_client_metadata"),
        ({"subject_type": "public"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "RS256"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_signing_alg": "RS256"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_signing_alg": "HS256"}, "invalid_client_metadata"),
    ],
    ids=repr,
)
def test_more_than_the_profile_and_the_services_allow_is_refused(
    refusing: RegistrationScene, members: dict[str, Any], error: str
) -> None:
    token = refusing.operators_token()
    before = refusing.snapshot()
    answer = refusing.register(token, **web_service(**members))
    assert (answer.status_code, answer.get_json()["error"]) == (400, error), answer.text
    assert refusing.snapshot() == before


WRONG_TYPES: dict[str, list[object]] = {
    "client_name": [7, ["Name"], {"nl": "Naam"}, True],
    "redirect_uris": [CALLBACK, {"0": CALLBACK}, [7], [[CALLBACK]], [None], [f"{CALLBACK} {CALLBACK}"]],
    "grant_types": ["authorization_code", [1]],
    "response_types": ["code", 1],
    "scope": [["openid"], 5, "é"],
    "contacts": ["a@b.example", ["nobody"], [f"{number}@b.example" for number in range(6)], [1]],
    "jwks": ["{}", [], {"keys": {}}, {"keys": []}, 1],
    "jwks_uri": [["https://keys.example/"], 1],
    "application_type": ["mobile", 1],
    "token_endpoint_auth_method": ["private_key", 1],
    "token_endpoint_auth_signing_alg": [["ES256"], 256],
    "dpop_bound_access_tokens": ["true", 1],
    "require_pushed_authorization_requests": ["yes"],
    "default_max_age": ["600", -1, 1.5, True, 10**12],
    "backchannel_logout_session_required": ["true"],
    "software_id": [{"id": 1}, "a\nb"],
    "id_token_encrypted_response_enc": ["A256GCM"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG_TYPES.items() for value in values])
def test_a_member_of_another_type_is_refused(refusing: RegistrationScene, name: str, value: object) -> None:
    token = refusing.operators_token()
    before = refusing.snapshot()
    answer = refusing.register(token, **web_service(**{name: value}))
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert refusing.snapshot() == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b'{"a":1,"a":2}', b"\xff", b"{" * 100, b'{"n": NaN}', b" " * 70_000],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_object_is_refused(refusing: RegistrationScene, body: bytes) -> None:
    token = refusing.operators_token()
    answer = refusing.send("POST", REGISTER, token, body)
    assert answer.status_code in (400, 413), answer.text
    assert refusing.send("POST", REGISTER, token, b"a=b", **{"Content-Type": "text/plain"}).status_code == 400


def test_a_client_of_the_basic_profile_gets_a_secret_once_and_only_its_hash_is_kept(
    registration: RegistrationScene,
) -> None:
    token = registration.operators_token(Profile.OIDC_BASIC)
    told = registration.registered(token, redirect_uris=[CALLBACK], client_name="Newsletter")
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["id_token_signed_response_alg"] == "RS256"
    assert set(told["scope"].split()) <= PERSON_SCOPES
    client = registration.client_of(told)
    assert client.profile_until is not None
    assert told["client_secret_expires_at"] == int(client.profile_until.timestamp())
    (metadata,) = registration.found(ClientMetadata, client=client.id)
    assert metadata.secret_hash == fingerprint(told["client_secret"])
    read = registration.send("GET", told["registration_client_uri"], told["registration_access_token"])
    assert "client_secret" not in read.get_json() and "client_secret_expires_at" in read.get_json()


def test_the_suite_of_the_openid_foundation_registers_as_it_does(registration: RegistrationScene) -> None:
    """Dynamic plan, §1.3: 201, JSON, client_id, registration_client_uri with its token, RSA keys without kid."""
    token = registration.operators_token(Profile.OIDC_BASIC, uses=20)
    told = registration.registered(token, **conformance_client())
    assert told["client_id"] and told["registration_client_uri"] and told["registration_access_token"]
    assert "client_secret" not in told
    assert told["token_endpoint_auth_signing_alg"] == "RS256" == told["id_token_signed_response_alg"]
    gone = registration.send("DELETE", told["registration_client_uri"], told["registration_access_token"])
    assert (gone.status_code, gone.data) == (204, b"")


def test_a_certificate_in_the_enterprises_name_registers_its_key(registration: RegistrationScene) -> None:
    der, ends = certificate(EMPLOYER, registration.clock.at), registration.clock.at + timedelta(days=300)
    told = registration.registered(registration.managers_token(), jwks={"keys": [ec_jwk(kid="k1", x5c=[der])]})
    (key,) = told["jwks"]["keys"]
    assert key["x5c"] == [der] and key["exp"] == int(ends.timestamp())
    assert registration.software_token(told["client_id"]).get_json()["error"] == "invalid_scope"
    registration.clock.at += timedelta(days=301)
    registration.house.key_rotation.ensure(registration.clock.at)
    refused = registration.software_token(told["client_id"])
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client"), refused.text


def _values(record: Any) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_the_key_of_these_tests_is_the_one_that_certificates_certify() -> None:
    assert ec_jwk(EC) == ec_jwk()
