"""The sandbox's cards log people in by the real rules, and each trick fails by the rule that it breaks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from cryptography.x509 import load_pem_x509_certificate
from flask import Flask

from iam.credentials.card_settings import WebEidSettings, web_eid_settings
from iam.credentials.cards import Cards, ProvenCard
from iam.credentials.flaws import CardRefused, Flaw, StatusNotKnown
from iam.credentials.revocation import Revocation
from iam.domain.assurance import Assurance
from iam.outside.certificate_status import HttpCertificateStatus
from iam.outside.clock import ShiftedClock
from iam.outside.login_providers import read_providers
from iam.outside.randomness import SystemRandomness
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.citizen_authority import CardKind
from iam.sandbox.identity_providers.citizen_cards import CitizenCards, card_players
from iam.sandbox.identity_providers.software_card import Trick
from iam.sandbox.serving import serving
from iam.settings import UnsafeSettings

PORTAL = "http://127.0.0.1:8080"
CHALLENGE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def citizen_cards(country: Country, clock: ShiftedClock) -> Iterator[CitizenCards]:
    """The authority, running on a port of its own."""
    players: list[CitizenCards] = []

    def make_app(url: str) -> Flask:
        app = Flask(__name__)
        players.extend(card_players(url, PORTAL, country, clock))
        app.register_blueprint(players[0].blueprint())
        return app

    with serving(make_app, 0):
        yield players[0]


def settings_of(citizen_cards: CitizenCards, *, production: bool = False) -> WebEidSettings:
    """What the portal reads of the configuration."""
    [provider] = read_providers(citizen_cards.configuration(), production=False)
    return web_eid_settings(production=production).of(provider)


def judged(citizen_cards: CitizenCards, clock: ShiftedClock, token: str) -> ProvenCard:
    """Who a token proves, by the status that the authority tells over HTTP."""
    servers = HttpCertificateStatus(public_only=False)
    judge = Cards(Revocation(servers, clock, SystemRandomness()), clock)
    return judge.of_token(token, origin=PORTAL, challenge=CHALLENGE, trust=settings_of(citizen_cards).trust)


def signed(citizen_cards: CitizenCards, **order: str) -> requests.Response:
    """What the software card answers the portal's page."""
    body = json.dumps({"persona": "lena", "challenge": CHALLENGE} | order)
    return requests.post(f"{citizen_cards.url}/sign", data=body, headers={"Origin": PORTAL}, timeout=5)


@pytest.mark.parametrize("kind", CardKind)
def test_a_card_logs_its_owner_in(
    citizen_cards: CitizenCards, clock: ShiftedClock, country: Country, kind: CardKind
) -> None:
    proven = judged(citizen_cards, clock, signed(citizen_cards, kind=kind).text)
    assert (proven.niss, proven.assurance) == (country.niss_of("lena"), Assurance.HIGH)


FLAWS = {
    Trick.REVOKED: Flaw.REVOKED,
    Trick.UNKNOWN: Flaw.STATUS_UNKNOWN,
    Trick.EXPIRED: Flaw.EXPIRED,
    Trick.SIGNATURE_CERTIFICATE: Flaw.PURPOSE,
    Trick.OTHER_ORIGIN: Flaw.SIGNATURE,
}


@pytest.mark.parametrize("trick", FLAWS)
def test_a_card_with_something_wrong_is_refused(citizen_cards: CitizenCards, clock: ShiftedClock, trick: Trick) -> None:
    with pytest.raises(CardRefused) as refused:
        judged(citizen_cards, clock, signed(citizen_cards, trick=trick).text)
    assert refused.value.flaw is FLAWS[trick]


@pytest.mark.parametrize("trick", [Trick.STALE, Trick.SILENT, Trick.WRONG_RESPONDER])
def test_without_a_good_answer_of_the_responder_nobody_gets_in(
    citizen_cards: CitizenCards, clock: ShiftedClock, trick: Trick
) -> None:
    with pytest.raises(StatusNotKnown):
        judged(citizen_cards, clock, signed(citizen_cards, trick=trick).text)


def test_a_trick_holds_for_one_answer(citizen_cards: CitizenCards, clock: ShiftedClock) -> None:
    signed(citizen_cards, trick=Trick.REVOKED)
    assert judged(citizen_cards, clock, signed(citizen_cards).text).assurance is Assurance.HIGH


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8081", "null", ""])
def test_only_the_portals_page_is_signed_for(citizen_cards: CitizenCards, origin: str) -> None:
    body = json.dumps({"persona": "lena", "challenge": CHALLENGE})
    answer = requests.post(f"{citizen_cards.url}/sign", data=body, headers={"Origin": origin}, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{}", 400),
        ('{"persona":"lena","challenge":"x","more":1}', 400),
        ('{"persona":"no","challenge":"x"}', 404),
    ],
)
def test_an_order_that_is_none_is_refused(citizen_cards: CitizenCards, body: str, status: int) -> None:
    answer = requests.post(f"{citizen_cards.url}/sign", data=body, headers={"Origin": PORTAL}, timeout=5)
    assert answer.status_code == status


def test_the_page_is_offered_everybodys_card(citizen_cards: CitizenCards, country: Country) -> None:
    offer = requests.get(citizen_cards.told()["citizen_cards"], timeout=5).json()
    assert [one["alias"] for one in offer["people"]] == list(country.personas)
    assert (offer["kinds"], offer["tricks"]) == (list(CardKind), list(Trick))
    assert "niss" not in str(offer)


def test_a_request_about_a_status_that_cannot_be_read_is_refused(citizen_cards: CitizenCards) -> None:
    assert requests.post(f"{citizen_cards.url}/ocsp", data=b"?", timeout=5).status_code == 400


def test_production_knows_the_sandboxs_authority_and_refuses_it(citizen_cards: CitizenCards) -> None:
    assert load_pem_x509_certificate(citizen_cards.authority.pem.encode()).subject
    told = tomllib.loads(citizen_cards.configuration())["providers"]["eid"]
    del told["settings"]["software_card"]
    [provider] = read_providers(citizen_cards.configuration(), production=False)
    with pytest.raises(UnsafeSettings, match="software_card is for the sandbox alone"):
        web_eid_settings(production=True).of(provider)
    without = replace(provider, settings=told["settings"])
    with pytest.raises(UnsafeSettings, match="authority of a test or of the sandbox"):
        web_eid_settings(production=True).of(without)
