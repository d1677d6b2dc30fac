"""An act under an idempotency key is done once, and its answer given again to the same client and person only."""

from typing import Any

from iam.domain.appointments import Appointment, MandatorGroup, Role
from iam.domain.enterprises import Capacity
from tests.api.administration import Country

PROVIDER = Capacity.SERVICE_PROVIDER


def groups(country: Country, number: str) -> list[str]:
    return [one.name for one in country.found(MandatorGroup, enterprise=number)]


def test_a_repeated_request_gets_the_same_answer_and_does_nothing(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    path = f"/enterprises/{number}/mandator-groups"
    answers = [country.post(path, top, {"name": "North"}, key="key-1") for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert {one.data for one in answers} == {answers[0].data}
    assert {one.headers["Location"] for one in answers} == {answers[0].headers["Location"]}
    assert groups(country, number) == ["North"]


def test_a_key_is_good_for_one_request_only(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    path = f"/enterprises/{number}/mandator-groups"
    country.post(path, top, {"name": "North"}, key="key-1")
    body = country.post(path, top, {"name": "South"}, key="key-1")
    capacity = country.post(path, top, {"name": "North"}, key="key-1", capacity=PROVIDER)
    for other in (body, capacity):
        assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert groups(country, number) == ["North"]


def test_a_key_belongs_to_one_person_and_client(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    one, two = country.manager(number), country.human()
    country.appointed(two, number, Role.CO_MANAGER, None)
    path = f"/enterprises/{number}/mandator-groups"
    assert country.post(path, one, {"name": "North"}, key="key-1").status_code == 201
    other = country.post(path, two, {"name": "North"}, key="key-1")
    assert (other.status_code, other.json["code"]) == (409, "record_exists")


def test_a_refused_request_may_be_repeated_under_its_key(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    path = f"/enterprises/{number}/mandator-groups"
    country.post(path, top, {"name": "North"})
    assert country.post(path, top, {"name": "North"}, key="key-1").status_code == 409
    body: dict[str, Any] = {"name": "West"}
    assert country.post(path, top, body, key="key-1").status_code == 201


def test_two_people_with_numbers_apart_are_two_requests(country: Country) -> None:
    """What is asked is told apart by the whole number, though no answer and no log shows it."""
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    body = {"role": "user", "capacity": "service_provider", "label": "A", "email": "a@b.be", "phone": "+3225550000"}
    path = f"/enterprises/{number}/appointments"
    first = country.post(path, top, {**body, "niss": country.human().niss.value}, key="key-1")
    second = country.post(path, top, {**body, "niss": country.human().niss.value}, key="key-1")
    assert (first.status_code, second.status_code) == (201, 409)


def test_an_ending_is_repeated_without_a_body(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top, user = country.manager(number), country.user_of(number, PROVIDER)
    appointment = country.found(Appointment, person=user.person)[0].id
    path = f"/enterprises/{number}/appointments/{appointment}/end"
    answers = [country.post(path, top, key="key-1") for _ in range(2)]
    assert [(one.status_code, one.data) for one in answers] == [(204, b""), (204, b"")]
    assert country.post(path, top, key="key-2").status_code == 409


def test_a_code_of_an_invitation_is_never_kept(small_country: Country) -> None:
    """Making one takes no key: what is told once is kept nowhere."""
    country = small_country
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    body = {"role": "user", "capacity": "service_provider", "label": "A", "email": "a@b.be", "phone": "+3225550000"}
    made = country.post(f"/enterprises/{number}/appointments", top, body, key="key-1").json["id"]
    path = f"/enterprises/{number}/appointments/{made}/invitations"
    codes = {country.ask("POST", path, top, key="key-2").json["code"] for _ in range(2)}
    assert len(codes) == 2
    kept = str(country.plain.store.kept)  # type: ignore[attr-defined]
    assert not any(code in kept for code in codes)


def test_a_mandator_is_put_into_a_group_once_and_taken_out_once(country: Country) -> None:
    number = country.enterprise(PROVIDER)
    top = country.manager(number)
    group = country.post(f"/enterprises/{number}/mandator-groups", top, {"name": "North"}).json["id"]
    member = f"/enterprises/{number}/mandator-groups/{group}/members/{country.enterprise(Capacity.EMPLOYER)}"
    for method, status in (("PUT", 200), ("DELETE", 204)):
        answers = [country.ask(method, member, top, key=f"key-{method}") for _ in range(2)]
        assert [one.status_code for one in answers] == [status, status]
    assert country.ask("DELETE", member, top, key="another").status_code == 404
