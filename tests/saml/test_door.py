"""The door: a login leaves with a signed request, comes back once, to the same browser, and is handed over."""

from __future__ import annotations

import time
import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProviders
from iam.domain.logins import ForeignEnterprise, PersonalData
from iam.sandbox.identity_providers.saml_messages import Said
from saml.outcomes import CODES
from saml.pinned_keys import pinned
from saml.signature_check import signed_by
from tests.saml import premises as p
from tests.saml.door_scene import BASE, FAS_LEVELS, Scene, hidden, request_of, said
from tests.web.a_hall import ANYTHING

ACS = f"{BASE}/sign-in/eidas/node/acs"
NATURAL, LEGAL = p.NATURAL, p.LEGAL
COMPANY = (said(LEGAL, "LegalPersonIdentifier", "NL/BE/KVK-1"), said(LEGAL, "LegalName", "Jansen BV"))

REPRESENTATIVE = tuple(said(f"{NATURAL}/representative", each.name.rpartition("/")[2], each.value) for each in p.PERSON)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_login_at_an_eidas_node_proves_who_somebody_is(scene: Scene) -> None:
    assert scene.login().status_code == 303
    [proven] = scene.hall.welcomed
    assert (proven.provider, proven.key, proven.assurance) == ("node", LoginKey.EIDAS, Assurance.HIGH)
    assert (proven.subject, proven.issued_in, proven.niss) == ("NL/BE/12345", "NL", None)
    assert proven.personal == PersonalData(family_name="Jansen", given_name="Sanne", born=date(1990, 2, 3))
    assert proven.enterprise is None
    assert proven.reference.startswith("_")
    assert proven.authenticated_at == p.NOW < proven.expires_at


def test_a_person_may_log_in_for_an_enterprise_which_is_kept_apart(scene: Scene) -> None:
    scene.login(whom="enterprise", attributes=(*p.PERSON, *COMPANY))
    [proven] = scene.hall.welcomed
    assert proven.enterprise == ForeignEnterprise(identifier="NL/BE/KVK-1", name="Jansen BV")
    assert proven.subject == "NL/BE/12345"


def test_of_an_enterprise_with_its_representative_the_representative_logged_in(scene: Scene) -> None:
    scene.login(whom="enterprise", attributes=(*REPRESENTATIVE, *COMPANY))
    [proven] = scene.hall.welcomed
    assert (proven.subject, proven.enterprise and proven.enterprise.name) == ("NL/BE/12345", "Jansen BV")


def test_the_request_is_signed_and_asks_for_what_the_profile_wants(scene: Scene) -> None:
    fields = scene.leave()
    octets = b64decode(fields["SAMLRequest"])
    certificates = scene.keys.published("saml-signing-rsa")
    assert signed_by(etree.fromstring(octets), [pinned(each) for each in certificates])
    request = request_of(fields)
    told = {
        name: request.get(name) for name in ("ForceAuthn", "IsPassive", "Destination", "AssertionConsumerServiceURL")
    }
    assert told == {
        "ForceAuthn": "true",
        "IsPassive": "false",
        "Destination": "https://node.example.org/sso",
        "AssertionConsumerServiceURL": ACS,
    }
    assert [each.get("FriendlyName") for each in request.iter("{*}RequestedAttribute")] == [
        *("PersonIdentifier", "FamilyName", "FirstName", "DateOfBirth")
    ]
    assert request.findtext(".//{*}SPType") == "public"
    assert request.findtext("{*}Issuer") == f"{BASE}/sign-in/eidas/node/metadata"
    assert fields["country"] == "NL"
    assert fields[""] == "https://node.example.org/sso"


@pytest.mark.parametrize(
    ("country", "minimum", "comparison", "levels"),
    [
        ("NL", Assurance.SUBSTANTIAL, "minimum", [f"{p.LOA}substantial"]),
        ("NL", Assurance.HIGH, "minimum", [f"{p.LOA}high"]),
        ("LV", Assurance.LOW, "exact", ["http://eidas.europa.eu/NotNotified/LoA/substantial"]),
    ],
)
def test_the_level_is_asked_for_as_notified_schemes_and_others_want_it(
    scene: Scene, country: str, minimum: Assurance, comparison: str, levels: list[str]
) -> None:
    scene.hall.asked = replace(ANYTHING, minimum=minimum)
    request = request_of(scene.leave(country))
    context = request.find("{*}RequestedAuthnContext")
    assert context is not None
    assert context.get("Comparison") == comparison
    assert [each.text for each in context] == levels


