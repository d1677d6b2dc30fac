"""Where a key is not enough people read why, show another, and come back; for whom they act is their own choice."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from iam.domain.identifiers import CbeNumber
from tests.flows import doors
from tests.flows.street import Street
from tests.flows.visitor import Visitor, visiting
from tests.house.tree import ROOT

REASONS: dict[str, Any] = tomllib.loads((ROOT / "admin" / "texts.toml").read_text(encoding="utf-8"))["sign_in"]
LEVELS: dict[str, Any] = tomllib.loads((ROOT / "iam" / "web" / "texts.toml").read_text(encoding="utf-8"))["assurance"]
SERVICES: dict[str, Any] = tomllib.loads((ROOT / "policies" / "catalogue.toml").read_text(encoding="utf-8"))["services"]
EACH_WAY = pytest.mark.parametrize("visitor", [True, False], indirect=True, ids=["scripts", "no scripts"])


def shown(street: Street, firm: str) -> str:
    """An enterprise's number as pages show it."""
    return CbeNumber(street.country.number_of(firm)).formatted


@EACH_WAY
def test_who_shows_a_stronger_key_finds_again_what_was_typed(visitor: Visitor, street: Street, tmp_path: Path) -> None:
    doors.choose_a_password(visitor, "lena")
    visitor.forget()
    doors.by_password(visitor, who="lena")
    visitor.must_be_at("/")
    weak = visitor.session()
    visitor.open("/act-as")
    visitor.fill(enterprise=shown(street, "brewery"))
    visitor.press("Verify and act")
    visitor.must_be_at("/sign-in")
    visitor.picture(tmp_path / "more_is_needed.png")
    expect(visitor.page.get_by_role("status")).to_contain_text("a key of a higher level")
    assert visitor.crowded() == []
    doors.at_the_provider(visitor, "itsme®", doors.ITSME_ADVANCED, "lena")
    visitor.must_be_at("/act-as/representative")
    expect(visitor.page.locator("#representative input[name=enterprise]")).to_have_value(shown(street, "brewery"))
    strong = visitor.session()
    assert strong != weak and visitor.is_alive(strong) and not visitor.is_alive(weak)
    visitor.press("Verify and act")
    visitor.must_be_at("/")
    expect(visitor.page.locator(".situation")).to_contain_text(shown(street, "brewery"))
    assert visitor.session() != strong and not visitor.is_alive(strong)
    visitor.at_home()


@EACH_WAY
def test_who_acts_for_somebody_else_is_known_by_another_cookie(
    visitor: Visitor, street: Street, tmp_path: Path
) -> None:
    doors.come_by_itsme(visitor, "nina")
    bureau, haulier = shown(street, "bureau"), shown(street, "haulier")
    secrets = [visitor.session()]
    for choice, situation in (
        (f"Enterprise {bureau}", [bureau]),
        (f"Mandator {haulier}", [bureau, haulier]),
        ("Yourself", ["as a citizen"]),
    ):
        visitor.open("/act-as")
        visitor.picture(tmp_path / f"choice_{len(secrets)}.png")
        assert visitor.crowded() == []
        visitor.page.locator(".card", has_text=choice).get_by_role("button").click()
        visitor.must_be_at("/")
        for part in situation:
            expect(visitor.page.locator(".situation")).to_contain_text(part)
        assert not visitor.is_alive(secrets[-1])
        secrets.append(visitor.session())
    assert len(set(secrets)) == len(secrets) and visitor.is_alive(secrets[-1])
    visitor.at_home()


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_each_key_that_is_not_enough_says_why(browser: Browser, street: Street, language: str, tmp_path: Path) -> None:
    with visiting(browser, street, locale=language) as visitor:
        for service, why in (("drs.accident", not_admitted), ("dimona", too_low)):
            visitor.open(f"/sign-in?service={service}")
            visitor.must_be_at("/sign-in")
            visitor.picture(tmp_path / f"{service}.png")
            assert visitor.page.locator("html").get_attribute("lang") == language
            expect(visitor.page.locator("main .lead")).to_contain_text(SERVICES[service]["labels"][language])
            for level, key in (("low", "password"), ("low", "paper-codes"), ("substantial", "passkey")):
                card = visitor.page.locator(".card", has=visitor.page.locator(f"#key-{key}"))
                if enough := service == "dimona" and key == "passkey":
                    expect(card.get_by_role("link").or_(card.get_by_role("button"))).to_be_visible()
                else:
                    expect(card).to_contain_text(why(language, service, level))
                assert ("off" in (card.get_attribute("class") or "").split()) is not enough
            assert visitor.crowded() == []
        visitor.at_home()


def not_admitted(language: str, service: str, _level: str) -> str:
    """What a key says that the service does not name."""
    text: str = REASONS["not_admitted_by"][language]
    return text.format(service=SERVICES[service]["labels"][language])


def too_low(language: str, service: str, level: str) -> str:
    """What a key says that does not reach the service's level."""
    text: str = REASONS["too_low"][language]
    return text.format(reaches=LEVELS[level][language], asked=LEVELS[SERVICES[service]["minimum"]][language])
