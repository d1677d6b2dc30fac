"""What channel managers say of software besides its keys, and the tokens by which it registers itself."""

from __future__ import annotations

from typing import Any

import pytest

from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import RegistrationToken
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.services.fingerprints import fingerprint
from tests.api.administration import Country, public_jwks
from tests.api.test_clients import order

PROVIDER = Capacity.SERVICE_PROVIDER
METADATA = {
    "grant_types": ["client_credentials"],
    "contacts": ["tech@bureau.example"],
    "software_id": "payroll",
    "dpop_bound_access_tokens": True,
}


def test_a_channel_manager_registers_software_with_what_belongs_to_it(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top, path = country.manager(number), f"/enterprises/{number}/clients"
    made = country.post(path, top, order(metadata=METADATA))
    assert made.status_code == 201, made.text
    assert made.json["metadata"]["software_id"] == "payroll"
    assert (made.json["contacts"], made.json["expires"]) == (["tech@bureau.example"], [])
    read = country.get(f"{path}/{made.json['client_id']}", top).json
    assert read == made.json
    (kept,) = country.found(ClientMetadata)
    assert kept.dpop_bound and not kept.vendor


@pytest.mark.attack("H03")
@pytest.mark.parametrize(
    "member",
    [
        {"vendor": True},
        {"profile": "oidc-basic"},
        {"services": ["dimona"]},
        {"niss_services": ["dimona"]},
        {"secret_hash": fingerprint("known")},
        {"client": "declaration_service_procura_x"},
        {"client_secret": "known"},
        {"client_id": "mine"},
        {"enterprise": "0403227515"},
        {"registered_by": "server_operator"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"sector_identifier_uri": "https://elsewhere.example/"},
    ],
    ids=lambda member: next(iter(member)),
)
def test_metadata_take_nothing_that_a_registration_decides_by_itself(
    small_country: Country, member: dict[str, Any]
) -> None:
    number = small_country.enterprise(PROVIDER)
    answer = small_country.post(
        f"/enterprises/{number}/clients", small_country.manager(number), order(metadata={**METADATA, **member})
    )
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert small_country.found(Client, enterprise=number) == []


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"redirect_uris": ["javascript:alert(1)"], "grant_types": ["authorization_code"]}, "invalid_redirect_uri"),
        ({"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
        ({"scope": "openid egovNRN", "grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        (
            {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=anybody"},
            "invalid_client_metadata",
        ),
        ({"jwks_uri": "https://keys.example/jwks"}, "invalid_client_metadata"),
    ],
    ids=repr,
)
def test_metadata_that_cannot_be_are_refused(small_country: Country, metadata: dict[str, Any], code: str) -> None:
    number = small_country.enterprise(PROVIDER)
    answer = small_country.post(
        f"/enterprises/{number}/clients", small_country.manager(number), order(metadata=metadata)
    )
    assert (answer.status_code, answer.json["code"]) == (400, code), answer.text
    assert small_country.found(Client, enterprise=number) == []


def test_a_subject_in_the_enterprises_name_is_taken(small_country: Country) -> None:
    number = small_country.enterprise(PROVIDER)
    subject = f"CN=payroll,OU=urn:be:fgov:kbo-bce:organization:cbe-number:{number},C=BE"
    told = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": subject}
    path, top = f"/enterprises/{number}/clients", small_country.manager(number)
    assert small_country.post(path, top, order(metadata=told)).status_code == 201
    other = {**told, "tls_client_auth_subject_dn": subject.replace(number, "0403227515")}
    assert small_country.post(path, top, order(metadata=other)).status_code == 400
    hidden = {**told, "tls_client_auth_subject_dn": f"CN=x\\,OU=urn:be:fgov:kbo-bce:organization:cbe-number:{number}"}
    assert small_country.post(path, top, order(metadata=hidden)).status_code == 400


def test_a_channel_manager_gives_a_token_lists_it_and_voids_it(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top, path = country.manager(number), f"/enterprises/{number}/registration-tokens"
    given = country.post(path, top, {"capacity": "service_provider"})
    assert given.status_code == 201, given.text
    (kept,) = country.found(RegistrationToken)
    assert kept.id == fingerprint(given.json["initial_access_token"]) == given.json["id"]
    (listed,) = country.get(path, top).json["items"]
    assert listed["id"] == kept.id and "initial_access_token" not in listed
    assert country.post(f"{path}/{kept.id}/void", top, {}).status_code == 204
    assert country.found(RegistrationToken) == []
    assert country.post(f"{path}/{kept.id}/void", top, {}).status_code == 404


def test_who_manages_no_channels_of_the_capacity_gives_no_token(small_country: Country) -> None:
    country = small_country
    number, other = country.enterprise(PROVIDER), country.enterprise(PROVIDER)
    path = f"/enterprises/{number}/registration-tokens"
    plain, stranger = country.user_of(number, PROVIDER), country.manager(other)
    assert country.post(path, plain, {"capacity": "service_provider"}, capacity=PROVIDER).status_code == 403
    assert country.post(path, stranger, {"capacity": "service_provider"}).status_code == 404
    top = country.manager(number)
    assert country.post(path, top, {"capacity": "employer"}).status_code == 403
    assert country.found(RegistrationToken) == []
    given = country.post(path, top, {"capacity": "service_provider"})
    own = f"/enterprises/{other}/registration-tokens/{given.json['id']}/void"
    assert country.post(own, stranger, {}).status_code == 404
    assert len(country.found(RegistrationToken)) == 1


def test_keys_stay_needed_where_the_method_asks_them(small_country: Country) -> None:
    number = small_country.enterprise(PROVIDER)
    path, top = f"/enterprises/{number}/clients", small_country.manager(number)
    told = order(metadata={"software_id": "payroll"})
    del told["jwks"]
    assert small_country.post(path, top, told).status_code == 400
    without = order()
    del without["jwks"]
    assert small_country.post(path, top, without).status_code == 400
    assert public_jwks()["keys"]
