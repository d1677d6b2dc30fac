"""The choice of keys shows what is enough for what is asked, and of the rest why not."""

from __future__ import annotations

import re

import pytest

from admin.key_choices import addresses_in, lacking
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import ProviderKind
from iam.web.hall import Wanted
from tests.admin.counter import PROVIDERS, Counter, named, post

ENGLISH = {"Accept-Language": "en"}


def wanted(minimum: Assurance = Assurance.LOW, *keys: LoginKey) -> Wanted:
    """What a service asks."""
    return Wanted(service="", minimum=minimum, keys=frozenset(keys), language="en", again=False)


def cards(page: str) -> list[tuple[str, bool]]:
    """The keys on a page in their order, and whether each can be chosen."""
    found = re.findall(r'<div class="card([^"]*)">\s*<div>\s*<h3 id="key-([a-z-]+)"', page)
    return [(name, "off" not in classes) for classes, name in found]


@pytest.mark.parametrize(
    ("provider", "asked", "reason"),
    [
        (PROVIDERS[0], wanted(), ""),
        (PROVIDERS[0], wanted(Assurance.HIGH, LoginKey.EID, LoginKey.ITSME), ""),
        (PROVIDERS[2], wanted(Assurance.SUBSTANTIAL, LoginKey.EID, LoginKey.ITSME), "key_not_admitted"),
        (PROVIDERS[4], wanted(Assurance.HIGH), "assurance_too_low"),
        (PROVIDERS[5], wanted(Assurance.SUBSTANTIAL, LoginKey.EID), "key_not_admitted"),
        (named("FAS", LoginKey.FAS, ProviderKind.SAML, Assurance.HIGH), wanted(Assurance.HIGH, LoginKey.EID), ""),
        (named("FAS", LoginKey.FAS, ProviderKind.SAML, Assurance.LOW), wanted(Assurance.HIGH), "assurance_too_low"),
    ],
)
def test_a_key_is_enough_when_it_is_admitted_and_reaches_the_level(provider, asked, reason) -> None:  # type: ignore[no-untyped-def]
    assert lacking(provider, asked) == reason


def test_a_provider_that_is_switched_off_is_not_shown(counter: Counter) -> None:
    assert "old-token" not in counter.client().get("/sign-in").text
    counter.gate.book.switch("itsme", enabled=False)
    assert cards(counter.client().get("/sign-in").text)[0] == ("eid-card", True)


def test_a_kind_without_a_door_is_not_offered(counter: Counter) -> None:
    counter.gate.book.providers["other"] = named("other", LoginKey.PASSKEY, ProviderKind.PASSKEY, Assurance.HIGH)
    assert "other" not in [name for name, _ in cards(counter.client().get("/sign-in").text)]


def test_for_a_service_the_rest_is_shown_with_the_reason(counter: Counter) -> None:
    client = counter.client()
    assert client.get("/sign-in?service=mahis&action=manage").headers["Location"] == "/sign-in"
    page = client.get("/sign-in", headers=ENGLISH).text
    assert [name for name, enough in cards(page) if enough] == ["itsme", "eid-card"]
    assert "You are logging in for Mahis (mandates)" in page
    assert page.count("Mahis (mandates) does not accept this key.") == 4


def test_a_level_that_is_not_reached_is_told_with_the_one_asked(counter: Counter) -> None:
    client = counter.client()
    client.get("/sign-in?service=dmfa")
    page = client.get("/sign-in", headers=ENGLISH).text
    assert "This key reaches level low; here level substantial is needed." in page


def test_the_key_that_was_chosen_last_stands_on_top(counter: Counter) -> None:
    client = counter.signed_in("mygov-be")
    page = client.get("/sign-in", headers=ENGLISH).text
    assert cards(page)[0] == ("mygov-be", True)
    assert "Last chosen on this device" in page
    counter.gate.book.switch("mygov-be", enabled=False)
    client = counter.signed_in("itsme")
    assert cards(client.get("/sign-in").text)[0] == ("itsme", True)


def test_a_login_that_failed_says_so_and_offers_the_keys_again(counter: Counter) -> None:
    client = counter.client()
    answer = post(client, "/sign-in/oidc/itsme/start?failed=login_replayed", at="/sign-in")
    assert answer.status_code == 403
    page = client.get("/sign-in", headers=ENGLISH).text
    assert len(cards(page)) == 6
    told = post(client, "/sign-in/oidc/itsme/start?failed=nobody_wrote_this&lang=en", at="/sign-in").text
    assert "The key could not be verified." in told and "nobody_wrote_this" not in told
    assert len(cards(told)) == 6


def test_an_unknown_service_is_not_asked_for(counter: Counter) -> None:
    assert counter.client().get("/sign-in?service=nothing").status_code == 404
    assert counter.client().get("/sign-in?service=mahis&action=nothing").status_code == 404


def test_without_any_provider_the_page_says_that_too(counter: Counter) -> None:
    counter.gate.book.providers.clear()
    page = counter.client().get("/sign-in", headers=ENGLISH)
    assert page.status_code == 200
    assert "At present no key is enough here." in page.text


def test_addresses_of_a_provider_are_found_however_deep_they_stand() -> None:
    settings = {"issuer": "https://a.example/x", "deep": {"list": ["https://b.example", "text", 7]}, "n": None}
    provider = named("x", LoginKey.ITSME, ProviderKind.OIDC, Assurance.HIGH, settings=settings)
    assert addresses_in(provider) == ["https://a.example/x", "https://b.example"]


def test_names_of_claims_are_no_addresses_though_they_look_like_them() -> None:
    claims = {"claims": {"number": "http://c.example/claim/n"}, "requested_claims": ["http://c.example/claim/n"]}
    settings = {"issuer": "https://a.example/x", **claims}
    provider = named("x", LoginKey.ITSME, ProviderKind.OIDC, Assurance.HIGH, settings=settings)
    assert addresses_in(provider) == ["https://a.example/x"]
