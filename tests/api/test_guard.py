"""Who is let in: a good client with the right token, and a person whose login is presented, or consulting software."""

from dataclasses import replace
from typing import Any

import pytest

from iam.domain.appointments import Grant
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.periods import Period
from iam.domain.tokens import IssuedToken
from tests.api.administration import ADMINISTER, API, CONSULT_MANDATES, Country

EVALUATE = "scope:authorization:decision:evaluate"
BELGIF = "urn:problem-type:belgif:"


def sent(country: Country, headers: dict[str, str], path: str = "/me") -> Any:
    return country.http.get(API + path, headers=headers)


def ended(client: Client, country: Country) -> Client:
    return replace(client, valid=Period(client.valid.start, country.clock.at))


def test_without_a_token_nobody_is_let_in(small_country: Country) -> None:
    answer = sent(small_country, {})
    assert answer.status_code == 401
    assert answer.json["type"] == BELGIF + "noAccessToken"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="procura"'


@pytest.mark.parametrize("header", ["Bearer x", "Basic abc", "Bearer a.b.c", "Bearer ", "token"])
def test_a_token_that_is_none_is_refused(small_country: Country, header: str) -> None:
    answer = sent(small_country, {"Authorization": header})
    assert (answer.status_code, answer.json["type"]) == (401, BELGIF + "invalidAccessToken")


def test_an_expired_token_is_refused_as_such(small_country: Country) -> None:
    headers = small_country.headers(small_country.human())
    small_country.clock.advance(seconds=400)
    answer = sent(small_country, headers)
    assert (answer.status_code, answer.json["type"]) == (401, BELGIF + "expiredAccessToken")


def test_a_token_with_another_scope_of_ours_lacks_the_scope(small_country: Country) -> None:
    headers = {"Authorization": f"Bearer {small_country.token(None, EVALUATE)}"}
    answer = sent(small_country, headers)
    assert (answer.status_code, answer.json["type"]) == (403, BELGIF + "missingScope")
    assert answer.json["requiredScopes"] == [ADMINISTER]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_token_for_another_service_is_not_for_us(small_country: Country) -> None:
    country = small_country
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    software = country.consulting(provider)
    headers = country.headers(country.human()) | {
        "Authorization": f"Bearer {country.token(software, CONSULT_MANDATES)}"
    }
    answer = sent(country, headers)
    assert (answer.status_code, answer.json["type"]) == (401, BELGIF + "invalidAccessToken")


def test_a_person_must_be_presented(small_country: Country) -> None:
    answer = small_country.get("/me", None)
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:problem-type:procura:stepUp"
    assert answer.json["code"] == "login_missing"
    assert answer.json["cure"]["header"] == "Procura-Authentication"
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]


def test_a_login_is_good_for_one_request(country: Country) -> None:
    headers = country.headers(country.human())
    assert sent(country, headers).status_code == 200
    again = sent(country, headers)
    assert (again.status_code, again.json["code"]) == (401, "authentication_replayed")


def test_a_login_presented_by_another_client_is_refused(small_country: Country) -> None:
    country = small_country
    other = country.declaration_service("mahis")
    stolen = country.login(country.human(), client=other)
    headers = {"Authorization": f"Bearer {country.token()}", "Procura-Authentication": stolen}
    answer = sent(country, headers)
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_invalid")


@pytest.mark.parametrize("login", ["x", "a.b.c", "e" * 5000])
def test_a_login_that_is_none_is_refused(small_country: Country, login: str) -> None:
    headers = small_country.headers(None) | {"Procura-Authentication": login}
    answer = sent(small_country, headers)
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_invalid")


@pytest.mark.parametrize("capacity", ["", "manager", "EMPLOYER", "employer,employer"])
def test_a_capacity_that_is_none_is_refused(small_country: Country, capacity: str) -> None:
    headers = small_country.headers(small_country.human()) | {"Procura-Capacity": capacity}
    answer = sent(small_country, headers)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_capacity")
    assert answer.json["issues"][0]["in"] == "header"


