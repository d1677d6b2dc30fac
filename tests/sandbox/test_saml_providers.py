"""The sandbox's eIDAS node and federal service log people in by real SAML, and each trick is seen through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance
from iam.outside.login_providers import read_providers
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.sandbox.country import read_country
from iam.sandbox.identity_providers.saml_foreigners import COUNTRIES, FOREIGNERS
from iam.sandbox.identity_providers.saml_profiles import SAML_PROFILES
from iam.sandbox.identity_providers.saml_provider import SamlProvider
from iam.sandbox.identity_providers.saml_tricks import SamlTrick
from iam.services.sessions import Held
from iam.storage.memory import MemoryArchive
from iam.web.portal import PortalParts, create_portal
from saml.door import saml_login_blueprint
from saml.own_keys import SamlKeys
from saml.peer_metadata import KnownPeers
from saml.provider_settings import registration
from saml.refusals import SamlRefused
from saml.service_provider import ServiceProvider
from tests.oidc.provider.premises import MemoryChest
from tests.saml.logouts import Behind
from tests.storage.clocks import SetClock
from tests.web.a_hall import hall_with

BASE, IDP = "https://procura.example.org", "https://idp.example.org"


class Stage:
    """Portal and identity providers, and one browser that goes between them."""

    def __init__(self) -> None:
        self.clock = SetClock()
        players = [
            SamlProvider(profile, IDP, BASE, read_country(date(2026, 10, 1)), self.clock, self.fetch)
            for profile in SAML_PROFILES
        ]
        self.players = players
        self.hall = hall_with(read_providers("\n".join(one.configuration() for one in players), production=False))
        keys = SamlKeys(MemoryArchive(self.clock), MemoryChest(), Sealer(bytes(range(32))), self.clock, "procura")
        ours = ServiceProvider(BASE, keys, KnownPeers(production=False), self.clock, SystemRandomness())
        self.behind = Behind(self.hall, ours, self.clock)
        parts = PortalParts(base_url=BASE, randomness=SystemRandomness(), guard=lambda *_: None, present=lambda: None)
        self.portal = create_portal(parts, [saml_login_blueprint(self.hall, ours, self.behind.logouts)]).test_client()
        self.portal.set_cookie("__Host-procura-visit", "v" * 43, domain="procura.example.org", secure=True)
        app = Flask("idp")
        for one in players:
            app.register_blueprint(one.blueprint())
        self.idp = app.test_client()

    def fetch(self, address: str) -> bytes:
        """What the identity providers read of us."""
        return self.portal.get(urlsplit(address).path, base_url=BASE).get_data()

    def chosen_at_the_node(self, country: str, whom: str = "self") -> TestResponse:
        """The node's page on which somebody is chosen."""
        page = self.portal.get("/sign-in/eidas/eidas/country", base_url=BASE)
        data = {"csrf_token": _fields(page)["csrf_token"], "country": country, "whom": whom}
        leave = self.portal.post("/sign-in/eidas/eidas/country", data=data, base_url=BASE)
        return self.idp.post("/eidas-node/sso", data=_fields(leave), base_url=IDP)

    def chosen_at_fas(self) -> TestResponse:
        """The federal service's page."""
        page = self.portal.get("/sign-in/eidas/eidas/country", base_url=BASE)
        data = {"csrf_token": _fields(page)["csrf_token"]}
        leave = self.portal.post("/sign-in/saml/fas-saml/start", data=data, base_url=BASE)
        return self.idp.post("/fas/saml/sso", data=_fields(leave), base_url=IDP)

    def decided(self, page: TestResponse, **choice: str) -> int:
        """Somebody is chosen on the page, and the browser carries the answer back."""
        assert page.status_code == 200, page.text
        [action] = re.findall(r'action="([^"]+)"', page.text)
        answer = self.idp.post(action, data=_fields(page) | choice, base_url=IDP)
        [back] = re.findall(r'action="([^"]+)"', answer.text)
        return self.portal.post(urlsplit(back).path, data=_fields(answer), base_url=BASE).status_code


@pytest.fixture(scope="module")
def the_stage() -> Stage:
    return Stage()


@pytest.fixture
def stage(the_stage: Stage) -> Iterator[Stage]:
    the_stage.hall.welcomed.clear()
    the_stage.hall.turned.clear()
    yield the_stage


