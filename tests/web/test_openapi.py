"""The description of the API is valid, complete, and says what the API does."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from iam.web import markers, openapi
from iam.web.markers import public
from iam.web.routes import Api
from tests.web.tiny_service import TinyService, misfortunes_api, users_api

USERS = "/api/v1/enterprises/{enterprise}/users"


@pytest.fixture
def described(service: TinyService) -> dict[str, Any]:
    """The description of the tiny service, as a client reads it."""
    made = openapi.document(
        [users_api(service), misfortunes_api()], title="Tiny", version="1.0.0", server="https://api.procura.test"
    )
    read: dict[str, Any] = json.loads(json.dumps(made))
    return read


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The operations by method and path."""
    return {(method.upper(), path): told for path, item in document["paths"].items() for method, told in item.items()}


def test_the_description_is_valid_openapi(described: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []
    assert described["openapi"].startswith("3.1")


def test_every_route_is_described(service: TinyService, described: dict[str, Any]) -> None:
    served = {
        (m, p.replace("<", "{").replace(">", "}")) for m, p, _marker in markers.routes(service.app) if m != "HEAD"
    }
    assert operations(described).keys() == served


def test_every_operation_has_a_name_of_its_own_a_tag_and_an_answer_to_everything(described: dict[str, Any]) -> None:
    told = list(operations(described).values())
    assert len({one["operationId"] for one in told}) == len(told)
    tags = {tag["name"] for tag in described["tags"]}
    for one in told:
        assert set(one["tags"]) <= tags and one["summary"]
        assert "default" in one["responses"] and "400" in one["responses"]


def test_public_operations_say_why_and_others_need_a_token(described: dict[str, Any]) -> None:
    told = operations(described)
    assert told["GET", "/api/v1/misfortunes/{name}"]["security"] == []
    assert told["GET", "/api/v1/misfortunes/{name}"]["x-public"] == "fails for everybody alike"
    assert told["GET", USERS]["security"] == [{"bearer": []}]
    assert {"401", "403"} <= told["GET", USERS]["responses"].keys()


def test_parameters_are_described_with_their_bounds(described: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in operations(described)["GET", USERS]["parameters"]}
    assert parameters["enterprise"]["in"] == "path" and parameters["enterprise"]["required"] is True
    assert (parameters["limit"]["schema"]["minimum"], parameters["limit"]["schema"]["maximum"]) == (1, 1_000)
    assert parameters["limit"]["schema"]["default"] == 100
    assert parameters["cursor"]["required"] is False
    assert parameters["name"]["in"] == "query"


def test_idempotent_and_versioned_operations_describe_their_headers(described: dict[str, Any]) -> None:
    told = operations(described)
    making, renaming, reading = told["POST", USERS], told["PUT", USERS + "/{user}"], told["GET", USERS + "/{user}"]
    assert {"name": "Idempotency-Key", "required": False}.items() <= making["parameters"][-1].items()
    assert {"name": "If-Match", "required": True}.items() <= renaming["parameters"][-1].items()
    assert {"412", "428"} <= renaming["responses"].keys() and "412" not in reading["responses"]
    assert "ETag" in reading["responses"]["200"]["headers"]
    assert "Location" in making["responses"]["201"]["headers"]


def test_bodies_are_closed_and_bounded(described: dict[str, Any]) -> None:
    schema = described["components"]["schemas"]["NewUser"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"]["maxLength"] == 200
    body = operations(described)["POST", USERS]["requestBody"]
    assert body["required"] is True and list(body["content"]) == ["application/json"]


def test_problems_are_described_by_status_with_their_types(described: dict[str, Any]) -> None:
    forbidden = described["components"]["responses"]["Problem403"]
    assert "missingScope" in forbidden["description"] and "missingPermission" in forbidden["description"]
    assert list(forbidden["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("name", ["invalid", "forbidden", "step_up", "conflict", "gone", "unavailable", "crash"])
def test_every_problem_is_of_the_form_that_is_described(
    service: TinyService, described: dict[str, Any], name: str
) -> None:
    schema = described["components"]["schemas"]["Problem"]
    told = service.client().get(f"/api/v1/misfortunes/{name}").get_json()
    issues = described["components"]["schemas"]["InputValidationProblem"]["properties"]
    assert set(schema["required"]) <= told.keys() <= schema["properties"].keys() | issues.keys()


def test_two_operations_of_one_name_are_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="fail"):
        openapi.document([misfortunes_api(), misfortunes_api()], title="x", version="1", server="/")


def test_an_unknown_security_scheme_is_an_error_of_ours(service: TinyService) -> None:
    with pytest.raises(ValueError, match="bearer"):
        openapi.document(
            [users_api(service)], title="x", version="1", server="/", schemes={"mtls": {"type": "mutualTLS"}}
        )


def test_a_group_without_inputs_or_bodies_is_valid_too() -> None:
    api = Api("Bare")
    api.get("/bare", summary="Bare", answers={204: None})(public("a test")(lambda: None))
    made = openapi.document([api], title="x", version="1", server="/")
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []
