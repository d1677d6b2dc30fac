"""Attacks on the border between enterprises and on the levels within one: each is refused, and nothing is done."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment, Grant, Portfolio, Role
from iam.domain.enterprises import Capacity, Enterprise
from iam.domain.identifiers import Niss
from iam.domain.instants import format_instant
from iam.domain.periods import Period
from tests.api.administration import Country, Human
from tests.api.every_operation import AS_REPRESENTATIVE, BODIES, NOTED, every_operation
from tests.api.test_clients import order as client_order

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
NOBODY = "1000000021"
UNKNOWN = {"client": "self_service_procura_0403227515_aaaaaaaaaa"}


def records_of(country: Country, number: str, top: Human) -> dict[str, str]:
    """One record of each kind that a path names, of one enterprise."""
    made = {
        "client": country.post(f"/enterprises/{number}/clients", top, client_order()).json["client_id"],
        "group": country.post(f"/enterprises/{number}/mandator-groups", top, {"name": "South"}).json["id"],
    }
    user = country.user_of(number, PROVIDER, "mahis:manage+consult")
    appointment = country.found(Appointment, person=user.person)[0].id
    proposal = {**BODIES["propose_mandate"], "side": "mandatary", "other": country.enterprise(EMPLOYER)}
    mandate = country.post(f"/enterprises/{number}/mandates", user, proposal, capacity=PROVIDER).json["id"]
    return {
        **made,
        "appointment": appointment,
        "grant": country.found(Grant, holder=appointment)[0].id,
        "portfolio": country.found(Portfolio, holder=appointment)[0].id,
        "mandate": mandate,
        "delegation": mandate,
    }


def test_another_enterprise_is_as_if_it_did_not_exist(country: Country) -> None:
    own, other = country.enterprise(EMPLOYER, PROVIDER), country.enterprise(PROVIDER)
    top, theirs = country.manager(own), country.manager(other)
    ids = records_of(country, other, theirs)
    before = country.facts()
    for operation in every_operation(country):
        if "enterprise" in operation.parameters and operation.name not in AS_REPRESENTATIVE:
            known = operation.ask(country, top, operation.at(enterprise=other, **ids))
            unknown = operation.ask(country, top, operation.at(enterprise=NOBODY, **ids))
            assert (operation.name, known.status_code, known.data) == (operation.name, 404, unknown.data)
    assert country.facts() == before


def test_a_record_of_another_enterprise_is_as_if_it_did_not_exist(country: Country) -> None:
    own, other = country.enterprise(EMPLOYER, PROVIDER), country.enterprise(PROVIDER)
    ids = records_of(country, other, country.manager(other))
    top = country.manager(own)
    country.user(own, PROVIDER, "mahis:manage+consult", person=top.person)
    before = country.facts()
    asked = [one for one in every_operation(country) if set(one.parameters) & ids.keys()]
    assert len(asked) > 20
    for operation in asked:
        known = operation.ask(country, top, operation.at(enterprise=own, **ids), capacity=PROVIDER)
        missing = {name: UNKNOWN.get(name, "A" * 22) for name in ids}
        unknown = operation.ask(country, top, operation.at(enterprise=own, **missing), capacity=PROVIDER)
        assert (operation.name, known.status_code, known.data) == (operation.name, 404, unknown.data)
    assert country.facts()[0] == before[0]


@pytest.mark.parametrize("name", ["holder", "person", "group"])
def test_a_filter_by_what_is_another_enterprises_finds_nothing(country: Country, name: str) -> None:
    own, other = country.enterprise(PROVIDER), country.enterprise(PROVIDER)
    top, theirs = country.manager(own), country.manager(other)
    ids = records_of(country, other, theirs)
    person = country.get("/me", theirs).json["sub"]
    path = {
        "holder": f"grants?holder={ids['appointment']}",
        "person": f"appointments?person={person}",
        "group": f"portfolios?holder={ids['client']}",
    }[name]
    assert country.get(f"/enterprises/{own}/{path}", top).json["items"] == []


def test_a_right_is_not_given_with_what_is_another_enterprises(country: Country) -> None:
    own, other = country.enterprise(PROVIDER), country.enterprise(PROVIDER)
    top = country.manager(own)
    ids = records_of(country, other, country.manager(other))
    mine = country.found(Appointment, person=top.person)[0].id
    grant = {"holder": ids["appointment"], "capacity": "service_provider", "service": "dmfa", "actions": ["declare"]}
    portfolio = {"holder": mine, "kind": "group", "group": ids["group"]}
    before = country.facts()
    assert country.post(f"/enterprises/{own}/grants", top, grant).status_code == 404
    assert country.post(f"/enterprises/{own}/portfolios", top, portfolio).status_code == 404
    assert country.facts() == before


def escalations(country: Country, number: str, user: str, top: str) -> list[tuple[str, dict[str, Any]]]:
    """What a local manager of employers' social security tries."""
    grant = {"holder": user, "capacity": "employer", "service": "dimona", "actions": ["declare"]}
    appointment = {"role": "user", "capacity": "employer", **NOTED}
    later = format_instant(country.clock.at + timedelta(days=365))
    return [
        ("appointments", {**appointment, "role": "principal_access_manager", "capacity": None}),
        ("appointments", {"role": "co_manager", "niss": "85073003328", **NOTED}),
        ("appointments", {**appointment, "role": "local_manager", "domain": "social_security", "niss": "85073003328"}),
        ("appointments", {**appointment, "capacity": "service_provider"}),
        ("appointments", {**appointment, "until": later}),
        ("grants", {**grant, "service": "works"}),
        ("grants", {**grant, "holder": top, "capacity": "service_provider"}),
        ("grants", {**grant, "holder": top}),
        ("grants", {**grant, "until": later}),
        ("portfolios", {"holder": top, "kind": "all"}),
        (f"appointments/{top}/end", {}),
        ("clients", client_order()),
        ("mandates", BODIES["propose_mandate"]),
    ]


