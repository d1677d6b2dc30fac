"""The portal's routes, each with what it requires, are a list that changes only on purpose."""

from __future__ import annotations

from pathlib import Path

from iam.web.csrf import SAFE
from iam.web.markers import Public, routes
from tests.admin.counter import Counter

LIST = Path(__file__).with_name("routes.txt")
OF_THE_TESTS = ("/high", "/broken", "/elsewhere", "/sign-in/<any")


def listed(counter: Counter) -> list[str]:
    """Every method and path of the pages with its marker."""
    return [
        f"{method} {path} {'public' if isinstance(marker, Public) else marker.requirement if marker else 'UNMARKED'}"
        for method, path, marker in routes(counter.app)
        if method not in ("HEAD", "OPTIONS") and not path.startswith(OF_THE_TESTS)
    ]


def test_the_routes_are_those_that_were_agreed_upon(counter: Counter) -> None:
    assert listed(counter) == LIST.read_text().splitlines()


def test_every_page_of_a_person_requires_a_login(counter: Counter) -> None:
    client = counter.client()
    for path in ("/", "/act-as", "/my/sessions", "/my/logins"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path


def test_no_page_is_changed_by_reading_it(counter: Counter) -> None:
    changing = {path for method, path, _ in routes(counter.app) if method not in SAFE}
    assert {"/act-as", "/sign-out", "/my/sessions/end", "/my/sessions/end-others"} <= changing
    assert not any("end" in path for method, path, _ in routes(counter.app) if method == "GET")
