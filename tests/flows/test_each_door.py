"""By each door a person comes from the choice of keys to the first page, at the level that the key is worth."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from iam.domain.assurance import Assurance, LoginKey
from iam.web.browser import SESSION_COOKIE
from tests.flows import doors
from tests.flows.doors import Door, Worth
from tests.flows.visitor import Visitor

HIGH, SUBSTANTIAL, LOW = Assurance.HIGH, Assurance.SUBSTANTIAL, Assurance.LOW
FAS = doors.FAS_LEVEL
DOORS = {
    "itsme": Door(
        label="itsme®",
        enter=partial(doors.by_openid, label="itsme®", levels=(doors.ITSME_ADVANCED, doors.ITSME_BASIC)),
        worth=Worth(LoginKey.ITSME, HIGH),
        without_scripts=Worth(LoginKey.ITSME, SUBSTANTIAL),
    ),
    "MyGov": Door(
        label="MyGov.be",
        enter=partial(doors.by_openid, label="MyGov.be", levels=(f"{FAS}500", f"{FAS}450")),
        worth=Worth(LoginKey.MYGOV, HIGH),
        without_scripts=Worth(LoginKey.MYGOV, SUBSTANTIAL),
    ),
    "FAS by OpenID Connect": Door(
        label="FAS",
        enter=partial(doors.by_openid, label="FAS", levels=(f"{FAS}500", f"{FAS}400")),
        worth=Worth(LoginKey.EID, HIGH),
        without_scripts=Worth(LoginKey.TOTP, SUBSTANTIAL),
    ),
    "FAS by SAML": Door(
        label="FAS (SAML)",
        enter=doors.by_federal_saml,
        ends_by_pages=True,
        worth=Worth(LoginKey.FAS, HIGH),
        without_scripts=Worth(LoginKey.FAS, SUBSTANTIAL),
    ),
    "eIDAS, coming back": Door(
        label="European key (eIDAS)",
        prepare=doors.become_known,
        enter=doors.by_the_key_of_estonia,
        worth=Worth(LoginKey.EIDAS, HIGH),
        without_scripts=Worth(LoginKey.EIDAS, SUBSTANTIAL),
        issued_in="EE",
    ),
    "Web eID": Door(label="Identity card (eID)", enter=doors.by_card, worth=Worth(LoginKey.EID, HIGH)),
    "password": Door(
        label="User name and password",
        prepare=doors.choose_a_password,
        enter=doors.by_password,
        worth=Worth(LoginKey.PASSWORD, LOW),
        without_scripts=Worth(LoginKey.PASSWORD, LOW),
    ),
    "password and app": Door(
        label="Password and app",
        prepare=doors.add_a_device,
        enter=doors.by_app,
        worth=Worth(LoginKey.TOTP, SUBSTANTIAL),
        without_scripts=Worth(LoginKey.TOTP, SUBSTANTIAL),
    ),
    "paper code": Door(
        label="Password and paper code",
        prepare=doors.make_a_paper_card,
        enter=doors.by_paper,
        worth=Worth(LoginKey.TOKEN, LOW),
        without_scripts=Worth(LoginKey.TOKEN, LOW),
    ),
    "passkey": Door(
        label="Passkey",
        prepare=doors.make_a_passkey,
        enter=doors.by_passkey,
        worth=Worth(LoginKey.PASSKEY, SUBSTANTIAL),
    ),
    "activation code, with an app": Door(
        label="Password and app", enter=doors.by_activation_with_an_app, worth=Worth(LoginKey.TOTP, SUBSTANTIAL)
    ),
    "activation code, password alone": Door(
        label="User name and password",
        enter=doors.by_activation,
        worth=Worth(LoginKey.PASSWORD, LOW),
        without_scripts=Worth(LoginKey.PASSWORD, LOW),
    ),
}
WAYS = [(name, True) for name in DOORS] + [(name, False) for name, one in DOORS.items() if one.without_scripts]


@pytest.mark.parametrize(
    ("name", "visitor"), WAYS, indirect=["visitor"], ids=[f"{name}{'' if on else ', no scripts'}" for name, on in WAYS]
)
def test_a_person_comes_in_and_goes_out(visitor: Visitor, name: str, tmp_path: Path) -> None:
    door = DOORS[name]
    worth = door.worth if visitor.scripts else door.without_scripts
    assert worth is not None
    if door.prepare is not None:
        door.prepare(visitor)
        visitor.forget()
    door.enter(visitor)
    visitor.must_be_at("/")
    visitor.picture(tmp_path / "first_page.png")
    must_show(visitor, door, worth)
    must_be_recorded(visitor, door, worth)
    must_be_kept_from_others(visitor)
    must_end(visitor, door)
    visitor.at_home()


def must_show(visitor: Visitor, door: Door, worth: Worth) -> None:
    """The first page says with which key, and at which level, the person is here."""
    visitor.must_say("You are logged in")
    key = visitor.page.locator("dl.facts dd").first
    expect(key).to_have_text(f"{door.label} Level: {worth.level.label}")
    assert visitor.crowded() == []


def must_be_recorded(visitor: Visitor, door: Door, worth: Worth) -> None:
    """The login is recorded for what it is worth, and the person reads of it."""
    record = visitor.street.last_login()
    told = (record.result, record.key, record.assurance, record.issued_in)
    assert told == ("signed_in", worth.key, worth.level, door.issued_in)
    visitor.open("/my/logins")
    first = visitor.page.locator("tbody tr").first
    expect(first).to_contain_text(door.label)
    expect(first).to_contain_text("Logged in")
    expect(first).to_contain_text("Chrome")


def must_be_kept_from_others(visitor: Visitor) -> None:
    """Cookies are this host's alone, no script reads them, and no foreign page sends them along."""
    cookies = visitor.cookies()
    assert SESSION_COOKIE in cookies and all(name.startswith("__Host-") for name in cookies if name != "procura-key")
    for one in cookies.values():
        told = (one["secure"], one["httpOnly"], one["sameSite"], one["path"], one["domain"])
        assert told == (True, True, "Lax", "/", "localhost"), one["name"]


def must_end(visitor: Visitor, door: Door) -> None:
    """Who logged out is here no more, whoever shows the old cookie."""
    secret = visitor.session()
    assert visitor.is_alive(secret)
    visitor.log_out(by_pages=door.ends_by_pages)
    assert visitor.session() == ""
    assert not visitor.is_alive(secret)


@pytest.mark.parametrize("visitor", [True, False], indirect=True, ids=["scripts", "no scripts"])
def test_a_first_key_from_abroad_is_linked_by_a_belgian_one(visitor: Visitor, tmp_path: Path) -> None:
    doors.be_unknown(visitor)
    doors.come_first_from_abroad(visitor, tmp_path)
    visitor.must_be_at("/")
    by_itsme = visitor.street.last_login()
    assert (by_itsme.key, by_itsme.assurance) == (LoginKey.ITSME, SUBSTANTIAL)
    visitor.log_out()
    doors.by_the_key_of_luxembourg(visitor)
    visitor.must_be_at("/")
    back = visitor.street.last_login()
    assert (back.key, back.issued_in, back.person) == (LoginKey.EIDAS, "LU", by_itsme.person)
    assert back.assurance is SUBSTANTIAL, "a link is worth no more than the weaker of what proved it"
    visitor.at_home()
