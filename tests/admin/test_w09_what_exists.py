"""W09: no answer of the portal's own pages tells whether an enterprise, a session, a person or a mandate exists."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.enterprises import Capacity
from iam.domain.logins import LoginRecord
from iam.domain.sessions import Session
from iam.services.sign_in import LoginRefused
from iam.web.written_out import cbe
from tests.admin.counter import Counter, post
from tests.services.login_scenes import HERE

UNKNOWN = "0206731645"
PROVIDER = "service_provider"


def alike(answer: TestResponse, asked: str = UNKNOWN) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what is new in every one, and without what was asked."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    text = text.replace(answer.headers["X-Request-ID"], "").replace(cbe(asked), "").replace(asked, "")
    headers = [(name, value) for name, value in answer.headers if name not in ("X-Request-ID", "Set-Cookie")]
    return answer.status_code, text, headers


def numbers(counter: Counter) -> dict[str, str]:
    """Enterprises that may or may not be told apart."""
    world = counter.world
    ceased = world.enterprise(Capacity.EMPLOYER)
    _, (elsewhere,) = _of_another_provider(counter)
    world.clock.advance(seconds=1)
    world.cease(ceased)
    return {
        "unknown": UNKNOWN,
        "employer": world.enterprise(Capacity.EMPLOYER),
        "without capacity": world.enterprise(),
        "ceased": ceased,
        "mandator of another": elsewhere,
    }


def _of_another_provider(counter: Counter) -> tuple[str, list[str]]:
    mine, counter.person = counter.person, counter.world.person()[0]
    made = counter.provider_with_mandators(1)
    counter.person = mine
    return made


Asked = Callable[[Counter, FlaskClient, str], TestResponse]


def act_as_employer(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    return post(client, "/act-as", at="/sign-out", enterprise=number, capacity="employer", mandator="")


def act_above(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    return post(client, "/act-as", at="/sign-out", enterprise=number, capacity="", mandator="")


def act_as_provider(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    return post(client, "/act-as", at="/sign-out", enterprise=number, capacity=PROVIDER, mandator="")


def act_for(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    present = counter.world.found(Session, person=counter.person)[-1]
    assert present.enterprise is not None
    form = {"enterprise": present.enterprise, "capacity": PROVIDER, "mandator": number}
    return post(client, "/act-as", at="/sign-out", **form)


def search_for(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    return client.get("/act-as", query_string={"mandator": number})


def represent(counter: Counter, client: FlaskClient, number: str) -> TestResponse:
    """The register knows none of them: what this archive knows makes no difference."""
    return post(client, "/act-as/representative", at="/act-as", enterprise=number)


@pytest.mark.attack("W09")
@pytest.mark.parametrize(
    "ask", [act_as_employer, act_above, act_as_provider, act_for, search_for, represent], ids=lambda one: one.__name__
)
def test_enterprises_that_one_has_nothing_to_do_with_look_alike(counter: Counter, ask: Asked) -> None:
    provider, _ = counter.provider_with_mandators(1)
    client = counter.signed_in()
    post(client, "/act-as", at="/act-as", enterprise=provider, capacity=PROVIDER, mandator="")
    answers = {name: alike(ask(counter, client, one), one) for name, one in numbers(counter).items()}
    expected = answers["unknown"]
    assert expected[0] in (200, 403, 404)
    assert [name for name, one in answers.items() if one != expected] == []


@pytest.mark.attack("W09")
@pytest.mark.parametrize("session", ["", "0" * 64, "another's", "ended", "x", "another's in capitals"])
def test_sessions_of_others_look_like_none(counter: Counter, session: str) -> None:
    client, other = counter.signed_in(), counter.signed_in("eid-card")
    ended = next(one.id for one in counter.world.found(Session) if one.provider == "eid-card")
    assert post(other, "/sign-out", at="/sign-out").status_code == 303
    mine, counter.niss = counter.niss, counter.world.person()[1]
    counter.signed_in("mygov-be")
    strange = next(one.id for one in counter.world.found(Session) if one.provider == "mygov-be")
    counter.niss = mine
    asked = {"another's": strange, "ended": ended, "another's in capitals": strange.upper()}.get(session, session)
    answer = post(client, "/my/sessions/end", at="/sign-out", session=asked)
    none = post(client, "/my/sessions/end", at="/sign-out", session="f" * 64)
    assert alike(answer) == alike(none)
    assert answer.status_code == 404
    assert any(one.id == strange for one in counter.world.found(Session))


@pytest.mark.attack("W09")
@pytest.mark.parametrize("known", [True, False])
def test_a_login_that_is_refused_tells_nothing_of_whose_it_was(counter: Counter, known: bool) -> None:
    """Only the person it names can read of it; nobody becomes known by it."""
    person, niss = counter.world.person() if known else (None, counter.niss.parse("85073003328"))
    proven = counter.gate.proven(niss)
    counter.gate.sign_in.enter(counter.gate.proven(counter.niss, reference=proven.reference), HERE)
    with pytest.raises(LoginRefused) as refusal:
        counter.gate.sign_in.enter(proven, HERE)
    counter.gate.sign_in.note_refused(proven, HERE, refusal.value.code)
    assert (refusal.value.code, refusal.value.cure) == ("login_replayed", None)
    noted = [one.person for one in counter.world.found(LoginRecord) if one.person != counter.person]
    assert noted == ([person] if known else [])


def test_answers_that_told_something_would_be_caught(counter: Counter) -> None:
    provider, (mandator,) = counter.provider_with_mandators(1)
    client = counter.signed_in()
    post(client, "/act-as", at="/act-as", enterprise=provider, capacity=PROVIDER, mandator="")
    mine = alike(search_for(counter, client, mandator), mandator)
    assert mine != alike(search_for(counter, client, UNKNOWN), UNKNOWN)
