"""Userinfo counts when the provider signed it about the same person; who that is follows from country and number."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from iam.domain.assurance import LoginKey
from iam.domain.logins import PersonalData
from iam.domain.web_answers import WebAnswer
from tests.oidc.jose_material import forge
from tests.oidc.relying_party.an_openid_provider import (
    CLIENT_ID,
    ISSUER,
    NUMBER,
    SUBJECT,
    Change,
    Claims,
    json_answer,
    seconds,
)
from tests.oidc.relying_party.premises import SETTINGS, Premises
from tests.storage.clocks import START

GONE = object()
NAMED = f"{ISSUER}#{SUBJECT}"
"""The provider's own name for the person, which is worth something with its issuer alone."""


def altered(**values: object) -> Change:
    def change(claims: Claims) -> None:
        for name, value in values.items():
            claims.pop(name, None)
            if value is not GONE:
                claims[name] = value

    return change


@pytest.mark.parametrize(
    "lie",
    [
        altered(sub="another"),
        altered(sub=GONE),
        altered(iss="https://other.example"),
        altered(iss=GONE),
        altered(aud="somebody-else"),
        altered(aud=[CLIENT_ID, "somebody-else"]),
        altered(aud=GONE),
        altered(exp=seconds(START, -60)),
    ],
)
def test_userinfo_about_another_or_for_another_is_not_believed(door: Premises, lie: Change) -> None:
    door.op.userinfo_claims = lie
    assert door.refused()[0] == "oidc_not_believed"


def plain(door: Premises) -> WebAnswer:
    return json_answer({"sub": SUBJECT, "number": NUMBER})


def not_signed(door: Premises) -> WebAnswer:
    claims = {"sub": SUBJECT, "number": NUMBER, "iss": SETTINGS["issuer"], "aud": CLIENT_ID}
    body = forge({"alg": "none", "kid": "op-1"}, claims, lambda _: b"").encode()
    return WebAnswer(status=200, media_type="application/jwt", body=body)


@pytest.mark.parametrize("answer", [plain, not_signed])
def test_userinfo_that_nobody_signed_is_not_believed(door: Premises, answer: Callable[[Premises], WebAnswer]) -> None:
    door.op.answers["/userinfo"] = answer(door)
    assert door.refused()[0] == "oidc_not_believed"


@pytest.mark.parametrize("answer", [None, json_answer({}, 401), WebAnswer(status=500, media_type="", body=b"")])
def test_a_silent_userinfo_lets_nobody_in(door: Premises, answer: WebAnswer | None) -> None:
    door.op.answers["/userinfo"] = answer
    assert door.refused()[0] == "oidc_unavailable"


def test_userinfo_is_not_asked_where_the_id_token_says_all() -> None:
    door = Premises(settings={"userinfo": False})
    door.op.metadata["userinfo_endpoint"] = None
    door.op.id_claims = altered(number=NUMBER)
    proven = door.login()
    assert proven.niss is not None and proven.niss.value == NUMBER
    assert door.op.asked_for("/userinfo") == []
    assert proven.logout_hint == "", "a number would stand in the address at which the person logs out"


def test_a_key_of_another_country_proves_subject_and_personal_data(door: Premises) -> None:
    door.op.userinfo_claims = altered(country="RO", number=GONE)
    proven = door.login()
    assert (proven.niss, proven.subject, proven.issued_in) == (None, NAMED, "RO")
    assert proven.personal == PersonalData(family_name="Zomaar", given_name="Zita", born=date(1903, 3, 15))


def test_a_belgian_key_without_number_names_nobody_by_itself(door: Premises) -> None:
    door.op.userinfo_claims = altered(number=GONE)
    proven = door.login()
    assert (proven.niss, proven.subject, proven.issued_in) == (None, NAMED, "BE")


def test_a_key_of_which_no_country_is_told_is_of_none_without_number(door: Premises) -> None:
    door.op.userinfo_claims = altered(number=GONE, country=GONE)
    assert door.login().issued_in == "ZZ"


def test_an_account_made_anew_is_the_same_person_by_the_number(door: Premises) -> None:
    first = door.login()
    for change in ("id_claims", "userinfo_claims"):
        setattr(door.op, change, altered(sub="another-subject"))
    second = door.login()
    assert first.niss == second.niss is not None
    assert first.subject == second.subject == ""


