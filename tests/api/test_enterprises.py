"""Registering and reading enterprises, and designating who governs their accesses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import Password
from iam.domain.enterprises import (
    Activation,
    Capacity,
    CapacityHeld,
    Enterprise,
    Ground,
    RegisterAnswer,
    Representative,
)
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from tests.api.administration import API, Country, Human
from tests.services.credential_scenes import Post

EMPLOYER = Capacity.EMPLOYER
NUMBER = "0206731645"


def listed(country: Country, number: str, *, together: int = 1) -> Human:
    """A representative of an enterprise that is not known here yet."""
    actor = country.represent(number, together=together)[0]
    return Human(actor.person, Niss(country.register.representatives[number][0].niss))


def designation(responsible: Human, appointee: Human, **changed: Any) -> dict[str, Any]:
    return {
        "responsible": {"niss": responsible.niss.value, "phone": "+32 2 555 01 01"},
        "appointee": {
            "niss": appointee.niss.value,
            "phone": "+32 2 555 02 02",
            "email": "appointee@example.be",
            "label": "Somebody",
        },
        "tie": "employee",
        **changed,
    }


def top_managers(country: Country, number: str) -> list[str | None]:
    found = country.found(Appointment, enterprise=number, role=Role.PRINCIPAL_ACCESS_MANAGER)
    return [one.person for one in found if one.active(country.clock.at)]


@pytest.mark.parametrize("written", ["0428759497", "428759497", "BE 0428.759.497", " 0428.759.497 "])
def test_a_representative_registers_an_enterprise_by_any_form_of_its_number(country: Country, written: str) -> None:
    human = listed(country, "0428759497")
    answer = country.post("/enterprises", human, {"number": written})
    assert (answer.status_code, answer.json["number"]) == (201, "0428759497")
    assert answer.headers["Location"] == f"{API}/enterprises/0428759497"
    assert answer.json["entered_at"]
    assert country.post("/enterprises", human, {"number": written}).status_code == 409
    assert len(country.found(Enterprise, id="0428759497")) == 1


@pytest.mark.parametrize("written", ["０４２８７５９４９７", "0428759498", "", "x", "0428759497" * 10, "../0428759497"])
def test_what_is_no_number_of_an_enterprise_is_refused(small_country: Country, written: str) -> None:
    country = small_country
    human = listed(country, "0428759497")
    before = country.plain.revision()
    answer = country.post("/enterprises", human, {"number": written})
    assert (answer.status_code, answer.json["issues"][0]["name"]) == (400, "number")
    assert country.plain.revision() == before


def test_an_enterprise_is_registered_by_an_employer_number(country: Country) -> None:
    human = listed(country, "0428759497")
    number = {"employer_number": {"kind": "nsso", "value": "100006"}}
    assert country.post("/enterprises", human, number).status_code == 403
    country.record(
        Enterprise(id="0428759497", valid=Period(country.clock.at - timedelta(days=9))),
        CapacityHeld(
            id="c",
            enterprise="0428759497",
            capacity=EMPLOYER,
            ground=Ground.EMPLOYER_DIRECTORY,
            reference="nsso:100006",
            valid=Period(country.clock.at - timedelta(days=9)),
        ),
    )
    answer = country.post("/enterprises", human, number)
    assert (answer.status_code, answer.json["number"]) == (201, "0428759497")


def test_whose_employer_number_it_is_stays_hidden_from_others(country: Country) -> None:
    country.represent("0428759497")
    since = Period(country.clock.at - timedelta(days=9))
    held = country.hold("0428759497", EMPLOYER)
    country.record(Enterprise(id="0428759497", valid=since), replace(held, reference="nsso:100006"))
    stranger = country.human()
    known = country.post("/enterprises", stranger, {"employer_number": {"kind": "nsso", "value": "100006"}})
    unknown = country.post("/enterprises", stranger, {"employer_number": {"kind": "nsso", "value": "199999934"}})
    assert (known.status_code, known.data) == (403, unknown.data)
    assert b"0428759497" not in known.data


@pytest.mark.parametrize(
    "body", [{}, {"number": NUMBER, "employer_number": {"kind": "nsso", "value": "100006"}}, {"number": None}]
)
def test_an_enterprise_is_named_by_one_number(small_country: Country, body: dict[str, Any]) -> None:
    answer = small_country.post("/enterprises", small_country.human(), body)
    assert (answer.status_code, answer.json["code"]) == (400, "one_number_required")


@pytest.mark.parametrize(
    ("key", "level"),
    [(LoginKey.ITSME, Assurance.LOW), (LoginKey.PASSWORD, Assurance.HIGH), (LoginKey.MYGOV, Assurance.SUBSTANTIAL)],
)
def test_acts_of_a_representative_ask_a_substantial_login_with_a_strong_key(
    country: Country, key: LoginKey, level: Assurance
) -> None:
    human = listed(country, "0428759497")
    for path, body in (
        ("/enterprises", {"number": "0428759497"}),
        ("/enterprises/0428759497/principal-access-manager", designation(human, country.human())),
        ("/enterprises/0428759497/activations", {"service": "ebox"}),
    ):
        answer = country.post(path, human, body, key=None, login_key=key, level=level)
        assert (answer.status_code, answer.json["cure"]["type"]) in [(401, "step_up"), (401, "use_login_key")]
        assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert country.found(Enterprise, id="0428759497") == []


def test_nothing_is_done_while_the_register_does_not_answer(country: Country) -> None:
    human = listed(country, "0428759497")
    country.register.away = True
    before = country.plain.revision()
    for path, body in (
        ("/enterprises", {"number": "0428759497"}),
        ("/enterprises/0428759497/principal-access-manager", designation(human, country.human())),
        ("/enterprises/0428759497/activations", {"service": "ebox"}),
    ):
        answer = country.post(path, human, body)
        assert (answer.status_code, answer.json["code"]) == (503, "register_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert country.plain.revision() == before


def test_a_designated_manager_takes_the_place_of_the_former_in_the_same_instant(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human, first, second = country.representative(number), country.human(), country.human()
    path = f"/enterprises/{number}/principal-access-manager"
    answer = country.post(path, human, designation(human, first))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{API}/enterprises/{number}/appointments/{answer.json['id']}"
    assert answer.json["contact"] == {"label": "Somebody", "email": "appointee@example.be", "phone": "+32 2 555 02 02"}
    assert top_managers(country, number) == [first.person]
    assert country.post(path, human, designation(human, second)).status_code == 201
    assert top_managers(country, number) == [second.person]
    again = country.post(path, human, designation(human, second))
    assert (again.status_code, again.json["code"]) == (409, "already_appointed")


NAMED = {"family_name": "Fabel", "given_name": "Jana", "born": "1985-07-30", "language": "de"}


def by_name(responsible: Human, **changed: Any) -> dict[str, Any]:
    appointee = {
        "name": NAMED,
        "phone": "+49170000000",
        "email": "jana@example.org",
        "label": "Jana",
        **changed,
    }
    return {**designation(responsible, responsible), "appointee": {**appointee, **changed}}


def test_who_has_no_number_is_designated_by_name_and_gets_a_key_along_two_ways(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human = country.representative(number)
    path = f"/enterprises/{number}/principal-access-manager"
    answer = country.post(path, human, by_name(human))
    assert (answer.status_code, answer.json["role"]) == (201, "principal_access_manager")
    assert (answer.json["person"], answer.json["niss"], answer.json["activated_at"]) == (None, None, None)
    assert "password" not in answer.text.replace("passwords", "")
    assert top_managers(country, number) == []
    country.clock.advance(seconds=1)
    post = Post()
    assert country.house.letters.send_waiting(post) == 2
    (kept,) = country.found(Password)
    assert kept.user_name in post.emails[0][2] and (kept.person, kept.appointment) == (None, answer.json["id"])
    assert post.texts[0][0] == "+49170000000"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"niss": "85073003328"}, "appointee"),
        ({"name": None}, "appointee"),
        ({"name": {**NAMED, "born": "2050-01-01"}}, "appointee.name"),
        ({"name": {**NAMED, "born": "1700-01-01"}}, "appointee.name.born"),
        ({"name": {**NAMED, "born": "1985-02-30"}}, "appointee.name.born"),
        ({"name": {**NAMED, "family_name": " "}}, "appointee.name.family_name"),
        ({"name": {**NAMED, "language": "xx"}}, "appointee.name.language"),
        ({"name": {**NAMED, "niss": "85073003328"}}, "appointee.name.niss"),
        ({"email": "no"}, "appointee.email"),
        ({"phone": "call me"}, "appointee.phone"),
    ],
)
def test_a_designation_by_name_that_is_not_whole_is_refused(
    small_country: Country, changed: dict[str, Any], place: str
) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    human = country.representative(number)
    body = by_name(human, **changed)
    answer = country.post(f"/enterprises/{number}/principal-access-manager", human, body)
    assert (answer.status_code, answer.json["issues"][0]["name"]) == (400, place)
    assert country.found(Password) == []


def test_who_acts_is_the_responsible_person(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human = country.representative(number)
    body = designation(country.human(), country.human())
    answer = country.post(f"/enterprises/{number}/principal-access-manager", human, body)
    assert (answer.status_code, answer.json["code"]) == (400, "responsible_mismatch")


def test_a_designation_waits_for_as_many_representatives_as_must_sign(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    actors = country.represent(number, together=2, people=3)
    entries = country.register.representatives[number]
    one, two, _ = (Human(a.person, Niss(e.niss)) for a, e in zip(actors, entries, strict=True))
    appointee = country.human()
    path = f"/enterprises/{number}/principal-access-manager"
    first = country.post(path, one, designation(one, appointee))
    assert first.status_code == 202
    assert (first.json["joint_act"]["awaited"], first.json["joint_act"]["required"]) == (1, 2)
    assert top_managers(country, number) == []
    same = country.post(path, one, designation(one, appointee))
    assert (same.status_code, same.json["code"]) == (409, "already_validated")
    other = country.post(path, two, designation(two, country.human()))
    assert (other.status_code, other.json["joint_act"]["content_hash"]) != (
        202,
        first.json["joint_act"]["content_hash"],
    )
    assert country.post(path, two, designation(two, appointee)).status_code == 201
    assert top_managers(country, number) == [appointee.person]


def test_a_representative_ends_the_top_manager_whether_or_not_there_is_a_successor(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human, top = country.representative(number), country.manager(number)
    deputy = country.manager(number, Role.CO_MANAGER)
    path = f"/enterprises/{number}/principal-access-manager/end"
    assert country.post(path, top).json["code"] == "not_legal_representative"
    ended = country.post(path, human, {"with_everything_given": False}, key="the-end")
    assert (ended.status_code, ended.data) == (204, b"")
    assert top_managers(country, number) == []
    assert country.post(path, human, {"with_everything_given": False}, key="the-end").status_code == 204
    again = country.post(path, human)
    assert (again.status_code, again.json["code"]) == (409, "already_ended")
    body = {"role": "user", "capacity": "employer", "label": "x", "email": "a@example.be", "phone": "+3225550000"}
    refused = country.post(f"/enterprises/{number}/appointments", deputy, body)
    assert (refused.status_code, refused.json["code"]) == (409, "no_active_principal_access_manager")
    country.register.away = True
    assert country.post(path, human).status_code == 503


READINGS = ("?as=legal_representative", "/joint-acts?as=legal_representative", "/mandates?as=legal_representative")


@pytest.mark.parametrize("reading", READINGS)
def test_what_the_register_answered_is_recorded_when_a_representative_only_reads(
    country: Country, reading: str
) -> None:
    number = country.enterprise(EMPLOYER)
    human, path = country.representative(number), f"/enterprises/{number}{reading}"
    assert [country.get(path, human).status_code for _ in range(2)] == [200, 200]
    answers = country.found(RegisterAnswer, enterprise=number)
    assert len({one.asked_at for one in answers}) == 2
    assert {(one.person, one.function) for one in answers} == {(human.person, "director")}
    acts = [one.leaf for one in country.plain.leaves() if one.leaf.act == "register_asked"]
    assert {one.objects["register_answer"] for one in acts} == {one.id for one in answers}
    country.register.away = True
    assert country.get(path, human).status_code == 503
    assert len(country.found(RegisterAnswer, enterprise=number)) == 2


@pytest.mark.parametrize("reading", [*READINGS, None])
def test_that_the_register_does_not_list_somebody_is_recorded_too(country: Country, reading: str | None) -> None:
    number = country.enterprise(EMPLOYER)
    country.representative(number)
    human = country.human()
    if reading is None:
        answer = country.post(f"/enterprises/{number}/activations", human, {"service": "ebox"}, key="once")
    else:
        answer = country.get(f"/enterprises/{number}{reading}", human)
    assert (answer.status_code, answer.json["code"]) == (403, "not_legal_representative")
    (told,) = country.found(RegisterAnswer, enterprise=number)
    assert (told.person, told.function) == (human.person, "")


def test_an_act_records_the_registers_answer_once_however_often_it_is_repeated(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human, path = country.representative(number), f"/enterprises/{number}/activations"
    for _ in range(3):
        assert country.post(path, human, {"service": "ebox"}, key="once").status_code == 201
    assert len(country.found(RegisterAnswer, enterprise=number)) == 1


def test_of_a_number_that_no_enterprise_has_nothing_is_recorded(country: Country) -> None:
    before = country.facts()
    answer = country.get("/enterprises/0428759497?as=legal_representative", country.human())
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_enterprise")
    assert country.found(RegisterAnswer) == [] and country.facts()[1] == before[1]


def outsiders(country: Country, number: str) -> dict[str, Human]:
    """People who are no representatives of this enterprise, each for another reason."""
    now, day = country.clock.at, timedelta(days=1)
    mine = country.representative(number)
    yesterday, other = country.human(), country.representative(country.enterprise(EMPLOYER))
    entry = country.register.representatives[number][0]
    country.register.representatives[number] = (
        entry,
        Representative(niss=yesterday.niss.value, function="director", valid=Period(now - 9 * day, now)),
    )
    assert mine.person
    return {"stranger": country.human(), "former": yesterday, "another's": other, "manager": country.manager(number)}


@pytest.mark.parametrize("who", ["stranger", "former", "another's", "manager"])
def test_only_a_representative_in_office_designates(country: Country, who: str) -> None:
    number = country.enterprise(EMPLOYER)
    human = outsiders(country, number)[who]
    before = top_managers(country, number)
    answer = country.post(f"/enterprises/{number}/principal-access-manager", human, designation(human, country.human()))
    assert (answer.status_code, answer.json["code"]) == (403, "not_legal_representative")
    assert top_managers(country, number) == before


def test_what_the_register_says_of_an_end_is_kept_even_under_an_idempotency_key(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human = country.representative(number)
    country.register.ceased[number] = country.clock.at - timedelta(seconds=1)
    path = f"/enterprises/{number}/activations"
    answer = country.post(path, human, {"service": "ebox"}, key="a-key")
    assert (answer.status_code, answer.json["code"]) == (403, "enterprise_ceased")
    assert country.found(Enterprise, id=number)[0].valid.end is not None


def test_a_representative_switches_a_service_on_once(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    human = country.representative(number)
    path = f"/enterprises/{number}/activations"
    answer = country.post(path, human, {"service": "ebox"})
    assert (answer.status_code, answer.json["service"]) == (201, "ebox")
    assert country.post(path, human, {"service": "ebox"}).status_code == 409
    unknown = country.post(path, human, {"service": "dimona"})
    assert (unknown.status_code, unknown.json["code"]) == (400, "unknown_service")
    assert [one.service for one in country.found(Activation, enterprise=number)] == ["ebox"]
    shown = country.get(f"/enterprises/{number}?as=legal_representative", human)
    assert [one["service"] for one in shown.json["activations"]] == ["ebox"]


def test_switching_on_waits_where_signing_power_is_joint(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    actor = country.represent(number, together=2, people=2)[0]
    human = Human(actor.person, Niss(country.register.representatives[number][0].niss))
    answer = country.post(f"/enterprises/{number}/activations", human, {"service": "ebox"})
    assert (answer.status_code, answer.json["joint_act"]["content"]) == (202, {"service": "ebox"})


def test_an_enterprise_is_read_by_its_own_people_as_it_was(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    user = country.user_of(number, EMPLOYER)
    before = country.clock.advance(seconds=1)
    country.clock.advance(days=1)
    held = country.hold(number, Capacity.SERVICE_PROVIDER, since=country.clock.at)
    now = country.get(f"/enterprises/{number}", user)
    assert sorted(one["capacity"] for one in now.json["capacities"]) == ["employer", "service_provider"]
    for query in (f"as_of={before:%Y-%m-%dT%H:%M:%SZ}", f"known_at={before:%Y-%m-%dT%H:%M:%SZ}"):
        then = country.get(f"/enterprises/{number}?{query}", user)
        assert [one["capacity"] for one in then.json["capacities"]] == ["employer"]
    ahead = country.get(f"/enterprises/{number}?as_of=2027-01-01T00:00:00Z", user)
    assert (ahead.status_code, ahead.json["code"]) == (400, "instant_in_future")
    assert held.enterprise == number


def test_who_was_never_appointed_sees_no_difference_between_enterprises(country: Country) -> None:
    known, human = country.enterprise(EMPLOYER), country.human()
    answers = [country.get(f"/enterprises/{number}", human) for number in (known, "1000000021")]
    assert {one.status_code for one in answers} == {404}
    assert answers[0].data == answers[1].data
