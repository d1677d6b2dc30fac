"""A vendor asks, the customer approves in the browser, and the vendor collects: each once, each judged."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.appointments import Appointment, Role
from iam.domain.assurance import Assurance
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import REQUEST_LIFE, RegistrationAccess, RequestState, SoftwareRequest
from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import Capacity
from iam.services.client_requests import MOST_WAITING, MOST_WRONG_CODES
from tests.oidc.provider.code_scene import CONSULT, DECLARE
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk, jwks
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER, PROVIDER
from tests.oidc.provider.registration_scene import RegistrationScene
from tests.storage import records

VENDOR = f"self_service_procura_{PROVIDER}_vendor0000"
ASKING, COLLECTING = "/oauth2/software-requests", "/oauth2/software-requests/collection"
LANGUAGES = ("nl", "fr", "de", "en")
_CSRF = re.compile(r'name="csrf_token" value="([^"]*)"')


def with_vendor(scene: RegistrationScene, **said: Any) -> RegistrationScene:
    """The house with a vendor's client."""
    capacity = Capacity.SERVICE_PROVIDER
    client = records.client(
        VENDOR, enterprise=PROVIDER, capacity=capacity, jwks=jwks(ec_jwk(kid="k1")), label="Payroll Ltd"
    )
    told: dict[str, Any] = {"vendor": True, "software_id": "payroll", **said}
    scene.record(records.capacity_held("c2", enterprise=PROVIDER, capacity=capacity), client)
    scene.record(ClientMetadata(client=VENDOR, **told))
    return scene


def ask(scene: RegistrationScene, client: str = VENDOR, **more: str) -> TestResponse:
    plain = {"enterprise": EMPLOYER, "capacity": "employer", "label": "Payroll", "scope": f"{DECLARE} {CONSULT}"}
    told = {name: value for name, value in {**plain, **more}.items() if value}
    return scene.post(ASKING, {**told, **scene.authenticated(client)})


def asked(scene: RegistrationScene, **more: str) -> dict[str, Any]:
    answer = ask(scene, **more)
    assert answer.status_code == 201, answer.text
    scene.clock.at += timedelta(seconds=1)
    told: dict[str, Any] = answer.get_json()
    return told


def collect(scene: RegistrationScene, told: dict[str, Any], client: str = VENDOR) -> TestResponse:
    return scene.post(COLLECTING, {"request": told["request"], **scene.authenticated(client)})


def manager(scene: RegistrationScene, level: Assurance = Assurance.HIGH, **acting: Any) -> Browser:
    """A browser of Marie's, who acts above any capacity for the employer."""
    return scene.logged_in(level, **{"capacity": None, **acting})


def answer(
    scene: RegistrationScene, browser: Browser, told: dict[str, Any], choice: str, code: str = ""
) -> TestResponse:
    page = scene.visit(browser, told["verification_uri"])
    form = {
        "csrf_token": _CSRF.findall(page.text)[0] if _CSRF.findall(page.text) else "",
        "answer": choice,
        "code": code,
    }
    path = told["verification_uri"].removeprefix(ISSUER)
    return browser.post(path, data=form, base_url=ISSUER, headers={"Origin": ISSUER})


def clients_of(scene: RegistrationScene, enterprise: str = EMPLOYER) -> list[Client]:
    return [one for one in scene.found(Client, enterprise=enterprise)]