def test_a_level_that_no_scheme_of_the_country_reaches_is_not_asked_for(scene: Scene) -> None:
    scene.hall.asked = replace(ANYTHING, minimum=Assurance.HIGH)
    scene.post("/sign-in/eidas/node/country", country="LV")
    assert scene.refused == ("saml_level_not_offered", "level_not_configured")


@pytest.mark.attack("S12")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attributes": (said(NATURAL, "PersonIdentifier", "ES/BE/1"), *p.PERSON[1:])}, "other_country"),
        ({"attributes": (said(NATURAL, "PersonIdentifier", "NL/FR/1"), *p.PERSON[1:])}, "other_destination"),
        ({"attributes": (said(NATURAL, "PersonIdentifier", "nl/be/1"), *p.PERSON[1:])}, "identifier_malformed"),
        ({"attributes": (said(NATURAL, "PersonIdentifier", "NL/BE/"), *p.PERSON[1:])}, "identifier_malformed"),
        ({"attributes": (said(NATURAL, "PersonIdentifier", "12345"), *p.PERSON[1:])}, "identifier_malformed"),
        ({"attributes": p.without(["PersonIdentifier"])}, "mandatory_attribute_missing"),
        ({"attributes": p.without(["FamilyName"])}, "mandatory_attribute_missing"),
        ({"attributes": p.without(["FirstName"])}, "mandatory_attribute_missing"),
        ({"attributes": p.without(["DateOfBirth"])}, "mandatory_attribute_missing"),
        ({"attributes": COMPANY}, "person_missing"),
        ({"attributes": (*p.PERSON, *COMPANY)}, "enterprise_unasked"),
        (
            {"attributes": (*p.PERSON, said(f"{NATURAL}/representative", "PersonIdentifier", "NL/BE/2"))},
            "represents_person",
        ),
        ({"attributes": (*p.PERSON, said(f"{LEGAL}/representative", "LegalName", "X"))}, "represents_unclearly"),
        ({"attributes": REPRESENTATIVE}, "represents_unclearly"),
        ({"attributes": (*p.PERSON, p.PERSON[0]._replace(name="urn:x/PersonIdentifier"))}, "attribute_unknown"),
        ({"attributes": (*p.PERSON, p.PERSON[0]._replace(name=f"{NATURAL}/Role"))}, "attribute_unknown"),
        ({"level": "http://eidas.europa.eu/NotNotified/LoA/substantial"}, "level_unknown"),
        ({"issuer": "https://fas.example.org/metadata"}, "issuer"),
    ],
)
def test_an_answer_that_names_nobody_for_sure_is_refused(scene: Scene, changes: dict[str, Any], reason: str) -> None:
    assert scene.login(**changes).status_code == 400
    assert scene.hall.welcomed == []
    code, detail = scene.refused
    assert detail == reason
    assert code in CODES


@pytest.mark.attack("S12")
def test_an_enterprise_that_was_asked_for_and_is_not_named_is_refused(scene: Scene) -> None:
    scene.login(whom="enterprise")
    assert scene.refused == ("saml_enterprise_missing", "enterprise_missing")


@pytest.mark.attack("S10")
def test_an_answer_counts_once(scene: Scene) -> None:
    fields = scene.leave()
    message = scene.response(scene.told(fields))
    assert scene.answer(fields, message).status_code == 303
    assert scene.answer(fields, message).status_code == 400
    assert scene.refused == ("saml_not_begun_here", "not_begun_here")
    assert len(scene.hall.welcomed) == 1


@pytest.mark.attack("S09", "S10")
def test_an_answer_in_another_browser_is_refused(scene: Scene) -> None:
    fields = scene.leave()
    scene.hall.other_browser = True
    scene.answer(fields, scene.response(scene.told(fields)))
    assert scene.refused == ("saml_not_begun_here", "not_begun_here")


@pytest.mark.attack("S09")
def test_an_answer_to_another_of_our_requests_is_refused(scene: Scene) -> None:
    first, second = scene.leave(), scene.leave()
    scene.answer(second, scene.response(scene.told(first)))
    assert scene.refused == ("saml_not_believed", "in_response_to")


@pytest.mark.attack("S10")
@pytest.mark.parametrize("state", ["", "x", "x" * 500])
def test_an_answer_that_nobody_asked_for_is_refused(scene: Scene, state: str) -> None:
    scene.answer({"RelayState": state}, scene.response(scene.told(scene.leave())))
    assert scene.refused == ("saml_not_begun_here", "not_begun_here")


