"""The tour walks every step against a real service, and says which one did not do what it must."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import requests
from rich.console import Console
from werkzeug.serving import make_server

from iam.app import build, fresh_sandbox, service_of
from iam.domain.periods import local_date
from iam.outside.clock import ShiftedClock
from iam.ports import Clock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import sandbox_environment, whole_seconds
from iam.sandbox.identity_server import playing_identity_providers
from iam.sandbox.loading import load_country
from iam.sandbox.software import SandboxClient
from iam.sandbox.state_server import StateSystems, playing_the_state
from iam.sandbox.state_systems import LOGIN
from iam.sandbox.tour.guide import Guide, WrongTurn
from iam.sandbox.tour.narrator import Narrator, flattened, picked
from iam.sandbox.tour.questions import permitted, refused
from iam.sandbox.tour.route import NINA_DECLARES, ROUTE
from iam.sandbox.tour.walk import walk
from tests.ports import free_port
from tests.sandbox.conftest import START
from tests.surroundings import arrange


@dataclass(frozen=True)
class Premises:
    """A service with the state's systems beside it."""

    base_url: str
    state: StateSystems
    country: Country
    clients: list[SandboxClient]
    clock: Clock

    def guide(self) -> tuple[Guide, StringIO]:
        """A guide at the beginning of a tour, and what it says."""
        said = StringIO()
        console = Console(file=said, highlight=False, width=110)
        clients = {one.alias: one for one in self.clients}
        login = self.state.url + LOGIN
        return Guide(self.base_url, login, self.country, clients, self.clock, Narrator(console)), said


@pytest.fixture
def premises(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """A freshly loaded country and its service, at an instant."""
    start = getattr(request, "param", START)
    port, country = free_port(), read_country(local_date(start))
    clock = ShiftedClock(timedelta(seconds=whole_seconds(ShiftedClock.starting_at(start).offset)))
    base_url = f"http://127.0.0.1:{port}"
    with (
        playing_the_state(country, clock, base_url) as state,
        playing_identity_providers(country, clock, base_url) as identities,
        pytest.MonkeyPatch.context() as patch,
    ):
        data = tmp_path_factory.mktemp("tour")
        surroundings = dict(sandbox_environment(data, port, base_url, state, country, clock.offset))
        arrange(patch, surroundings | identities.environment(data))
        settings = fresh_sandbox()
        clients = load_country(settings, country)
        house = build(settings)
        server = make_server("127.0.0.1", port, service_of(house), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Premises(base_url, state, country, clients, clock)
        finally:
            server.shutdown()
            thread.join()
            house.archive.close()


def test_every_step_does_what_it_must(premises: Premises) -> None:
    guide, said = premises.guide()
    assert walk(guide), said.getvalue()
    titles = [step.title for part in ROUTE for step in part.steps]
    numbered = [f"{number:>2}  {title}" for number, title in enumerate(titles, 1)]
    assert [line for line in said.getvalue().splitlines() if line in numbered] == numbered


@pytest.mark.parametrize(
    "premises",
    [
        datetime(2010, 1, 1, tzinfo=UTC),
        datetime(2026, 9, 30, 21, 59, 58, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
        datetime(2099, 12, 31, 22, 59, 58, tzinfo=UTC),
    ],
    indirect=True,
    ids=["first_year", "quarters_end", "summer_time", "leap_day", "last_quarter"],
)
def test_the_tour_can_be_taken_at_any_time(premises: Premises) -> None:
    guide, said = premises.guide()
    assert walk(guide), said.getvalue()


def test_the_first_step_that_goes_wrong_is_named_and_the_last(premises: Premises) -> None:
    requests.post(f"{premises.state.url}/control/register", json={"mood": "refuses"}, timeout=5)
    guide, said = premises.guide()
    assert not walk(guide)
    assert "The tour ends here: 'Lena, its managing director, registers the brewery'" in said.getvalue()
    assert "expected 201, got 503 Service Unavailable" in said.getvalue()
    assert "Paul" not in said.getvalue()


def test_a_tour_cannot_be_walked_twice_in_one_country(premises: Premises) -> None:
    assert walk(premises.guide()[0])
    guide, said = premises.guide()
    assert not walk(guide)
    assert "expected 201, got 409 Conflict" in said.getvalue()


def test_a_check_that_comes_out_otherwise_is_a_wrong_turn(premises: Premises) -> None:
    guide, _ = premises.guide()
    refused(guide, NINA_DECLARES, "no_mandate_in_force", "propose_mandate")
    with pytest.raises(WrongTurn, match="expected a permit, got a refusal: no_mandate_in_force"):
        permitted(guide, NINA_DECLARES)
    with pytest.raises(WrongTurn, match="expected a refusal 'no_grant'"):
        refused(guide, NINA_DECLARES, "no_grant", "propose_mandate")
    with pytest.raises(WrongTurn, match="with the cure 'step_up'"):
        refused(guide, NINA_DECLARES, "no_mandate_in_force", "step_up")
    haulier = replace(NINA_DECLARES, employer="haulier")
    permitted(guide, haulier)
    with pytest.raises(WrongTurn, match="expected a refusal"):
        refused(guide, haulier, "no_mandate_in_force", None)


def test_a_service_that_does_not_answer_is_a_wrong_turn(premises: Premises) -> None:
    guide, said = premises.guide()
    guide.base_url = f"http://127.0.0.1:{free_port()}"
    assert not walk(guide)
    assert "no answer to POST /oauth2/token: ConnectionError" in said.getvalue()


def test_what_differs_between_tours_is_shown_under_its_name() -> None:
    said = StringIO()
    narrator = Narrator(Console(file=said, width=110))
    narrator.name("abc123", "mandate")
    narrator.name("abc123def", "token")
    narrator.answer("200 OK", True, {"a": "abc123def", "b": {"c": "abc123/x"}, "at": "2026-11-21T23:30:00.123456Z"})
    assert said.getvalue() == "    ← 200 OK\n      a: ‹token›\n      b.c: ‹mandate›/x\n      at: 2026-11-22\n"


def test_markup_in_an_answer_is_shown_as_it_is() -> None:
    said = StringIO()
    Narrator(Console(file=said, width=110)).answer("[bold]x[/]", False, {"[red]": "[/red]"})
    assert said.getvalue() == "    ← [bold]x[/]\n      [red]: [/red]\n"


def test_an_answer_is_told_by_its_paths() -> None:
    told = {"a": {"b": 1}, "c": [{"d": [2, 3]}, {"d": []}], "e": None}
    assert list(flattened(told)) == [("a.b", 1), ("c[0].d", "2, 3"), ("c[1].d", ""), ("e", None)]
    assert picked(told, "a.b", "e", "a.missing", "a.b.c", "c") == {"b": 1, "c": told["c"]}
