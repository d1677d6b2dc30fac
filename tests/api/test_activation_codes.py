"""Officers at the door give activation codes: the code to the officer, the link to the person, a key to nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from iam.domain.credentials import Password
from iam.domain.enterprises import Capacity
from iam.services.activation_codes import FirstKey
from tests.api.administration import ADMINISTRATION, Country, Human
from tests.services.credential_scenes import Post

OFFICE = Capacity.ADMINISTRATION
PATH = "/office/activation-codes"
CHOSEN = FirstKey(user_name="jan.peeters", password="zonnebloem trapt fiets")


def body(person: Human, **changed: Any) -> dict[str, Any]:
    return {"niss": person.niss.value, "email": "jan@example.org", "language": "en", **changed}


def clerk(country: Country, action: str = "correct_identity") -> Human:
    return country.user_of(ADMINISTRATION, OFFICE, f"office:{action}")


def test_code_and_link_together_give_the_person_a_first_key(country: Country) -> None:
    officer, jan, post = clerk(country), country.human(), Post()
    given: Any = country.post(PATH, officer, body(jan), capacity=OFFICE)
    assert given.status_code == 201
    country.clock.advance(seconds=1)
    assert country.house.letters.send_waiting(post) == 1
    ((address, _, text),) = post.emails
    found = re.search(r"/activation/([A-Za-z0-9_-]+)", text)
    assert address == "jan@example.org" and found and given.json["code"] not in text
    country.house.activation_codes.redeem(found[1], given.json["code"], CHOSEN)
    assert [one.person for one in country.found(Password)] == [jan.person]


@pytest.mark.parametrize(
    "changed",
    [{"assurance": "high"}, {"language": "es"}, {"email": "jan"}, {"niss": "85073003329"}, {"simplified": "yes"}],
)
def test_an_order_that_cannot_be_is_refused(country: Country, changed: dict[str, Any]) -> None:
    answer = country.post(PATH, clerk(country), body(country.human(), **changed), capacity=OFFICE)
    assert answer.status_code == 400


def test_only_an_officer_who_corrects_identities_gives_codes(country: Country) -> None:
    assert country.post(PATH, clerk(country, "recognise"), body(country.human()), capacity=OFFICE).status_code == 403