def _fields(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


HIGH = "http://eidas.europa.eu/LoA/high"


@pytest.mark.parametrize("person", FOREIGNERS, ids=lambda person: person.alias)
def test_somebody_of_each_country_logs_in(stage: Stage, person: object) -> None:
    one = next(each for each in FOREIGNERS if each is person)
    page = stage.chosen_at_the_node(one.country)
    assert [each.alias in page.text for each in FOREIGNERS] == [each.country == one.country for each in FOREIGNERS]
    assert stage.decided(page, person=one.alias, level=HIGH, answer="log_in") == 303, stage.hall.turned
    [proven] = stage.hall.welcomed
    assert (proven.issued_in, proven.subject) == (one.country, f"{one.country}/BE/{one.number}")
    assert proven.personal is not None
    assert proven.personal.family_name == one.family_name


def test_the_sandbox_knows_six_countries() -> None:
    assert len(COUNTRIES) == 6


def test_somebody_logs_in_for_their_enterprise(stage: Stage) -> None:
    page = stage.chosen_at_the_node("DE", "enterprise")
    assert stage.decided(page, person="jonas", level=HIGH, answer="log_in") == 303, stage.hall.turned
    [proven] = stage.hall.welcomed
    assert proven.enterprise is not None
    assert proven.enterprise.name == "Müller Gerüstbau GmbH"


def test_somebody_logs_in_at_the_federal_service(stage: Stage) -> None:
    level = "urn:be:fedict:iam:fas:citizen:Level400"
    assert stage.decided(stage.chosen_at_fas(), person="lena", level=level, answer="log_in") == 303, stage.hall.turned
    [proven] = stage.hall.welcomed
    assert proven.niss is not None
    assert proven.assurance is Assurance.SUBSTANTIAL


def test_somebody_declines_to_log_in(stage: Stage) -> None:
    page = stage.chosen_at_the_node("EE")
    assert stage.decided(page, person="mari", level=HIGH, answer="deny") == 400
    assert stage.hall.turned == [("eidas", "saml_cancelled", "denied_by_person")]


def test_a_level_below_what_was_asked_is_seen(stage: Stage) -> None:
    page = stage.chosen_at_the_node("IT")
    assert stage.decided(page, person="matteo", level="http://eidas.europa.eu/LoA/low", answer="log_in") == 303
    assert stage.hall.welcomed[0].assurance is Assurance.LOW


@pytest.mark.parametrize("trick", [trick for trick in SamlTrick if trick is not SamlTrick.NONE])
def test_every_trick_is_seen_through(stage: Stage, trick: SamlTrick) -> None:
    stage.decided(stage.chosen_at_the_node("NL"), person="sanne", level=HIGH, answer="log_in")
    stage.hall.welcomed.clear()
    page = stage.chosen_at_the_node("NL")
    assert stage.decided(page, person="sanne", level=HIGH, answer="log_in", trick=trick.value) == 400
    assert stage.hall.welcomed == []
    assert len(stage.hall.turned) == 1


def test_a_request_that_we_did_not_sign_is_refused_there(stage: Stage) -> None:
    assert stage.idp.post("/eidas-node/sso", data={"SAMLRequest": "AAAA"}, base_url=IDP).status_code == 400


def test_production_refuses_the_keys_of_the_sandbox(stage: Stage) -> None:
    provider = stage.hall.providers.enabled("eidas")
    assert provider is not None
    with pytest.raises(SamlRefused, match="sandbox_key"):
        KnownPeers(production=True).peer(registration(provider), stage.clock.at)


def _held(stage: Stage, person: str = "lena") -> Held:
    """Somebody is logged in by the federal service."""
    page = stage.chosen_at_fas()
    level = "urn:be:fedict:iam:fas:citizen:Level500"
    assert stage.decided(page, person=person, level=level, answer="log_in") == 303, stage.hall.turned
    return stage.behind.entered(stage.hall.welcomed[-1])


def _sessions(stage: Stage) -> list[str]:
    return re.findall(r'name="session" value="([^"]+)"', stage.idp.get("/fas/saml/sessions", base_url=IDP).text)


def test_who_logs_out_here_is_logged_out_at_the_federal_service(stage: Stage) -> None:
    before = len(_sessions(stage))
    held = _held(stage)
    assert len(_sessions(stage)) == before + 1
    way = stage.behind.way_out(held.session)
    assert way is not None
    leave = stage.portal.get(way.removeprefix(BASE), base_url=BASE)
    answer = stage.idp.post("/fas/saml/slo", data=_fields(leave), base_url=IDP)
    assert len(_sessions(stage)) == before
    back = stage.portal.post("/sign-in/saml/fas-saml/logged-out", data=_fields(answer), base_url=BASE)
    assert (back.status_code, back.location) == (303, "/sign-in?signed_out=yes"), stage.hall.turned


def test_who_logs_out_at_the_federal_service_is_logged_out_here(stage: Stage) -> None:
    kept, held = _held(stage, "paul"), _held(stage)
    told = stage.idp.post("/fas/saml/sessions", data={"session": _sessions(stage)[-1]}, base_url=IDP)
    answer = stage.portal.post("/sign-in/saml/fas-saml/logout", data=_fields(told), base_url=BASE)
    assert answer.status_code == 303, stage.hall.turned
    assert (stage.behind.lives(held), stage.behind.lives(kept)) == (False, True)
    back = stage.idp.get(answer.location.removeprefix(IDP), base_url=IDP)
    assert (back.status_code, back.location) == (303, "/fas/saml/sessions")


def test_a_log_out_that_we_did_not_sign_ends_nothing_there(stage: Stage) -> None:
    _held(stage)
    before = _sessions(stage)
    assert stage.idp.post("/fas/saml/slo", data={"SAMLRequest": "AAAA"}, base_url=IDP).status_code == 400
    assert stage.idp.get("/fas/saml/slo?SAMLRequest=AAAA&SigAlg=x&Signature=AAAA", base_url=IDP).status_code == 400
    assert _sessions(stage) == before


def test_an_eidas_node_takes_no_part_in_log_outs(stage: Stage) -> None:
    assert stage.idp.get("/eidas-node/sessions", base_url=IDP).status_code == 404
    assert stage.idp.post("/eidas-node/slo", base_url=IDP).status_code == 404
    assert b"SingleLogoutService" not in stage.idp.get("/eidas-node/metadata", base_url=IDP).get_data()
    assert b"SingleLogoutService" in stage.idp.get("/fas/saml/metadata", base_url=IDP).get_data()
