"""How people come in by each door: from the choice of keys to the first page, as a person would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyotp

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.sandbox.tour.login_steps import REGISTRATION, confirm
from tests.flows.visitor import Visitor

WORDS = "zonnebloem trapt fiets"
ITSME_ADVANCED = "http://itsme.services/v2/claim/acr_advanced"
ITSME_BASIC = "http://itsme.services/v2/claim/acr_basic"
FAS_LEVEL = "urn:be:fedict:iam:fas:Level"
FAS_CITIZEN = "urn:be:fedict:iam:fas:citizen:Level"
EIDAS_LEVEL = "http://eidas.europa.eu/LoA/"


@dataclass(frozen=True)
class Worth:
    """What a login is worth."""

    key: LoginKey
    level: Assurance


@dataclass(frozen=True, kw_only=True)
class Door:
    """One way in. Each is taken twice, with scripts and without: at two levels where there are two."""

    label: str
    """As the first page calls the key."""
    enter: Callable[[Visitor], None]
    """From the choice of keys on; it leads to the first page."""
    worth: Worth
    without_scripts: Worth | None = None
    """What it is worth to who comes without scripts; None where it cannot be taken without them."""
    prepare: Callable[[Visitor], None] | None = None
    """What the person does before, in another session of the same browser."""
    issued_in: str = "BE"
    ends_by_pages: bool = False
    """Whether the provider is told of a log-out by pages that go on by themselves."""


def by_openid(visitor: Visitor, label: str, levels: tuple[str, str], who: str = "lena") -> None:
    """Log in at itsme, MyGov or FAS: at the first of two levels with scripts, else at the second."""
    visitor.open("/sign-in")
    at_the_provider(visitor, label, levels[0 if visitor.scripts else 1], who)


def at_the_provider(visitor: Visitor, label: str, level: str, who: str) -> None:
    """Choose the provider on the sign-in page that is open, and somebody there."""
    visitor.choose(label)
    visitor.must_say(label)
    visitor.page.get_by_label("Who logs in").select_option(who)
    visitor.page.get_by_label("At which level").select_option(level)
    visitor.press("Log in")


def by_federal_saml(visitor: Visitor) -> None:
    """Log in at FAS by SAML."""
    visitor.open("/sign-in")
    visitor.choose("FAS (SAML)")
    visitor.goes_on("Continue")
    _answered(visitor, "lena", f"{FAS_CITIZEN}{500 if visitor.scripts else 400}")


def by_eidas(visitor: Visitor, country: str, who: str, level: str) -> None:
    """Log in with the key of another country."""
    visitor.open("/sign-in")
    visitor.choose("European key (eIDAS)")
    visitor.page.get_by_label(country, exact=True).check()
    visitor.press("Continue")
    visitor.goes_on("Continue")
    _answered(visitor, who, f"{EIDAS_LEVEL}{level}")


def by_the_key_of_luxembourg(visitor: Visitor) -> None:
    """Boris, who lives on the border, logs in with his other key."""
    by_eidas(visitor, "Luxembourg", "boris", "high")


def by_the_key_of_estonia(visitor: Visitor) -> None:
    """Mari logs in."""
    by_eidas(visitor, "Estonia", "mari", "high" if visitor.scripts else "substantial")


def become_known(visitor: Visitor) -> None:
    """Mari asks an officer, who links her key to her BIS number; once is enough."""
    by_eidas(visitor, "Estonia", "mari", "high")
    if visitor.must_be_at("/", REGISTRATION) == REGISTRATION:
        visitor.page.get_by_label("E-mail").fill("mari@sandbox.example")
        visitor.page.get_by_label("Phone").fill("+3726000000")
        visitor.page.locator("form[action$='/ask'] button").click()
        visitor.must_be_at(REGISTRATION)
        confirm(visitor.street.guide)


def be_unknown(visitor: Visitor) -> None:
    """An officer takes apart what was linked to Boris's key of Luxembourg before."""
    guide, office = visitor.street.guide, Capacity.ADMINISTRATION
    path = "/office/identities"
    listed = guide.act("olga", "GET", f"{path}?state=linked", None, status=200, show=(), capacity=office)
    for one in listed.told["items"]:
        if one["issued_in"] == "LU":
            ground = {"ground": "own_request"}
            guide.act("olga", "POST", f"{path}/{one['id']}/unlink", ground, status=200, show=(), capacity=office)


def _answered(visitor: Visitor, who: str, level: str) -> None:
    """Let a SAML identity provider answer, and carry the answer back."""
    visitor.page.get_by_label("Who logs in").select_option(who)
    visitor.page.get_by_label("At which level").select_option(level)
    visitor.press("Log in")
    visitor.goes_on("Go back to Procura")
    visitor.goes_on("Go on")


def by_card(visitor: Visitor) -> None:
    """Log in with the software card."""
    visitor.open("/sign-in")
    visitor.choose("Identity card (eID)")
    visitor.press("Read the card")
    visitor.page.get_by_label("Whose card").select_option("lena")
    visitor.press("Type the PIN")


