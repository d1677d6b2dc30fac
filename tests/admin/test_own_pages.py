"""What a person finds of their own: for whom they act, their sessions, their logins."""

from __future__ import annotations

import pytest

from iam.domain.appointments import Role
from iam.domain.enterprises import Capacity, Representative
from iam.domain.periods import Period
from iam.domain.sessions import CITIZEN, Session
from tests.admin.counter import Counter, post
from tests.services.worlds import LONG_AGO

ENGLISH = {"Accept-Language": "en"}


def present(counter: Counter) -> Session:
    """The only session of the person."""
    (session,) = counter.world.found(Session, person=counter.person)
    return session


def test_a_citizen_without_enterprise_reads_what_to_do(counter: Counter) -> None:
    page = counter.signed_in().get("/", headers=ENGLISH).text
    assert "You do not act for any enterprise yet" in page
    assert "Ask the access manager to add you as a user." in page
    assert str(counter.niss.value) not in page and counter.person not in page


def test_acting_for_an_enterprise_changes_the_session_and_shows_on_each_page(counter: Counter) -> None:
    number = counter.world.enterprise(Capacity.EMPLOYER)
    counter.appoint(number, Role.PRINCIPAL_ACCESS_MANAGER)
    client, before = counter.signed_in(), present(counter)
    answer = post(client, "/act-as", at="/act-as", enterprise=number, capacity="employer", mandator="")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    after = present(counter)
    assert after.id != before.id
    assert (after.enterprise, after.capacity) == (number, Capacity.EMPLOYER)
    assert "as employer" in client.get("/my/logins", headers=ENGLISH).text
    post(client, "/act-as", at="/act-as", enterprise="", capacity="", mandator="")
    assert present(counter).acting == CITIZEN


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"enterprise": "0206731645", "capacity": "employer", "mandator": ""}, 403),
        ({"enterprise": "0206731645", "capacity": "king", "mandator": ""}, 403),
        ({"enterprise": "0206731646", "capacity": "employer", "mandator": ""}, 400),
        ({"enterprise": "", "capacity": "", "mandator": "0206731645"}, 403),
        ({"enterprise": "", "capacity": "", "mandator": "", "assurance": "high"}, 400),
        ({"enterprise": "x" * 201, "capacity": "", "mandator": ""}, 400),
    ],
)
def test_nobody_acts_for_whom_they_may_not(counter: Counter, form: dict[str, str], status: int) -> None:
    client = counter.signed_in()
    assert post(client, "/act-as", at="/sign-out", **form).status_code == status
    assert present(counter).acting == CITIZEN


def test_a_legal_representative_acts_for_the_enterprise_when_the_register_says_so(counter: Counter) -> None:
    number = counter.world.enterprise(Capacity.EMPLOYER)
    since = Period(counter.world.clock.at - LONG_AGO)
    entry = Representative(niss=counter.niss.value, function="director", valid=since)
    counter.world.register.representatives[number] = (entry,)
    client = counter.signed_in()
    assert post(client, "/act-as/representative", at="/act-as", enterprise=number).status_code == 303
    assert (present(counter).enterprise, present(counter).capacity) == (number, None)
    assert "As legal representative" in client.get("/act-as", headers=ENGLISH).text


def test_a_stronger_login_keeps_the_number_that_a_representative_typed(counter: Counter) -> None:
    client = counter.signed_in("user-name-and-password")
    asked = post(client, "/act-as/representative", at="/act-as", enterprise="0206.731.645")
    assert asked.headers["Location"] == "/sign-in"
    assert "a key of a higher level" in client.get("/sign-in", headers=ENGLISH).text
    entered = post(client, "/sign-in/oidc/itsme/start", at="/sign-in")
    assert entered.headers["Location"] == "/act-as/representative"
    assert 'value="0206.731.645"' in client.get("/act-as/representative").text


@pytest.mark.parametrize(
    ("written", "away", "status", "told"),
    [
        ("0206731645", False, 404, "knows no enterprise with this number"),
        ("0206731645", True, 503, "does not answer at present"),
        ("0206731646", False, 400, "no valid enterprise number"),
        ("", False, 400, "no valid enterprise number"),
    ],
)
def test_what_the_register_does_not_confirm_is_told_beside_the_number(
    counter: Counter, written: str, away: bool, status: int, told: str
) -> None:
    counter.world.register.away = away
    client = counter.signed_in()
    answer = post(client, "/act-as/representative?lang=en", at="/act-as", enterprise=written)
    assert answer.status_code == status
    assert told in answer.text
    assert f'value="{written}"' in answer.text
    assert present(counter).acting == CITIZEN


