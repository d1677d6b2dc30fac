"""RFC 9396: one element says for which mandator a token is, and nothing in it is ignored."""

import json
from dataclasses import replace
from typing import Any

import pytest

from iam.domain.appointments import Portfolio, PortfolioKind
from iam.domain.enterprises import Enterprise
from iam.domain.mandates import Cover
from iam.domain.periods import Period
from tests.oidc.provider.premises import DECLARE, EMPLOYER, IN_HOUSE, MANDATE, OTHER, PROVIDER, SOFTWARE, Premises
from tests.storage import records

ELEMENT: dict[str, Any] = MANDATE[0]


@pytest.mark.parametrize("mandator", [EMPLOYER, "0206.731.645", "BE 0206.731.645", "206731645"])
def test_a_mandator_may_be_written_in_any_accepted_form(plain_house: Premises, mandator: str) -> None:
    answer = plain_house.ask(details=[{**ELEMENT, "mandator": mandator}])
    assert answer.get_json()["authorization_details"][0]["mandator"] == EMPLOYER


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ("not json", "malformed_details"),
        ("{}", "malformed_details"),
        ("[]", "malformed_details"),
        ("null", "malformed_details"),
        ([ELEMENT, ELEMENT], "malformed_details"),
        ([ELEMENT, {**ELEMENT, "mandator": OTHER}], "malformed_details"),
        (["procura_mandator"], "malformed_details"),
        (
            '[{"type":"procura_mandator","mandator":"0206731645","mandator":"0416377646","capacity":"x"}]',
            "malformed_details",
        ),
        ('[{"type":"procura_mandator","mandator":"0206731645","capacity":NaN}]', "malformed_details"),
        ("[" * 2000 + "]" * 2000, "malformed_details"),
        (json.dumps([{**ELEMENT, "note": "x" * 3000}]), "malformed_details"),
        ([{**ELEMENT, "extra": 1}], "malformed_details"),
        ([{**ELEMENT, "actions": ["declare"]}], "malformed_details"),
        ([{**ELEMENT, "certified": True}], "malformed_details"),
        ([{"type": "procura_mandator", "mandator": EMPLOYER}], "malformed_details"),
        ([{**ELEMENT, "type": "payment_initiation"}], "unknown_type"),
        ([{**ELEMENT, "type": "procura_own_enterprise"}], "unknown_type"),
        ([{**ELEMENT, "type": None}], "unknown_type"),
        ([{**ELEMENT, "mandator": "0206731646"}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": 206731645}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": ""}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": "*"}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": "\uff10206731645"}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": [EMPLOYER]}], "invalid_cbe_number"),
        ([{**ELEMENT, "mandator": "0" * 10_000}], "malformed_details"),
        ([{**ELEMENT, "capacity": "king"}], "unknown_capacity"),
        ([{**ELEMENT, "capacity": ["service_provider"]}], "unknown_capacity"),
        ([{**ELEMENT, "capacity": "SERVICE_PROVIDER"}], "unknown_capacity"),
        ([{**ELEMENT, "capacity": "certified_social_secretariat"}], "capacity_differs"),
        ([{**ELEMENT, "mandator": PROVIDER}], "own_enterprise"),
        ([{**ELEMENT, "mandator": OTHER}], "no_mandate_in_force"),
    ],
)
def test_details_that_are_not_understood_or_not_permitted_are_refused(
    plain_house: Premises, details: object, reason: str
) -> None:
    answer = plain_house.ask(details=details)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_authorization_details")
    assert answer.get_json()["error_description"].startswith(f"{reason}: ")
    assert plain_house.leaves("token_issued") == []


def test_an_employer_cannot_act_for_another_without_a_mandatary_capacity(house: Premises) -> None:
    details = [{"type": "procura_mandator", "mandator": OTHER, "capacity": "employer"}]
    answer = house.ask(DECLARE, IN_HOUSE, details)
    assert answer.get_json()["error"] == "invalid_authorization_details"


def test_without_a_portfolio_that_holds_the_mandator_there_is_no_token(house: Premises) -> None:
    house.remove(Portfolio, "f1")
    answer = house.ask()
    assert answer.get_json()["error"] == "invalid_authorization_details"
    assert answer.get_json()["error_uri"].endswith("/explanations/outside_portfolio")
    house.record(
        records.member("m9", group="mg1", mandator=EMPLOYER),
        records.portfolio("f2", holder=SOFTWARE, enterprise=PROVIDER, kind=PortfolioKind.ALL_BUT, group="mg1"),
    )
    assert house.ask().status_code == 400


def test_a_ceased_mandator_gives_no_token(house: Premises) -> None:
    _cease(house, EMPLOYER)
    told = house.ask().get_json()
    assert (told["error"], told["error_description"][:15]) == ("invalid_authorization_details", "employer_ceased")


def test_a_ceased_provider_gets_no_token_for_anybody(house: Premises) -> None:
    _cease(house, PROVIDER)
    told = house.ask().get_json()
    assert (told["error"], told["error_description"][:17]) == ("unauthorized_client", "enterprise_ceased")


def test_a_closed_mandate_gives_no_token(house: Premises) -> None:
    house.remove(Cover, "m1/dmfa-dimona")
    assert house.ask().get_json()["error_uri"].endswith("/explanations/no_mandate_in_force")


def _cease(house: Premises, number: str) -> None:
    house.clock.advance(hours=1)
    with house.archive.reading() as reading:
        one = reading.get(Enterprise, number)
    assert one is not None
    house.record(replace(one, valid=Period(one.valid.start, house.clock.at)))
