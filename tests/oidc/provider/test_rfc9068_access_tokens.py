"""RFC 9068: access tokens that others can verify, that name their whole chain of authority and never outlast it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise
from iam.domain.mandates import Cover
from iam.domain.periods import Period
from iam.services.tokens import Tokens
from tests.oidc.provider.forgery import payload
from tests.oidc.provider.premises import (
    CONSULT,
    DECLARE,
    EMPLOYER,
    IN_HOUSE,
    ISSUER,
    OTHER,
    PROVIDER,
    SOFTWARE,
    Premises,
    the_law,
)
from tests.storage import records


class Catalogued:
    """The law of the house with other services in its catalogue."""

    def __init__(self, **changed: Any) -> None:
        law = the_law()
        services = dict(law.catalogue.services)
        services["dimona"] = replace(services["dimona"], **changed)
        self.catalogue = replace(law.catalogue, services=services)
        self.hash, self.judge, self.texts = law.hash, law.judge, law.texts
        self.reason_of_rule, self.changes_after = law.reason_of_rule, law.changes_after


def published(house: Premises) -> Mapping[str, Any]:
    keys = house.app.test_client().get("/oauth2/jwks").get_json()
    assert isinstance(keys, dict)
    return keys


def test_a_token_says_who_acts_for_whom_and_on_what_it_rests(house: Premises) -> None:
    claims = payload(house.token(f"{DECLARE} {CONSULT}"))
    details = claims.pop("authorization_details")[0]
    now = house.seconds()
    assert claims == {
        "iss": ISSUER,
        "sub": SOFTWARE,
        "client_id": SOFTWARE,
        "aud": "dimona",
        "scope": f"{DECLARE} {CONSULT}",
        "jti": claims["jti"],
        "iat": now,
        "exp": now + 300,
    }
    authority = details.pop("authority")
    assert details == {
        "type": "procura_mandator",
        "mandator": EMPLOYER,
        "capacity": "service_provider",
        "enterprise": PROVIDER,
        "employer": EMPLOYER,
        "client": SOFTWARE,
        "book": the_law().hash,
        "revision": 1,
    }
    assert [one["scope"] for one in authority] == [DECLARE, CONSULT]


def test_each_scope_names_the_whole_chain_that_it_rests_on(house: Premises) -> None:
    (authority,) = payload(house.token())["authorization_details"][0]["authority"]
    assert {**authority, "decision": "…"} == {
        "scope": DECLARE,
        "decision": "…",
        "rules": ["declaration-mandated-software"],
        "client": SOFTWARE,
        "grant": "g1",
        "enterprise": PROVIDER,
        "capacity": "c2",
        "concerned": EMPLOYER,
        "concerned_capacity": "c1",
        "portfolio": "f1",
        "mandate": "m1",
        "mandate_version": "3",
    }


def test_pyjwt_verifies_our_tokens_with_our_published_keys(plain_house: Premises) -> None:
    token = plain_house.token()
    kid = pyjwt.get_unverified_header(token)["kid"]
    key = pyjwt.PyJWKSet.from_dict(dict(published(plain_house)))[kid]
    claims = pyjwt.decode(
        token,
        key,
        algorithms=["ES256"],
        audience="dimona",
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "jti", "sub", "client_id"]},
    )
    assert claims["sub"] == SOFTWARE
    with pytest.raises(pyjwt.InvalidAudienceError):
        pyjwt.decode(token, key, algorithms=["ES256"], audience="dmfa", options={"verify_exp": False})


def test_authlib_takes_our_tokens_for_what_rfc_9068_describes(plain_house: Premises) -> None:
    keys = KeySet.import_key_set(json.loads(json.dumps(published(plain_house))))

    class Validator(JWTBearerTokenValidator):
        def get_jwks(self) -> KeySet:
            return keys

    plain_house.clock.at = plain_house.clock.at.now(plain_house.clock.at.tzinfo)
    plain_house.keys.reload()
    validator = Validator(issuer=ISSUER, resource_server="dimona")
    token = validator.authenticate_token(plain_house.token())
    validator.validate_token(token, [DECLARE], None)
    assert token["client_id"] == SOFTWARE


def test_a_service_that_registered_rs256_gets_rs256(plain_house: Premises) -> None:
    plain_house.library._current = Catalogued(signing_algorithm="RS256")
    token = plain_house.token()
    header = pyjwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("RS256", "at+jwt")
    key = pyjwt.PyJWKSet.from_dict(dict(published(plain_house)))[header["kid"]]
    assert pyjwt.decode(token, key, algorithms=["RS256"], audience="dimona", options={"verify_exp": False})


ENDING: dict[str, Any] = {
    "grant": lambda h: h.grant("g1", SOFTWARE, PROVIDER, Capacity.SERVICE_PROVIDER, "dimona", "declare"),
    "portfolio": lambda h: records.portfolio("f1", holder=SOFTWARE, enterprise=PROVIDER),
    "mandate": lambda h: records.cover("m1/dmfa-dimona"),
    "client": lambda h: h.find_client(SOFTWARE),
    "enterprise": lambda h: records.enterprise(PROVIDER),
    "capacity": lambda h: records.capacity_held("c2", enterprise=PROVIDER, capacity=Capacity.SERVICE_PROVIDER),
    "employer": lambda h: records.enterprise(EMPLOYER),
    "employer's capacity": lambda h: records.capacity_held("c1"),
}


@pytest.mark.parametrize("ends_in", [timedelta(seconds=90), timedelta(seconds=90, microseconds=999_999)])
@pytest.mark.parametrize("ending", ENDING)
def test_a_token_ends_with_the_first_thing_it_rests_on(plain_house: Premises, ending: str, ends_in: timedelta) -> None:
    house = plain_house
    end = house.clock.at + ends_in
    fact = ENDING[ending](house)
    house.record(replace(fact, valid=Period(records.OPEN.start, end)))
    told = house.ask().get_json()
    assert told["expires_in"] == 90
    assert payload(told["access_token"])["exp"] == house.seconds(seconds=90)


def test_authority_that_ends_within_the_second_gives_no_token(house: Premises) -> None:
    end = house.clock.at + timedelta(milliseconds=700)
    house.record(records.cover("m1/dmfa-dimona", valid=Period(records.OPEN.start, end)))
    assert house.ask().get_json()["error_description"].startswith("authority_ends")


def test_of_two_supports_the_longer_one_counts(house: Premises) -> None:
    short = Period(records.OPEN.start, house.clock.at + timedelta(seconds=30))
    house.record(records.portfolio("f2", holder=SOFTWARE, enterprise=PROVIDER, valid=short))
    assert house.ask().get_json()["expires_in"] == 300


def test_tokens_may_be_shorter_but_never_longer_than_300_seconds(plain_house: Premises) -> None:
    parts = (plain_house.archive, plain_house.judge, plain_house.library, plain_house.clock, plain_house.randomness)
    with pytest.raises(ValueError, match="300"):
        Tokens(*parts, life=timedelta(seconds=301))
    plain_house.tokens = Tokens(*parts, life=timedelta(seconds=60))
    plain_house.app = plain_house.open_doors()
    assert plain_house.ask().get_json()["expires_in"] == 60


def test_a_declaration_of_works_is_permitted_on_condition_that_the_service_brings_the_contractors(
    house: Premises,
) -> None:
    house.record(house.grant("g3", IN_HOUSE, EMPLOYER, Capacity.EMPLOYER, "works", "declare", "consult"))
    claims = payload(house.token("scope:works:declaration:declare", IN_HOUSE, None))
    authority = claims["authorization_details"][0]["authority"][0]
    assert authority["on_condition"] == ["client", "main_contractor", "subcontractors"]


def test_working_abroad_is_permitted_on_condition_of_the_dimona(house: Premises) -> None:
    house.record(house.grant("g3", IN_HOUSE, EMPLOYER, Capacity.EMPLOYER, "working_abroad", "apply"))
    claims = payload(house.token("scope:working_abroad:application:apply", IN_HOUSE, None))
    assert claims["authorization_details"][0]["authority"][0]["on_condition"] == ["dimona", "requested"]


@pytest.mark.parametrize(("client", "details"), [(IN_HOUSE, None), (SOFTWARE, "mandate")])
def test_following_up_is_permitted_where_some_service_may_be_followed(
    house: Premises, client: str, details: str | None
) -> None:
    of_provider = client == SOFTWARE
    enterprise = PROVIDER if of_provider else EMPLOYER
    capacity = Capacity.SERVICE_PROVIDER if of_provider else Capacity.EMPLOYER
    house.record(house.grant("g3", client, enterprise, capacity, "followit", "consult"))
    scope = "scope:followit:declaration:consult"
    answer = house.ask(scope, client) if details else house.ask(scope, client, None)
    authority = payload(answer.get_json()["access_token"])["authorization_details"][0]["authority"][0]
    assert authority["on_condition"] == ["declared_on", "service"]


def test_following_up_for_somebody_who_gave_no_mandate_is_refused_for_that_reason(house: Premises) -> None:
    house.record(house.grant("g3", SOFTWARE, PROVIDER, Capacity.SERVICE_PROVIDER, "followit", "consult"))
    details = [{"type": "procura_mandator", "mandator": OTHER, "capacity": "service_provider"}]
    answer = house.ask("scope:followit:declaration:consult", details=details)
    assert answer.get_json()["error_uri"].endswith("no_mandate_in_force")


def test_a_former_mandatary_gets_a_token_while_its_delegation_runs(house: Premises) -> None:
    other_cover = records.cover("m2/dmfa-dimona", mandatary=OTHER)
    able = records.capacity_held("c9", enterprise=OTHER, capacity=Capacity.SERVICE_PROVIDER)
    house.remove(Cover, "m1/dmfa-dimona")
    house.record(records.enterprise(OTHER), able, other_cover)
    house.record(records.delegation("d1", mandate="m2", giver=OTHER, receiver=PROVIDER))
    claims = payload(house.token())
    authority = claims["authorization_details"][0]["authority"][0]
    assert (authority["delegation"], authority["on_condition"]) == ("d1", ["quarter"])
    house.remove(Cover, "m2/dmfa-dimona")
    assert house.ask().status_code == 400


def test_an_ended_capacity_of_the_employer_takes_the_right_away(house: Premises) -> None:
    house.remove(CapacityHeld, "c1")
    assert house.ask().get_json()["error"] == "invalid_authorization_details"


def test_a_client_of_another_capacity_does_not_use_the_grants_of_this_one(house: Premises) -> None:
    client = house.find_client(IN_HOUSE)
    assert client is not None
    house.record(replace(client, capacity=Capacity.COMPANY_WITHOUT_STAFF))
    answer = house.ask(DECLARE, IN_HOUSE, None)
    assert answer.get_json()["error"] in ("unauthorized_client", "invalid_scope")


def test_an_enterprise_that_nobody_knows_gets_no_token(house: Premises) -> None:
    house.remove(Enterprise, EMPLOYER)
    assert house.ask(DECLARE, IN_HOUSE, None).get_json()["error"] == "unauthorized_client"
