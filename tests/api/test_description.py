"""The API describes itself: a valid OpenAPI document, complete and honest, and routes that all say who may call."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from iam.domain.enterprises import Capacity
from iam.web import markers
from iam.web.markers import Public, Requires
from tests.api.administration import Country

SNAPSHOT = Path(__file__).with_name("routes.txt")


@pytest.fixture
def document(small_country: Country) -> dict[str, Any]:
    answer = small_country.http.get("/api/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told: dict[str, Any] = answer.json
    return told


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://procura.example"}]


def test_every_route_says_who_may_call_and_the_list_is_kept(small_country: Country) -> None:
    """When this fails because a route was added, look at its marker, and then write the list anew."""
    routes = markers.routes(small_country.http.application)
    assert all(marker is not None for _, _, marker in routes)
    assert "".join(f"{method} {path} {told(marker)}\n" for method, path, marker in routes) == SNAPSHOT.read_text()


def told(marker: object) -> str:
    if isinstance(marker, Public):
        return "public"
    assert isinstance(marker, Requires)
    return str(marker.requirement)


def test_every_operation_is_described(small_country: Country, document: dict[str, Any]) -> None:
    served = {
        (method, path)
        for method, path, _ in markers.routes(small_country.http.application)
        if path != "/api/openapi.json" and method not in ("HEAD", "OPTIONS")
    }
    described = {
        (method.upper(), path.replace("{", "<").replace("}", ">"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == served


def test_every_act_of_a_person_names_the_login_that_it_needs(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if "x-public" in operation:
                assert path == "/health"
                continue
            assert {"bearer": [], "login": []} in operation["security"]
            headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
            assert {"Procura-Capacity", "Accept-Language"} <= headers
            assert {"400", "401", "403"} <= operation["responses"].keys()


def test_every_input_is_closed_and_bounded(document: dict[str, Any]) -> None:
    taken = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    ]
    assert taken
    schemas = document["components"]["schemas"]
    for schema in taken:
        assert schemas[schema["$ref"].rpartition("/")[2]]["additionalProperties"] is False


def test_no_example_is_a_number_of_a_person(document: dict[str, Any]) -> None:
    assert "85073003328" not in json.dumps(document)


def test_health_tells_what_does_not_work(small_country: Country) -> None:
    country = small_country
    well = country.http.get("/health")
    assert (well.status_code, well.json["status"]) == (200, "up")
    country.house.keys_work = False
    ill = country.http.get("/health")
    assert (ill.status_code, ill.json["code"]) == (503, "not_healthy")
    assert "keys" in ill.json["detail"]
    country.house.keys_work = True
    working, country.house.archive.target = country.house.archive.target, None
    dead = country.http.get("/health")
    country.house.archive.target = working
    assert (dead.status_code, "database" in dead.json["detail"]) == (503, True)


@pytest.mark.parametrize(
    ("language", "start", "told_in"),
    [
        ("nl-BE, fr;q=0.5", "Alleen een toegangsbeheerder", "nl"),
        ("fr-BE", "Seul un gestionnaire", "fr"),
        ("de", "Nur ein Zugangsverwalter", "de"),
        ("en", "Only an access manager", "en"),
        ("it, pt", "Only an access manager", "en"),
        ("*;q=x,,", "Only an access manager", "en"),
    ],
)
def test_a_refusal_by_the_law_is_told_in_the_language_asked(
    small_country: Country, language: str, start: str, told_in: str
) -> None:
    country = small_country
    number = country.enterprise(Capacity.EMPLOYER)
    user = country.user_of(number, Capacity.EMPLOYER)
    answer = country.get(f"/enterprises/{number}/grants", user, more={"Accept-Language": language})
    assert (answer.status_code, answer.json["code"]) == (403, "not_access_manager")
    assert answer.json["detail"].startswith(start)
    assert answer.headers["Content-Language"] == told_in
    assert "Accept-Language" in answer.headers["Vary"]