def holder(visitor: Visitor) -> str:
    """Who holds keys of our own: somebody else with scripts than without, as a time step is good for one login."""
    return "ugo" if visitor.scripts else "lotte"


def come_by_itsme(visitor: Visitor, who: str) -> None:
    """Log in at the level high."""
    visitor.open("/sign-in")
    at_the_provider(visitor, "itsme®", ITSME_ADVANCED, who)
    visitor.must_be_at("/")


def choose_a_password(visitor: Visitor, who: str = "") -> None:
    """Choose user name and password from itsme."""
    who = who or holder(visitor)
    come_by_itsme(visitor, who)
    visitor.open("/my/keys/password")
    visitor.fill(user_name=f"{who}.sandbox", password=WORDS, again=WORDS)
    visitor.press("Save")
    visitor.must_be_at("/my/keys")


def add_a_device(visitor: Visitor) -> None:
    """A password, and an app that shows codes."""
    choose_a_password(visitor)
    visitor.open("/my/keys/one-time-device")
    visitor.app = pyotp.TOTP(visitor.page.locator("input[name=secret]").input_value())
    visitor.fill(label="My phone", code=visitor.app.at(visitor.street.clock.now() - timedelta(seconds=30)))
    visitor.press("Add")
    visitor.must_be_at("/my/keys")


def make_a_paper_card(visitor: Visitor) -> None:
    """A password, and a card of paper with codes."""
    choose_a_password(visitor)
    visitor.open("/my/keys/paper-codes")
    visitor.press("Make a new card")
    visitor.paper = visitor.page.locator("ol code").nth(3).inner_text()


def make_a_passkey(visitor: Visitor) -> None:
    """A passkey in this browser's device."""
    come_by_itsme(visitor, holder(visitor))
    visitor.open("/my/keys/passkey")
    visitor.fill(label="My phone")
    visitor.press("Make the passkey")
    visitor.must_be_at("/my/keys")


def by_password(visitor: Visitor, key: str = "User name and password", who: str = "", **more: str) -> None:
    """Log in with user name, password and what else is asked."""
    visitor.open("/sign-in")
    visitor.choose(key)
    visitor.fill(user_name=f"{who or holder(visitor)}.sandbox", password=WORDS, **more)
    visitor.press("Log in")


def by_app(visitor: Visitor) -> None:
    """Log in with a password and the code that the app shows now."""
    by_password(visitor, "Password and app", code=visitor.app.at(visitor.street.clock.now()))


def by_paper(visitor: Visitor) -> None:
    """Log in with a password and a code of the paper card."""
    by_password(visitor, "Password and paper code", code=visitor.paper)


def by_passkey(visitor: Visitor) -> None:
    """Log in with the passkey of this browser's device."""
    visitor.open("/sign-in")
    visitor.choose("Passkey")
    visitor.press("Show my passkey")


def by_activation(visitor: Visitor) -> None:
    """Choose a password by the link in a mail and a code on paper, and log in with it."""
    who = "gust" if visitor.scripts else "zita"
    _activate(visitor, who)
    visitor.choose("User name and password")
    visitor.fill(user_name=f"{who}.sandbox", password=WORDS)
    visitor.press("Log in")


def by_activation_with_an_app(visitor: Visitor) -> None:
    """Choose a password and an app in the same way, and log in with both."""
    _activate(visitor, "cora", app=True)
    visitor.choose("Password and app")
    visitor.fill(user_name="cora.sandbox", password=WORDS, code=visitor.app.at(visitor.street.clock.now()))
    visitor.press("Log in")


def _activate(visitor: Visitor, who: str, *, app: bool = False) -> None:
    link, code = visitor.street.activation(who)
    visitor.page.goto(link)
    visitor.must_say("Activate your key")
    assert visitor.crowded() == []
    visitor.fill(code=code, user_name=f"{who}.sandbox", password=WORDS, again=WORDS)
    if app:
        visitor.app = pyotp.TOTP(visitor.page.locator("input[name=secret]").input_value())
        visitor.fill(label="My phone", device_code=visitor.app.at(visitor.street.clock.now() - timedelta(seconds=30)))
    visitor.press("Activate")
    visitor.must_say("Your key is ready")
    assert visitor.crowded() == []
    visitor.page.locator("main").get_by_text("Log in", exact=True).click()
    visitor.must_be_at("/sign-in")


def come_first_from_abroad(visitor: Visitor, pictures: Path) -> None:
    """Boris, whom nobody knows by his key, shows a Belgian key and says that both are his."""
    by_the_key_of_luxembourg(visitor)
    visitor.must_be_at(REGISTRATION)
    visitor.picture(pictures / "unknown.png")
    assert visitor.crowded() == []
    visitor.page.get_by_role("link", name="Choose a Belgian key").click()
    at_the_provider(visitor, "itsme®", ITSME_BASIC, "boris")
    visitor.must_be_at(REGISTRATION)
    visitor.picture(pictures / "both_shown.png")
    assert visitor.crowded() == []
    visitor.press("Link both")