@pytest.mark.attack("S10")
def test_an_answer_of_one_provider_at_the_door_of_the_other_is_refused(scene: Scene) -> None:
    fields = scene.leave()
    scene.answer(fields, scene.response(scene.told(fields)), "saml/fas")
    assert scene.refused == ("saml_not_begun_here", "not_begun_here")


@pytest.mark.attack("S10")
def test_a_provider_that_was_switched_off_meanwhile_takes_no_answer(scene: Scene) -> None:
    fields = scene.leave()
    message = scene.response(scene.told(fields))
    scene.hall.providers = LoginProviders({"node": replace(scene.eidas(), enabled=False)})
    assert scene.answer(fields, message).status_code == 404
    assert scene.hall.welcomed == []


def test_an_answer_that_comes_without_our_cookies_is_carried_over_by_a_page_of_ours(scene: Scene) -> None:
    fields = scene.leave()
    message = scene.response(scene.told(fields))
    visit = scene.client.get_cookie("__Host-procura-visit", domain="procura.example.org")
    assert visit is not None
    scene.client.delete_cookie("__Host-procura-visit", domain="procura.example.org")
    sent = {"SAMLResponse": b64encode(p.octets(message)).decode(), "RelayState": fields["RelayState"]}
    page = scene.client.post(
        "/sign-in/eidas/node/acs", data=sent, base_url=BASE, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert page.status_code == 200
    again = hidden(page)
    assert again == sent
    scene.client.set_cookie("__Host-procura-visit", visit.value, domain="procura.example.org", secure=True)
    assert scene.client.post("/sign-in/eidas/node/acs", data=again, base_url=BASE).status_code == 303
    assert len(scene.hall.welcomed) == 1


def test_a_browser_that_never_shows_cookies_is_not_sent_round_for_ever(scene: Scene) -> None:
    scene.client.delete_cookie("__Host-procura-visit", domain="procura.example.org")
    scene.hall.other_browser = True
    data = {"SAMLResponse": b64encode(p.octets(p.a_response())).decode(), "RelayState": "x"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}
    assert scene.client.post("/sign-in/eidas/node/acs", data=data, base_url=BASE, headers=headers).status_code == 400
    assert scene.refused[1] == "not_begun_here"


def test_a_long_answer_is_read_as_far_as_the_filter_allows(scene: Scene) -> None:
    octets = b"<a>" + b" " * 100_000 + b"</a>"
    scene.answer(scene.leave(), octets)
    assert scene.refused[1] == "not_a_response"
    scene.client.delete_cookie("__Host-procura-visit", domain="procura.example.org")
    data = {"SAMLResponse": b64encode(octets).decode(), "RelayState": "x"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert scene.client.post("/sign-in/eidas/node/acs", data=data, base_url=BASE, headers=headers).status_code == 200


@pytest.mark.attack("S13")
@pytest.mark.parametrize(
    ("posted", "reason"),
    [
        ("", "not_base64"),
        ("\r\n", "not_base64"),
        ("<a/>", "not_base64"),
        ("AAA", "not_base64"),
        ("A" * 300_000, "too_large"),
        ("\n" * 170_000 + "!", "not_base64"),
        ("A" * 262_143 + "!", "not_base64"),
        ("AAAA=" * 1_000, "not_base64"),
    ],
)
def test_what_is_no_message_is_refused(scene: Scene, posted: str, reason: str) -> None:
    fields = scene.leave()
    began = time.perf_counter()
    data = {"SAMLResponse": posted, "RelayState": fields["RelayState"]}
    scene.client.post("/sign-in/eidas/node/acs", data=data, base_url=BASE)
    assert time.perf_counter() - began < 5  # a guard against hanging
    assert scene.refused == ("saml_not_believed", reason)
    assert scene.answer(fields, scene.response(scene.told(fields))).status_code == 303  # the login is still open


@pytest.mark.attack("S13")
def test_a_form_of_ten_megabytes_is_not_read(scene: Scene) -> None:
    answer = scene.client.post("/sign-in/eidas/node/acs", data={"SAMLResponse": "A" * 10_000_000}, base_url=BASE)
    assert answer.status_code == 413


@pytest.mark.attack("S13")
def test_an_answer_by_redirect_is_never_unpacked(scene: Scene) -> None:
    packed = b64encode(zlib.compress(b"<a/>" * 1_000_000)).decode()
    assert scene.client.get(
        "/sign-in/eidas/node/acs", query_string={"SAMLResponse": packed}, base_url=BASE
    ).status_code in (
        400,
        405,
    )
    assert scene.hall.turned == []


@pytest.mark.parametrize("chosen", [{"country": "FR"}, {"country": ""}, {"country": "NL", "whom": "all"}])
def test_a_choice_that_is_not_on_the_page_is_refused(scene: Scene, chosen: dict[str, str]) -> None:
    assert scene.post("/sign-in/eidas/node/country", **chosen).status_code == 400
    assert scene.hall.flows == {}


@pytest.mark.attack("S10")
@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"countries": ["DE"], "not_notified": []}, "country_off"),
        ({"enterprises": False}, "enterprises_off"),
    ],
)
def test_what_was_switched_off_meanwhile_is_off_for_answers(scene: Scene, node: dict[str, Any], reason: str) -> None:
    fields = scene.leave(whom="enterprise")
    scene.settings["node"] = node
    scene.hall.providers = LoginProviders({"node": scene.eidas()})
    scene.answer(fields, scene.response(scene.told(fields, attributes=(*p.PERSON, *COMPANY))))
    assert scene.refused == ("saml_unavailable", reason)
    assert scene.hall.welcomed == []


