"""RFC 7523 for clients of the profile `older`: a looser audience and life, until an end date."""

from datetime import timedelta
from typing import Any

import pytest

from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from tests.oidc.provider.forgery import ec_jwk, jwks
from tests.oidc.provider.premises import EVALUATE, ISSUER, NSSO, Premises
from tests.storage import records

TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"
OLDER = f"declaration_service_procura_{NSSO}_olderolder"


def settle_older(house: Premises, **fields: Any) -> None:
    """Register a declaration service with the profile `older`."""
    plain: dict[str, Any] = {
        "enterprise": NSSO,
        "capacity": Capacity.ADMINISTRATION,
        "kind": ClientKind.DECLARATION_SERVICE,
        "services": ("dimona",),
        "profile": Profile.OLDER,
        "profile_until": house.clock.at + timedelta(days=30),
        "jwks": jwks(ec_jwk(kid="k1")),
    }
    house.record(records.client(OLDER, **{**plain, **fields}))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": TOKEN_ENDPOINT},
        {"aud": [ISSUER, TOKEN_ENDPOINT]},
        {"aud": ISSUER},
        {"long": True},
    ],
)
def test_the_older_profile_takes_a_looser_audience_and_life_until_its_end(
    plain_house: Premises, claims: dict[str, Any]
) -> None:
    settle_older(plain_house)

    def status() -> int:
        told = {"exp": plain_house.seconds(hours=1)} if "long" in claims else claims
        return plain_house.ask(EVALUATE, OLDER, None, plain_house.assertion(OLDER, **told)).status_code

    assert status() == 200
    plain_house.clock.advance(days=31)
    assert status() == 401


@pytest.mark.parametrize(
    ("typ", "claims"),
    [
        ("JWT", {"aud": "https://other.example"}),
        ("JWT", {"aud": [ISSUER, "https://other.example"]}),
        ("client-authentication+jwt", {"aud": TOKEN_ENDPOINT}),
        ("client-authentication+jwt", {"aud": [ISSUER]}),
    ],
)
def test_the_older_profile_does_not_take_everything(plain_house: Premises, typ: str, claims: dict[str, Any]) -> None:
    settle_older(plain_house)
    header = {"alg": "ES256", "kid": "k1", "typ": typ}
    assertion = plain_house.assertion(OLDER, header=header, **claims)
    assert plain_house.ask(EVALUATE, OLDER, None, assertion).status_code == 401


def test_the_older_profile_does_not_take_a_life_of_a_day(plain_house: Premises) -> None:
    settle_older(plain_house)
    assertion = plain_house.assertion(OLDER, exp=plain_house.seconds(days=1))
    assert plain_house.ask(EVALUATE, OLDER, None, assertion).status_code == 401


def test_a_token_of_an_older_client_does_not_outlive_its_profile(plain_house: Premises) -> None:
    settle_older(plain_house, profile_until=plain_house.clock.at + timedelta(seconds=100))
    assert plain_house.ask(EVALUATE, OLDER, None).get_json()["expires_in"] == 100