def test_what_a_vendor_asks_is_registered_once_the_customer_approves(registration: RegistrationScene) -> None:
    scene = with_vendor(registration)
    told = asked(scene)
    waiting = collect(scene, told)
    assert (waiting.status_code, waiting.get_json()["error"]) == (400, "authorization_pending")
    page = scene.visit(manager(scene), told["verification_uri"])
    assert page.status_code == 200, page.text
    assert "Payroll Ltd" in page.text and "k1" in page.text and told["user_code"] not in page.text
    done = answer(scene, manager(scene), told, "approve", told["user_code"].upper())
    assert done.status_code == 200, done.text
    scene.clock.at += timedelta(seconds=1)
    given = collect(scene, told)
    assert given.status_code == 200, given.text
    (client,) = clients_of(scene)
    assert given.get_json()["client_id"] == client.id
    assert (client.kind, client.capacity, client.registered_by) == (ClientKind.TECHNICAL, Capacity.EMPLOYER, "a2")
    assert client.jwks == jwks(ec_jwk(kid="k1"))
    (metadata,) = [one for one in scene.found(ClientMetadata) if one.client == client.id]
    assert (metadata.software_id, metadata.vendor, set(metadata.scopes)) == ("payroll", False, {DECLARE, CONSULT})
    read = scene.send("GET", given.get_json()["registration_client_uri"], given.get_json()["registration_access_token"])
    assert read.status_code == 200
    acts = [one.leaf.act for one in scene.archive.leaves()]
    assert acts[-1] == "software_collected" and "software_approved" in acts and "software_requested" in acts
    assert "no_grant" in scene.software_token(client.id).text


def test_the_answer_is_collected_once(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    answer(scene, manager(scene), told, "approve", told["user_code"])
    scene.clock.at += timedelta(seconds=1)
    assert collect(scene, told).status_code == 200
    again = collect(scene, told)
    assert (again.status_code, again.get_json()["error"]) == (400, "expired_token")


@pytest.mark.parametrize("published", [False, True])
def test_a_vendor_collects_no_software_whose_keys_its_customer_has_replaced(
    registering: RegistrationScene, published: bool
) -> None:
    """With the registration it could put its own keys back."""
    scene, uri = with_vendor(registering), "https://keys.vendor.example/jwks"
    scene.servers.documents[uri] = json.loads(jwks(ec_jwk(kid="k1")))
    told = asked(scene, jwks_uri=uri if published else "")
    answer(scene, manager(scene), told, "approve", told["user_code"])
    (client,) = clients_of(scene)
    scene.house.clients.replace_keys(scene.manager(), client.id, {"keys": [ec_jwk(OTHER_EC, kid="own")]})
    scene.clock.at += timedelta(seconds=1)
    refused = collect(scene, told)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "expired_token")
    assert scene.found(RegistrationAccess) == []


