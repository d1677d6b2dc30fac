"""Registering and reading enterprises, and designating who governs their accesses."""

from iam.domain.enterprises import Capacity
from tests.api.administration import Country


def test_a_representative_registers_an_enterprise_once(country: Country) -> None:
    number = country.enterprise(Capacity.EMPLOYER)
    human = country.representative(number)
    answer = country.post("/enterprises", human, {"number": number})
    assert answer.status_code == 409