def test_a_client_that_ended_is_refused_while_its_token_lives(country: Country) -> None:
    headers = country.headers(country.human())
    country.record(ended(country.portal, country))
    answer = sent(country, headers)
    assert (answer.status_code, answer.json["code"]) == (401, "caller_not_active")


def test_a_revoked_token_is_refused_at_once(country: Country) -> None:
    headers = country.headers(country.human())
    issued = country.found(IssuedToken)[-1]
    with country.archive.writing() as uow:
        uow.put(replace(issued, revoked_at=uow.now))
        uow.commit()
    answer = sent(country, headers)
    assert (answer.status_code, answer.json["code"]) == (401, "caller_not_active")


def test_the_client_of_an_enterprise_that_lost_its_capacity_is_refused(country: Country) -> None:
    headers = country.headers(country.human())
    for held in country.found(CapacityHeld, enterprise=country.portal.enterprise):
        country.lose(held)
    answer = sent(country, headers)
    assert (answer.status_code, answer.json["code"]) == (401, "caller_not_active")


def test_a_login_is_not_used_up_for_a_client_that_is_refused(country: Country) -> None:
    """Whom we would not serve cannot spend people's logins, nor make persons known."""
    human = country.human()
    headers = country.headers(human)
    country.record(ended(country.portal, country))
    before = country.facts()
    assert sent(country, headers).status_code == 401
    assert country.facts() == before
    country.record(country.portal)
    assert sent(country, headers).status_code == 200


def test_a_client_acts_only_on_services_of_its_registration(small_country: Country) -> None:
    country = small_country
    number = country.enterprise(Capacity.EMPLOYER)
    manager = country.manager(number)
    narrow = country.declaration_service("dimona")
    headers = country.headers(manager, client=narrow)
    answer = sent(country, headers, f"/enterprises/{number}/grants")
    assert (answer.status_code, answer.json["code"]) == (403, "service_not_registered")
    assert answer.json["cure"]["service"] == "access_management"


def test_software_consults_the_mandates_of_its_own_enterprise(country: Country) -> None:
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    software = country.consulting(provider)
    for what in ("mandates", "delegations"):
        answer = country.as_software(software, f"/enterprises/{provider}/{what}")
        assert (answer.status_code, answer.json["items"]) == (200, [])


def test_software_sees_no_other_enterprise(country: Country) -> None:
    provider, other = (country.enterprise(Capacity.SERVICE_PROVIDER) for _ in range(2))
    software = country.consulting(provider)
    known = country.as_software(software, f"/enterprises/{other}/mandates")
    unknown = country.as_software(software, "/enterprises/1000000021/mandates")
    assert (known.status_code, known.data) == (404, unknown.data)


def test_software_is_judged_with_each_reading(country: Country) -> None:
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    software = country.consulting(provider)
    token = country.token(software, CONSULT_MANDATES)
    for grant in country.found(Grant, holder=software.id):
        country.record(replace(grant, valid=Period(grant.valid.start, country.clock.at)))
    answer = country.http.get(f"{API}/enterprises/{provider}/mandates", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (403, "no_grant")


def test_software_that_ended_is_refused_while_its_token_lives(country: Country) -> None:
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    software = country.consulting(provider)
    token = country.token(software, CONSULT_MANDATES)
    country.record(ended(software, country))
    answer = country.http.get(f"{API}/enterprises/{provider}/mandates", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (401, "caller_not_active")


def test_software_does_not_act_nor_represent(small_country: Country) -> None:
    country = small_country
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    software = country.consulting(provider)
    listed = f"/enterprises/{provider}/mandates"
    assert country.as_software(software, f"{listed}?as=legal_representative").status_code == 403
    assert country.as_software(software, f"/enterprises/{provider}/grants").status_code == 401
    other = country.as_software(software, listed, **{"Procura-Capacity": "employer"})
    assert (other.status_code, other.json["code"]) == (403, "capacity_differs")


def test_a_portal_without_a_person_is_told_that_one_must_log_in(small_country: Country) -> None:
    country = small_country
    provider = country.enterprise(Capacity.SERVICE_PROVIDER)
    answer = country.get(f"/enterprises/{provider}/mandates", None)
    assert (answer.status_code, answer.json["code"]) == (401, "login_missing")