def test_a_manager_gives_nothing_above_the_own_level_or_beyond_the_own_reach(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    top, local = country.manager(number), country.human()
    ends = Period(country.clock.at - timedelta(days=9), country.clock.at + timedelta(days=30))
    made = country.appointed(local, number, Role.LOCAL_MANAGER, EMPLOYER, "social_security")
    country.record(replace(made, valid=ends))
    user = country.found(Appointment, person=country.user_of(number, EMPLOYER).person)[0].id
    highest = country.found(Appointment, person=top.person)[0].id
    before = country.facts()
    for path, body in escalations(country, number, user, highest):
        answer = country.post(f"/enterprises/{number}/{path}", local, body, capacity=EMPLOYER)
        assert (path, answer.status_code, answer.json["type"]) == (
            path,
            403,
            "urn:problem-type:belgif:missingPermission",
        )
    assert country.facts() == before


def test_a_user_gives_nothing_to_anybody_and_least_of_all_to_themselves(country: Country) -> None:
    number = country.enterprise(EMPLOYER, PROVIDER)
    country.manager(number)
    user = country.user_of(number, EMPLOYER, "dimona:declare")
    mine = country.found(Appointment, person=user.person)[0].id
    before = country.facts()
    for path, body in escalations(country, number, mine, mine):
        answer = country.post(f"/enterprises/{number}/{path}", user, body, capacity=EMPLOYER)
        assert (path, answer.status_code) == (path, 403)
    assert country.facts() == before


INVENTED = ("is_pam", "enterprise_id", "loa", "certified", "status", "created_by")


@pytest.mark.parametrize("member", INVENTED)
def test_no_operation_takes_a_member_that_it_does_not_name(small_country: Country, member: str) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    values = dict.fromkeys(("appointment", "grant", "portfolio", "client", "mandate", "delegation", "group"), "x")
    before = country.facts()
    for operation in every_operation(country):
        path = operation.at(enterprise=number, **values)
        if operation.body is not None:
            answer = operation.ask(country, top, path, {**operation.body, member: True})
            assert (operation.name, answer.status_code) == (operation.name, 400)
            issue = answer.json["issues"][0]
            assert (issue["type"].rpartition(":")[2], issue["in"], issue["name"]) == ("unknownInput", "body", member)
        query = operation.ask(country, top, f"{path}?{member}=1")
        assert (operation.name, query.status_code) == (operation.name, 400)
    assert country.facts() == before


def test_an_inner_object_takes_no_other_member_either(small_country: Country) -> None:
    country = small_country
    body = BODIES["designate_manager"]
    for name in ("responsible", "appointee"):
        changed = {**body, name: {**body[name], "is_pam": True}}
        answer = country.post(f"/enterprises/{NOBODY}/principal-access-manager", country.human(), changed)
        assert (answer.status_code, answer.json["issues"][0]["name"]) == (400, f"{name}.is_pam")


def test_of_many_simultaneous_registrations_one_wins(country: Country) -> None:
    number = "0428759497"
    actor = country.represent(number)[0]
    human = Human(actor.person, Niss(country.register.representatives[number][0].niss))
    forms = ["0428759497", "428759497", "BE 0428.759.497", "0428.759.497"]
    headers = [country.headers(human) for _ in range(16)]

    def register(turn: int) -> int:
        client = country.http.application.test_client()
        body = {"number": forms[turn % len(forms)]}
        return client.post("/api/v1/enterprises", json=body, headers=headers[turn]).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(register, range(16)))
    assert answers == [201] + [409] * 15
    assert len(country.found(Enterprise, id=number)) == 1


