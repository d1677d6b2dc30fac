"""What a refusal says of an input names it as the caller sent it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from iam.api.admin_app import SUBJECTS
from iam.api.migrations import LineInput
from iam.domain.enterprises import Capacity
from iam.web.models import places_of
from iam.web.operations import Operation
from tests.api.administration import Country

HOUSE = Path(__file__).parents[2] / "iam"
OF_THE_COMMAND_LINE = {"new_secret", "services", "niss_services", "profile_until"}
"""Inputs of `procura client`, which no operation of the API takes."""

OF_REGISTRATION = {"client_secret", "scope"}
"""Members of what software registers by itself, or a vendor asks for, which no operation of the API takes."""

OF_SIGNALS = {"delivery", "events_requested", "subject"}
"""Members of what receivers of signals send."""

OF_PAGES = {"country", "device_code", "password", "secret", "user_name"}
"""Inputs of forms for people, which no operation of the API takes."""


class Anything:
    """Stands for all that operations work with, so that they can be declared and looked at."""

    def __getattr__(self, name: str) -> Anything:
        return self


def operations() -> list[Operation]:
    """All operations of the administration API."""
    parts: Any = Anything()
    return [operation for subject in SUBJECTS for operation in subject(parts).operations]


def named_by_refusals() -> set[str]:
    """The names that refusals of invalid input give to inputs, as they are written in the use-cases and the domain."""
    found = set()
    for path in [*(HOUSE / "services").glob("*.py"), *(HOUSE / "domain").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "InvalidInput":
                fields = [one.value for one in node.keywords if one.arg == "field"]
                found |= {one.value for one in fields if isinstance(one, ast.Constant)}
    return {str(one) for one in found}


def test_every_name_of_an_input_in_a_refusal_is_one_that_callers_send() -> None:
    sent = set(places_of(LineInput))  # of a migration, whose answer tells of each line by itself
    for one in operations():
        models = [model for model in (one.body, one.query) if model is not None]
        sent |= {place for model in models for place in places_of(model)} | one.fields.keys() | one.path_types.keys()
    named = named_by_refusals()
    assert {"responsible_niss", "signatories", "first_quarter"} <= named
    assert named - sent == OF_THE_COMMAND_LINE | OF_PAGES | OF_REGISTRATION | OF_SIGNALS


def test_an_operation_that_takes_an_input_elsewhere_says_where() -> None:
    told = {one.name: dict(one.fields) for one in operations() if one.fields}
    assert told["designate_manager"] == {"responsible_niss": "responsible.niss", "born": "appointee.name"}
    assert told["submit_paper"] == {"signatories": "signatory_niss"}


def issues(answer: Any) -> list[tuple[str, str]]:
    """The inputs at fault: where they came, and their places."""
    assert answer.status_code == 400, answer.data
    return [(one["in"], one.get("name", "")) for one in answer.json["issues"]]


def test_the_responsible_person_is_named_by_the_place_in_the_body(country: Country) -> None:
    number = country.enterprise(Capacity.EMPLOYER)
    person = {"niss": country.human().niss.value, "phone": "+32 2 555 01 01"}
    body = {
        "responsible": person,
        "appointee": {**person, "email": "a@example.org", "label": "A"},
        "tie": "employee",
    }
    path = f"/enterprises/{number}/principal-access-manager"
    answer = country.post(path, country.representative(number), body)
    assert issues(answer) == [("body", "responsible.niss")]


def test_an_employer_number_is_named_by_the_place_in_the_body(small_country: Country) -> None:
    body = {"employer_number": {"kind": "nsso", "value": "100007"}}
    answer = small_country.post("/enterprises", small_country.human(), body)
    assert issues(answer) == [("body", "employer_number.value")]


@pytest.mark.parametrize(
    ("jwk", "places"),
    [
        ({"kty": 1}, {"jwks.keys[0].kty"}),
        ({"kty": "é"}, {"jwks.keys[0].kty"}),
        ({"x5c": [1]}, {"jwks.keys[0].x5c", "jwks.keys[0].x5c[0]"}),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, {"jwks.keys[0]"}),
    ],
)
def test_a_faulty_key_is_named_by_its_place_in_the_body(
    small_country: Country, jwk: dict[str, object], places: set[str]
) -> None:
    number = small_country.enterprise(Capacity.EMPLOYER)
    body = {"capacity": "employer", "jwks": {"keys": [jwk]}, "algorithm": "ES256", "label": "software"}
    answer = small_country.post(f"/enterprises/{number}/clients", small_country.manager(number), body)
    assert {name for _, name in issues(answer)} == places
