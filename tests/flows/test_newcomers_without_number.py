"""Who has no Belgian number comes in by what was sent: a manager by name, and who asked for a foreign enterprise."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from tests.flows.visitor import Visitor

WORDS = "zonnebloem trapt fiets"
GRANTED = "0403019261"
FORM = {
    "name": "Dachbau Fabel GmbH",
    "country": "DE",
    "registered_as": "HRB 12345",
    "address": "Hauptstraße 1, Aachen",
    "purpose": "Works in Eupen",
    "contact_name": "Jana Fabel",
    "phone": "+49241000000",
}


def somebody() -> tuple[str, str]:
    """An e-mail address and a mobile number that nobody had before in this country."""
    return f"jana-{secrets.token_hex(4)}@sandbox.example", f"+4917{secrets.randbelow(10**8):08d}"


def by_what_was_sent(visitor: Visitor, email: str, phone: str, folder: Path) -> None:
    """Log in with the user name of the e-mail and the password of the text message, and choose one's own."""
    name = re.search(r"user name (\S+) and", visitor.street.mail(email))
    password = re.search(r"password: (\S+)\. ", visitor.street.mail(phone))
    assert name is not None and password is not None
    visitor.open("/sign-in")
    visitor.choose("User name and password")
    visitor.fill(user_name=name[1], password=password[1])
    visitor.press("Log in")
    visitor.must_say("Choose your own password")
    visitor.picture(folder / "change.png")
    visitor.open("/")
    visitor.must_be_at("/sign-in")
    visitor.choose("User name and password")
    visitor.fill(user_name=name[1], password=password[1])
    visitor.press("Log in")
    visitor.fill(password=WORDS, again=WORDS)
    visitor.press("Save and log in")
    visitor.must_be_at("/")


def must_act_for(visitor: Visitor, number: str, capacity: str, folder: Path) -> None:
    """The first page tells of the enterprise, and lets the person act for it in its capacity."""
    visitor.must_say("You are logged in")
    expect(visitor.page.locator("main")).to_contain_text("Enterprises that appointed you: 1.")
    record = visitor.street.last_login()
    assert (record.result, record.key, record.assurance) == ("signed_in", LoginKey.PASSWORD, Assurance.LOW)
    visitor.picture(folder / "first_page.png")
    visitor.open("/act-as")
    card = visitor.page.locator("main .card", has_text=capacity)
    card.get_by_role("button").click()
    visitor.must_be_at("/")
    facts = visitor.page.locator("dl.facts")
    expect(facts).to_contain_text(f"{number[:4]}.{number[4:7]}.{number[7:]}")
    expect(facts).to_contain_text(capacity, ignore_case=True)
    visitor.picture(folder / "acting.png")
    assert visitor.crowded() == []
    visitor.at_home()


@pytest.mark.parametrize("visitor", [True, False], indirect=True, ids=["scripts", "no scripts"])
def test_a_manager_who_was_designated_by_name_comes_in(visitor: Visitor, tmp_path: Path) -> None:
    guide, (email, phone) = visitor.street.guide, somebody()
    number = guide.firm("bakery").number.value
    body: dict[str, Any] = {
        "responsible": {"niss": guide.person("bea").niss.value, "phone": "+3225550101"},
        "appointee": {
            "name": {"family_name": "Fabel", "given_name": "Jana", "born": "1985-07-30", "language": "en"},
            "email": email,
            "phone": phone,
            "label": "Jana",
        },
        "tie": "employee",
    }
    path = f"/enterprises/{number}/principal-access-manager"
    placed = guide.act("bea", "POST", path, body, status=201, show=())
    assert (placed.told["person"], placed.told["niss"], placed.told["activated_at"]) == (None, None, None)
    by_what_was_sent(visitor, email, phone, tmp_path)
    must_act_for(visitor, number, "employer", tmp_path)


def test_who_asked_for_a_foreign_enterprise_comes_in(visitor: Visitor, tmp_path: Path) -> None:
    email, _ = somebody()
    guide, office = visitor.street.guide, Capacity.ADMINISTRATION
    visitor.open("/foreign-enterprises/request")
    visitor.fill(**FORM, email=email)
    visitor.picture(tmp_path / "request.png")
    assert visitor.crowded() == []
    visitor.press("Send the request")
    visitor.must_say("Your request has arrived")
    waiting = guide.act(
        "olga", "GET", "/office/foreign-enterprise-requests", None, status=200, show=(), capacity=office
    )
    (request,) = [one["id"] for one in waiting.told["items"] if one["contact"]["email"] == email]
    body = {"number": GRANTED, "ground": "File 2026/17"}
    path = f"/office/foreign-enterprise-requests/{request}/grant"
    guide.act("olga", "POST", path, body, status=200, show=(), capacity=office)
    by_what_was_sent(visitor, email, FORM["phone"], tmp_path)
    must_act_for(visitor, GRANTED, "company without staff", tmp_path)