def test_an_account_made_anew_abroad_is_another_subject_to_be_matched(door: Premises) -> None:
    door.op.userinfo_claims = altered(country="BG", number=GONE)
    first = door.login()
    door.op.id_claims = altered(sub="another-subject")
    door.op.userinfo_claims = altered(country="BG", number=GONE, sub="another-subject")
    second = door.login()
    assert (first.subject, second.subject) == (NAMED, f"{ISSUER}#another-subject")
    assert first.personal == second.personal


@pytest.mark.parametrize(
    "lie",
    [
        altered(number="03031507842"),
        altered(number=3031507841),
        altered(number="0３031507841"),
        altered(number=[NUMBER]),
        altered(number=NUMBER + "1"),
        altered(country="RO"),
        altered(country="be"),
        altered(country="BEL"),
        altered(country=["BE"]),
    ],
)
def test_a_number_that_is_none_or_contradicts_its_country_is_refused(door: Premises, lie: Change) -> None:
    door.op.userinfo_claims = lie
    code, detail = door.refused()
    assert code == "oidc_number_refused" and "0303150784" not in detail


@pytest.mark.parametrize("name", ["number", "country"])
def test_id_token_and_userinfo_that_contradict_each_other_name_nobody(door: Premises, name: str) -> None:
    said = {"number": "85073003328", "country": "RO"}[name]
    door.op.id_claims = altered(**{name: said})
    assert door.refused()[0] == "oidc_number_refused"


def test_one_name_at_two_issuers_is_two_people(door: Premises) -> None:
    """Another issuer in a provider's place does not inherit whom its predecessor's names were linked to."""
    door.op.userinfo_claims = altered(country="RO", number=GONE)
    first = door.login()
    door.op.issuer = "https://op.example/v3"
    door.use(door.op, {"issuer": door.op.issuer})
    second = door.login()
    assert first.provider == second.provider and first.subject != second.subject


@pytest.mark.parametrize(
    "told",
    [
        {"number": NUMBER},
        {"family_name": "Zomaar"},
        {"email": "zita@example.org"},
        {"surprise": "who knows"},
        {"sub": NUMBER},
        {"sub": f"niss:{NUMBER}"},
        {"sid": "03.03.15-078.41"},
    ],
)
def test_an_id_token_that_tells_of_the_person_never_stands_in_an_address(
    door: Premises, told: dict[str, object]
) -> None:
    door.op.id_claims = altered(**told)
    door.op.userinfo_claims = altered(**{name: value for name, value in told.items() if name == "sub"})
    assert door.login().logout_hint == ""


@pytest.mark.parametrize(
    ("told", "data"),
    [
        ({"family_name": GONE}, None),
        ({"family_name": "x" * 300}, None),
        ({"given_name": GONE}, PersonalData(family_name="Zomaar", given_name="", born=date(1903, 3, 15))),
        ({"birthdate": "1903"}, PersonalData(family_name="Zomaar", given_name="Zita", born=None)),
        ({"birthdate": "1903-02-30"}, PersonalData(family_name="Zomaar", given_name="Zita", born=None)),
        ({"given_name": "Zi\x1b[0mta"}, PersonalData(family_name="Zomaar", given_name="", born=date(1903, 3, 15))),
    ],
)
def test_personal_data_are_taken_as_far_as_they_can_be_read(
    door: Premises, told: dict[str, object], data: PersonalData | None
) -> None:
    door.op.userinfo_claims = altered(**told)
    assert door.login().personal == data


@pytest.mark.parametrize(
    ("amr", "key"),
    [
        (["eid", "urn:be:fedict:iam:fas:Level500"], LoginKey.EID),
        (["bmid"], LoginKey.ITSME),
        (["eid", "bmid"], LoginKey.FAS),
        (["else"], LoginKey.FAS),
        ("eid", LoginKey.FAS),
        (GONE, LoginKey.FAS),
    ],
)
def test_the_federal_service_s_key_is_the_one_that_it_names(amr: object, key: LoginKey) -> None:
    door = Premises(settings={"keys": {"eid": "eid", "bmid": "itsme"}})
    door.hall.providers._providers["op"] = replace(door.provider, key=LoginKey.FAS)
    door.op.id_claims = altered(amr=amr)
    assert door.login().key is key


def test_the_level_may_stand_in_userinfo() -> None:
    door = Premises(settings={"level_claim": "assurance_level"})
    door.op.userinfo_claims = altered(assurance_level="advanced")
    assert door.login().assurance.label == "high"
