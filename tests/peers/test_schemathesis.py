"""schemathesis against the running service: the administration API does what its own description says."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from tests.peers.conftest import client_of, healthy

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ADMINISTER = "scope:authorization:administration:administer"
NOT_IN_A_SCHEMA = [schemathesis.checks.positive_data_acceptance]
"""Check digits, and whether a record exists, cannot be said in a schema."""


@pytest.fixture(scope="session")
def portal(sandbox: dict[str, Any]) -> dict[str, Any]:
    """The sandbox's portal with an access token for acts of people."""
    return {"sandbox": sandbox, "client": client_of(sandbox, "portal"), "token": None, "until": 0.0}


@pytest.fixture(scope="session")
def api(sandbox: dict[str, Any]) -> schemathesis.BaseSchema:
    """The description that the service serves."""
    return schemathesis.openapi.from_url(f"{sandbox['base_url']}/api/openapi.json")


def access_token(portal: dict[str, Any]) -> str:
    """An access token, renewed in time."""
    if portal["until"] < time.monotonic():
        client, base_url = portal["client"], portal["sandbox"]["base_url"]
        now = int(time.time()) + portal["sandbox"]["clock_offset"]
        claims = {"iss": client["client_id"], "sub": client["client_id"], "aud": base_url}
        claims |= {"jti": uuid.uuid4().hex, "iat": now, "exp": now + 60}
        key = jwt.PyJWK(client["private_jwk"])
        form = {
            "grant_type": "client_credentials",
            "scope": ADMINISTER,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(claims, key, headers={"kid": client["private_jwk"]["kid"]}),
        }
        answer = requests.post(f"{base_url}/oauth2/token", data=form, timeout=10).json()
        portal["token"], portal["until"] = answer["access_token"], time.monotonic() + 120
    token: str = portal["token"]
    return token


def login(portal: dict[str, Any]) -> str:
    """The proof of a login of the brewery's director, good for one request."""
    sandbox = portal["sandbox"]
    lena = next(one for one in sandbox["personas"] if one["alias"] == "lena")
    asked = {"niss": lena["niss"], "key": "eid", "acr": "high", "azp": portal["client"]["client_id"]}
    answer = requests.post(sandbox["state"]["login"], json=asked, timeout=10)
    token: str = answer.json()["token"]
    return token


def test_every_operation_answers_as_it_is_described(api: schemathesis.BaseSchema, portal: dict[str, Any]) -> None:
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) > 30
    for operation in operations:

        @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def answers_as_described(case: Case) -> None:
            headers = {"Authorization": f"Bearer {access_token(portal)}", "Procura-Authentication": login(portal)}
            response = case.call(headers=headers)
            assert response.status_code < 500 or response.status_code == 503, response.text
            case.validate_response(response, excluded_checks=NOT_IN_A_SCHEMA)

        answers_as_described()


def test_the_service_is_well_after_all_that(sandbox: dict[str, Any]) -> None:
    assert healthy(sandbox)