def test_a_browser_that_begins_at_the_countries_is_led_to_the_choice_of_keys(scene: Scene) -> None:
    scene.client.delete_cookie("__Host-procura-visit", domain="procura.example.org")
    answer = scene.get("/sign-in/eidas/node/country")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_the_federal_service_tells_the_belgian_number(scene: Scene) -> None:
    fields = scene.leave_to_fas()
    attributes = [
        Said("egovNRN", "85073003328"),
        Said("surname", "Peeters"),
        Said("givenName", "An"),
        Said("urn:be:fedict:iam:attr:fedid", "f" * 40),
    ]
    level = "urn:be:fedict:iam:fas:citizen:Level500"
    told = scene.told(fields, issuer="https://fas.example.org/metadata", level=level, attributes=attributes)
    assert scene.answer(fields, scene.response(told), "saml/fas").status_code == 303, scene.hall.turned
    [proven] = scene.hall.welcomed
    assert proven.niss is not None
    assert (proven.niss.value, proven.key, proven.assurance) == ("85073003328", LoginKey.FAS, Assurance.HIGH)
    assert proven.subject == "f" * 40


@pytest.mark.attack("S07")
@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ([Said("egovNRN", "85073003329")], "number_invalid"),
        ([Said("egovNRN", "85.07.30-033.28")], "number_invalid"),
        ([Said("egovNRN", "８５０７３００３３２８")], "number_invalid"),
        ([Said("surname", "Peeters")], "subject_missing"),
    ],
)
def test_a_number_that_is_none_is_refused(scene: Scene, attributes: list[Said], reason: str) -> None:
    fields = scene.leave_to_fas()
    level = "urn:be:fedict:iam:fas:citizen:Level500"
    told = scene.told(fields, issuer="https://fas.example.org/metadata", level=level, attributes=attributes)
    scene.answer(fields, scene.response(told), "saml/fas")
    assert scene.refused[1] == reason


def test_a_person_without_number_is_known_by_the_service_s_own_name(scene: Scene) -> None:
    fields = scene.leave_to_fas()
    told = scene.told(
        fields,
        issuer="https://fas.example.org/metadata",
        level=next(iter(FAS_LEVELS)),
        attributes=[Said("urn:be:fedict:iam:attr:fedid", "f" * 40)],
    )
    scene.answer(fields, scene.response(told), "saml/fas")
    assert (scene.hall.welcomed[0].niss, scene.hall.welcomed[0].subject) == (None, "f" * 40)


def test_a_request_by_redirect_is_packed_and_signed_over_its_query(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"fas": {"binding": "redirect"}})
    address = scene.leave_to_fas()[""]
    query = parse_qs(urlsplit(address).query)
    request = etree.fromstring(zlib.decompress(b64decode(query["SAMLRequest"][0]), -15))
    assert request.get("Destination") == "https://fas.example.org/sso"
    certificate = scene.keys.published("saml-signing-rsa")[0]
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    covered = urlsplit(address).query.partition("&Signature=")[0].encode()
    assert key.verify(b64decode(query["Signature"][0]), covered, padding.PKCS1v15(), hashes.SHA256()) is None