def test_who_was_replaced_can_do_nothing_any_more(country: Country) -> None:
    """With tokens and logins from before; what they appointed stands, as it was decided."""
    number = country.enterprise(EMPLOYER)
    director, former, present = country.representative(number), country.human(), country.human()
    path = f"/enterprises/{number}/principal-access-manager"

    def designation(appointee: Human) -> dict[str, Any]:
        body = BODIES["designate_manager"]
        named = {**body["appointee"], "niss": appointee.niss.value}
        return {**body, "responsible": {"niss": director.niss.value, "phone": "+3225550000"}, "appointee": named}

    assert country.post(path, director, designation(former)).status_code == 201
    order = {"role": "user", "capacity": "employer", **NOTED, "niss": country.human().niss.value}
    user = country.post(f"/enterprises/{number}/appointments", former, order).json["id"]
    held = country.headers(former)
    assert country.post(path, director, designation(present)).status_code == 201
    before = country.facts()
    answer = country.http.post(f"/api/v1/enterprises/{number}/appointments", json=order, headers=held)
    assert (answer.status_code, answer.json["code"]) == (403, "not_access_manager")
    for kind in ("appointments", "grants", "portfolios", "clients", "mandator-groups"):
        assert country.get(f"/enterprises/{number}/{kind}", former).status_code == 403
    assert country.facts() == before
    assert country.get(f"/enterprises/{number}/appointments/{user}", present).json["phase"] == "running"


def test_who_lost_the_legal_function_can_do_nothing_any_more(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    director = country.representative(number)
    held = country.headers(director)
    entry = country.register.representatives[number][0]
    ended = replace(entry, valid=Period(entry.valid.start, country.clock.at))
    country.register.representatives[number] = (ended,)
    before = country.facts()
    answer = country.http.post(f"/api/v1/enterprises/{number}/activations", json={"service": "ebox"}, headers=held)
    assert (answer.status_code, answer.json["code"]) == (403, "not_legal_representative")
    assert country.facts() == (before[0] + 1, [*before[1], "register_asked"])


def test_an_enterprise_that_ceased_is_administered_no_more(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    country.cease(number)
    for path, body in (("appointments", BODIES["appoint"]), ("grants", BODIES["give_grant"])):
        answer = country.post(f"/enterprises/{number}/{path}", top, body)
        assert (answer.status_code, answer.json["code"]) == (403, "enterprise_ceased")


def test_the_answer_under_a_key_is_not_given_to_who_was_replaced_by_another_person(country: Country) -> None:
    number = country.enterprise(EMPLOYER)
    one, two = country.manager(number), country.manager(country.enterprise(EMPLOYER))
    path = f"/enterprises/{number}/mandator-groups"
    assert country.post(path, one, {"name": "North"}, key="shared").status_code == 201
    assert country.post(path, two, {"name": "North"}, key="shared").status_code == 404