def test_mandators_are_searched_and_chosen(counter: Counter) -> None:
    number, mandators = counter.provider_with_mandators(30)
    client = counter.signed_in()
    post(client, "/act-as", at="/act-as", enterprise=number, capacity="service_provider", mandator="")
    listed = client.get("/act-as", headers=ENGLISH).text
    assert "These are the first 20; there are more." in listed
    assert "Enterprise number, or its first digits" in listed
    assert client.get(f"/act-as?mandator={mandators[-1]}").text.count('value="' + mandators[-1]) == 2
    stranger = counter.world.enterprise(Capacity.EMPLOYER)
    missed = client.get(f"/act-as?mandator={stranger}", headers=ENGLISH).text
    assert f"With {stranger[:4]}.{stranger[4:7]}.{stranger[7:]} we find nobody for whom you can act from here" in missed
    begun = client.get(f"/act-as?mandator={mandators[-1][:9]}", headers=ENGLISH).text
    assert begun.count('name="mandator" value="0') == sum(one.startswith(mandators[-1][:9]) for one in mandators) + 1
    form = {"enterprise": number, "capacity": "service_provider"}
    assert post(client, "/act-as", at="/act-as", mandator=stranger, **form).status_code == 403
    assert post(client, "/act-as", at="/act-as", mandator=mandators[-1], **form).status_code == 303
    assert present(counter).mandator == mandators[-1]


def test_who_logged_in_too_weakly_to_act_for_a_mandator_is_led_to_a_stronger_key_and_back(counter: Counter) -> None:
    number, (mandator,) = counter.provider_with_mandators(1)
    client = counter.signed_in("user-name-and-password")
    form = {"enterprise": number, "capacity": "service_provider"}
    assert post(client, "/act-as", at="/act-as", mandator="", **form).headers["Location"] == "/"
    asked = post(client, "/act-as", at="/act-as", mandator=mandator, **form)
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in")
    assert present(counter).mandator is None
    choice = client.get("/sign-in", headers=ENGLISH).text
    assert "a key of a higher level" in choice and "DmfA" in choice
    entered = post(client, "/sign-in/oidc/itsme/start", at="/sign-in")
    assert entered.headers["Location"] == f"/act-as?mandator={mandator}"
    assert post(client, "/act-as", at="/act-as", mandator=mandator, **form).status_code == 303
    assert present(counter).mandator == mandator


def test_one_of_my_other_sessions_ends_when_i_say_so(counter: Counter) -> None:
    other, client = counter.signed_in(), counter.signed_in("eid-card")
    others = [one.id for one in counter.world.found(Session, person=counter.person) if one.provider == "itsme"]
    assert client.get("/my/sessions").text.count('name="session"') == 1
    assert post(client, "/my/sessions/end", at="/my/sessions", session=others[0]).status_code == 303
    assert other.get("/").headers["Location"] == "/sign-in"
    assert client.get("/").status_code == 200


def test_all_my_other_sessions_end_and_this_one_stays(counter: Counter) -> None:
    others, client = [counter.signed_in() for _ in range(3)], counter.signed_in()
    assert post(client, "/my/sessions/end-others", at="/my/sessions").status_code == 303
    assert [one.get("/").status_code for one in others] == [303, 303, 303]
    page = client.get("/my/sessions", headers=ENGLISH).text
    assert "You are logged in nowhere else." in page


def test_the_session_of_somebody_else_is_refused_like_none(counter: Counter) -> None:
    mine = counter.signed_in()
    counter.person, counter.niss = counter.world.person()
    theirs = counter.signed_in()
    strange = counter.world.found(Session, person=counter.person)[0].id
    refused = post(mine, "/my/sessions/end", at="/sign-out", session=strange)
    missing = post(mine, "/my/sessions/end", at="/sign-out", session="0" * 64)
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert theirs.get("/").status_code == 200


def test_each_login_is_told_with_its_key_service_and_result(counter: Counter) -> None:
    client = counter.client()
    client.get("/sign-in?service=mahis&action=manage")
    post(client, "/sign-in/oidc/itsme/start", at="/sign-in")
    page = client.get("/my/logins", headers=ENGLISH).text
    for told in ("itsme", "Mahis (mandates)", "Logged in", "01/10/2026 at 14:00"):
        assert told in page


@pytest.mark.parametrize("path", ["/act-as", "/my/sessions/end", "/my/sessions/end-others", "/sign-out"])
def test_a_form_without_the_token_of_this_page_changes_nothing(counter: Counter, path: str) -> None:
    client = counter.signed_in()
    before = present(counter)
    for form in ({}, {"csrf_token": ""}, {"csrf_token": "x" * 43}):
        assert client.post(path, data=form).status_code == 403
    assert present(counter) == before