def test_a_request_is_answered_once(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    answer(scene, manager(scene), told, "approve", told["user_code"])
    again = answer(scene, manager(scene), told, "approve", told["user_code"])
    assert again.status_code == 403 and len(clients_of(scene)) == 1


def test_a_customer_who_refuses_has_nothing_registered(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    assert answer(scene, manager(scene), told, "refuse").status_code == 200
    refused = collect(scene, told)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "access_denied")
    assert clients_of(scene) == []
    assert answer(scene, manager(scene), told, "approve", told["user_code"]).status_code == 403


def test_a_request_ends_with_its_time(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    scene.clock.at += REQUEST_LIFE
    scene.house.key_rotation.ensure(scene.clock.at)
    assert scene.visit(manager(scene), told["verification_uri"]).status_code == 403
    assert collect(scene, told).get_json()["error"] == "expired_token"


@pytest.mark.parametrize(
    "more", [{"label": "x" * 101}, {"enterprise": "1"}, {"capacity": "officer"}, {"scope": "openid"}]
)
def test_a_request_that_is_none_is_not_kept(refusing: RegistrationScene, more: dict[str, str]) -> None:
    scene = refusing if refusing.found(Client, id=VENDOR) else with_vendor(refusing)
    answer = ask(scene, **more)
    assert answer.status_code == 400, answer.text
    assert scene.found(SoftwareRequest) == []


def test_only_a_vendor_asks(registering: RegistrationScene) -> None:
    scene = with_vendor(registering, vendor=False)
    refused = ask(scene)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "unauthorized_client")
    assert scene.found(SoftwareRequest) == []


def test_a_vendor_that_is_one_no_more_gets_no_yes(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    scene.record(ClientMetadata(client=VENDOR, vendor=False))
    assert answer(scene, manager(scene), told, "approve", told["user_code"]).status_code == 403
    assert clients_of(scene) == []


def test_another_vendor_collects_nothing(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    other = f"self_service_procura_{PROVIDER}_vendor0001"
    capacity = Capacity.SERVICE_PROVIDER
    scene.record(records.client(other, enterprise=PROVIDER, capacity=capacity, jwks=jwks(ec_jwk(kid="k1"))))
    scene.record(ClientMetadata(client=other, vendor=True))
    told = asked(scene)
    answer(scene, manager(scene), told, "approve", told["user_code"])
    scene.clock.at += timedelta(seconds=1)
    assert collect(scene, told, other).get_json()["error"] == "expired_token"
    assert collect(scene, told).status_code == 200


def test_whether_an_enterprise_is_known_makes_no_difference_to_a_vendor(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    known, unknown = asked(scene), asked(scene, enterprise="0403227515")
    assert known.keys() == unknown.keys()


def test_a_vendor_does_not_flood_the_managers_of_an_enterprise(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    for _ in range(MOST_WAITING):
        asked(scene)
    assert "too_many_requests" in ask(scene).text
    assert ask(scene, enterprise=OTHER).status_code == 201


def test_a_wrong_code_registers_nothing_and_guesses_are_counted(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    here = manager(scene)
    for _ in range(MOST_WRONG_CODES):
        assert answer(scene, here, told, "approve", "aaaa-aaaa").status_code == 400
    late = answer(scene, here, told, "approve", told["user_code"])
    assert late.status_code == 403 and clients_of(scene) == []


def test_who_manages_no_channels_of_the_enterprise_sees_nothing_of_a_request(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    with scene.archive.writing() as uow:
        uow.remove(Appointment, "a2")
        uow.commit()
    plain = scene.visit(scene.logged_in(), told["verification_uri"])
    assert plain.status_code == 403 and "Payroll" not in plain.text
    elsewhere = scene.visit(scene.logged_in(enterprise=OTHER, capacity=None), told["verification_uri"])
    assert elsewhere.status_code == 403 and "Payroll" not in elsewhere.text
    citizen = scene.visit(scene.logged_in(enterprise=None, capacity=None), told["verification_uri"])
    assert citizen.status_code == 403 and "Payroll" not in citizen.text
    assert answer(scene, scene.logged_in(), told, "approve", told["user_code"]).status_code in (400, 403)
    assert clients_of(scene) == []


def test_another_enterprises_manager_answers_nothing(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    scene.record(records.appointment("a7", person=scene.marie, enterprise=OTHER, role=Role.PRINCIPAL_ACCESS_MANAGER))
    told = asked(scene, enterprise=EMPLOYER)
    here = scene.logged_in(enterprise=OTHER, capacity=None)
    assert scene.visit(here, told["verification_uri"]).status_code == 403
    assert answer(scene, here, told, "refuse").status_code in (400, 403)
    (request,) = scene.found(SoftwareRequest)
    assert request.state is RequestState.WAITING


def test_a_login_below_what_channels_ask_is_led_to_log_in_anew(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    page = scene.visit(manager(scene, Assurance.LOW), told["verification_uri"])
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in")
    nobody = scene.visit(scene.browser(), told["verification_uri"])
    assert (nobody.status_code, nobody.headers["Location"]) == (303, "/sign-in")


def test_software_brings_keys_of_its_own(registering: RegistrationScene) -> None:
    scene = with_vendor(registering)
    told = asked(scene, jwks=jwks(ec_jwk(OTHER_EC, kid="own")))
    answer(scene, manager(scene), told, "approve", told["user_code"])
    (client,) = clients_of(scene)
    assert client.jwks == jwks(ec_jwk(OTHER_EC, kid="own"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_four_languages_and_needs_no_script(registering: RegistrationScene, language: str) -> None:
    scene = with_vendor(registering)
    told = asked(scene)
    page = scene.visit(manager(scene), f"{told['verification_uri']}?lang={language}")
    assert page.headers["Content-Language"] == language and f'lang="{language}"' in page.text
    assert "&lt;" not in page.text and "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
