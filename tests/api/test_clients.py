"""Registering software of an enterprise, rotating its keys and ending it."""

from typing import Any

import pytest

from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from tests.api.administration import API, Country, public_jwks

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER


def order(**more: Any) -> dict[str, Any]:
    return {
        "capacity": "service_provider",
        "jwks": public_jwks(),
        "algorithm": "ES256",
        "label": "Payroll of 2026",
        **more,
    }


def test_a_channel_manager_registers_software_rotates_its_keys_and_ends_it(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    path = f"/enterprises/{number}/clients"
    made = country.post(path, top, order())
    assert (made.status_code, made.json["kind"]) == (201, "technical")
    where = f"{path}/{made.json['client_id']}"
    assert made.headers["Location"] == API + where
    assert country.get(where, top).json["label"] == "Payroll of 2026"
    assert [one["client_id"] for one in country.get(path, top).json["items"]] == [made.json["client_id"]]
    rotated = country.ask("PUT", f"{where}/keys", top, {"jwks": public_jwks()})
    assert (rotated.status_code, rotated.json["jwks"]) == (200, made.json["jwks"])
    assert country.post(f"{where}/end", top).status_code == 204
    assert country.post(f"{where}/end", top).status_code == 409
    assert country.ask("PUT", f"{where}/keys", top, {"jwks": public_jwks()}).status_code == 409
    assert country.get(path, top).json["items"] == []
    assert country.get(where, top).json["phase"] == "ended"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"algorithm": "none"}, "invalid_input"),
        ({"algorithm": "PS256"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}}, "invalid_input"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "EC"}] * 21}}, "invalid_input"),
        ({"jwks": {"keys": [public_jwks()["keys"][0] | {"d": "AQAB"}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": public_jwks()["keys"], "jku": "https://evil.example"}}, "invalid_input"),
        ({"label": " "}, "invalid_input"),
        ({"until": "2020-01-01T00:00:00Z"}, "invalid_period"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(small_country: Country, change: dict[str, Any], code: str) -> None:
    country = small_country
    number = country.enterprise(PROVIDER)
    answer = country.post(f"/enterprises/{number}/clients", country.manager(number), order(**change))
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert country.found(Client, enterprise=number) == []


def test_software_is_managed_by_those_who_manage_channels_of_its_capacity(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    plain = country.user_of(number, PROVIDER)
    technician = country.user_of(number, PROVIDER, "channels:manage+consult")
    path = f"/enterprises/{number}/clients"
    made = country.post(path, technician, order(), capacity=PROVIDER)
    assert made.status_code == 201
    other = country.post(path, technician, order(capacity="employer"), capacity=PROVIDER)
    assert other.status_code == 403
    where = f"{path}/{made.json['client_id']}"
    assert country.get(where, technician, capacity=PROVIDER).status_code == 200
    assert country.get(where, top, capacity=EMPLOYER).status_code == 404
    assert country.get(path, top, capacity=EMPLOYER).json["items"] == []
    for answer in (
        country.post(path, plain, order(), capacity=PROVIDER),
        country.get(path, plain, capacity=PROVIDER),
        country.get(where, plain, capacity=PROVIDER),
        country.post(f"{where}/end", plain, capacity=PROVIDER),
    ):
        assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (403, "missingPermission")


def test_a_declaration_service_is_not_an_enterprises_to_manage(country: Country) -> None:
    """The operator registers it; the managers of its enterprise see it and can neither end it nor change its keys."""
    manager = country.manager(country.portal.enterprise)
    where = f"/enterprises/{country.portal.enterprise}/clients/{country.portal.id}"
    assert country.get(where, manager).json["kind"] == "declaration_service"
    assert country.post(f"{where}/end", manager).status_code == 404
    assert country.ask("PUT", f"{where}/keys", manager, {"jwks": public_jwks()}).status_code == 404
