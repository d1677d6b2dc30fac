"""The whole service answers programs at their paths and shows pages to people at all others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from iam.app import build, service_of, settings_here
from iam.settings import UnsafeSettings
from iam.storage.migrations import upgrade
from tests.sandbox.conftest import BASE_URL

PROVIDERS = """
[providers.itsme]
kind = "oidc"
key = "itsme"
highest = "high"
enabled = ENABLED
labels = { nl = "itsme", fr = "itsme", de = "itsme", en = "itsme" }
"""


@pytest.fixture
def people(surroundings: Callable[..., None]) -> Iterator[Client]:
    """A browser at the whole service, which nobody has configured a way to log in to."""
    surroundings()
    upgrade(settings_here().database_url)
    house = build(settings_here())
    yield Client(service_of(house))
    house.archive.close()


def kind(client: Client, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and media type of an answer."""
    answer = client.open(path, base_url=BASE_URL, method=method)
    return answer.status_code, answer.content_type.partition(";")[0]


def test_people_are_led_to_the_choice_of_keys(people: Client) -> None:
    first = people.get("/", base_url=BASE_URL)
    assert (first.status_code, first.headers["Location"]) == (303, "/sign-in")
    assert kind(people, "/sign-in") == (200, "text/html")


def test_what_people_cannot_find_is_told_by_a_page(people: Client) -> None:
    paths = ["/nowhere", "/apiary", "/healthy", "/.env", "/API/v1/me", "/oauth"]
    assert [kind(people, path) for path in paths] == [(404, "text/html")] * len(paths)


def test_programs_are_answered_as_programs(people: Client) -> None:
    expected = {
        "/api/v1/nowhere": 404,
        "/api/v1/me": 401,
        "/oauth2/nowhere": 404,
        "/access/v1/evaluation": 405,
        "/.well-known/nothing": 404,
        "/explanations/nothing": 404,
        "/health/x": 404,
        "/api": 404,
    }
    answers = {path: kind(people, path) for path in expected}
    assert {path: status for path, (status, _) in answers.items()} == expected
    assert all("json" in media for _, media in answers.values())


def test_a_path_that_two_servers_could_read_differently_is_refused(people: Client) -> None:
    for path in ("//api/v1/me", "/./api/v1/me", "/x/../api/v1/me", "/api//v1/me", "/api/../sign-in"):
        answer = people.get("/", base_url=BASE_URL, environ_overrides={"PATH_INFO": path})
        assert answer.status_code == 400, path


def test_a_service_does_not_start_on_providers_that_it_does_not_understand(
    surroundings: Callable[..., None], tmp_path: Path
) -> None:
    file = tmp_path / "providers.toml"
    surroundings(PROCURA_LOGIN_PROVIDERS=str(file))
    upgrade(settings_here().database_url)
    for content in (None, PROVIDERS.replace("ENABLED", '"yes"'), "[providers"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(UnsafeSettings, match="PROCURA_LOGIN_PROVIDERS"):
            build(settings_here())
