"""Officers on the server let people have first keys; a code is told once, a number never."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import pytest

from iam.app import build
from iam.domain.credentials import Password
from iam.house import House
from iam.services.activation_codes import FirstKey
from iam.services.one_time_codes import WrongCode
from tests.commands.terminal import Terminal
from tests.services.credential_scenes import Post

T = TypeVar("T")
CHOSEN = FirstKey(user_name="gust.claes", password="zonnebloem trapt fiets")
ISSUE = ("activation-codes", "issue", "--email", "gust@example.org", "--language", "fr")


def inside(terminal: Terminal, act: Callable[[House], T]) -> T:
    """Do something in the house behind the terminal."""
    house = build(terminal.on_copy().settings)
    try:
        return act(house)
    finally:
        house.archive.close()


def issued(terminal: Terminal, *options: str) -> tuple[str, str]:
    """The code that an officer reads, and the link that goes by e-mail."""
    number = terminal.country.country.niss_of("gust").value
    ended = terminal.run(*ISSUE, *options, "--json", *terminal.login("olga"), typed=f"{number}\n")
    assert ended.exit_code == 0 and number not in ended.output
    found = re.search(r'"code": "([^"]+)"', ended.stdout)
    assert found
    post = Post()
    inside(terminal, lambda house: house.desk.letters.send_waiting(post))
    ((address, subject, text),) = post.emails
    link = re.search(r"/activation/([A-Za-z0-9_-]{43})", text)
    assert address == "gust@example.org" and found[1] not in text and link and "clé" in subject
    return found[1], link[1]


def test_link_and_code_of_an_officer_give_a_first_key(terminal: Terminal) -> None:
    code, link = issued(terminal)
    (waiting,) = terminal.told("activation-codes", "list", *terminal.login("olga"))
    assert (waiting["assurance"], waiting["wrong_tries"]) == ("substantial", 0)
    assert code not in str(waiting) and link not in str(waiting)
    inside(terminal, lambda house: house.desk.activation_codes.redeem(link, code, CHOSEN))
    assert terminal.told("activation-codes", "list", *terminal.login("olga")) == []

    def found(house: House) -> list[Password]:
        with house.archive.reading() as reading:
            return reading.find(Password)

    assert [one.user_name for one in inside(terminal, found)] == ["gust.claes"]


def test_a_code_that_went_astray_is_made_void(terminal: Terminal) -> None:
    _, link = issued(terminal, "--simplified")
    (waiting,) = terminal.told("activation-codes", "list", *terminal.login("olga"))
    assert waiting["assurance"] == "low"
    with pytest.raises(WrongCode):
        inside(terminal, lambda house: house.desk.activation_codes.redeem(link, "wrong", CHOSEN))
    words = ("activation-codes", "void", waiting["reference"])
    assert terminal.told(*words, *terminal.login("olga"))["state"] == "void"
    assert inside(terminal, lambda house: house.desk.activation_codes.usable(link)) is False
    assert "not_found" in terminal.refused(*words, *terminal.login("olga"))


@pytest.mark.parametrize("words", [ISSUE, ("activation-codes", "list"), ("activation-codes", "void", "x")])
def test_only_officers_give_list_and_void_codes(terminal: Terminal, words: tuple[str, ...]) -> None:
    number = terminal.country.country.niss_of("gust").value
    said = terminal.refused(*words, *terminal.login("zita"), typed=f"{number}\n")
    assert number not in said


@pytest.mark.parametrize("email", ["gust", "Gust <gust@example.org>", "gust@example.org,anna@example.org", "(@b.be"])
def test_an_odd_address_is_refused_before_the_login_is_used(terminal: Terminal, email: str) -> None:
    login = terminal.login("olga")
    said = terminal.run(*ISSUE[:2], "--email", email, *login, typed="x\n")
    assert said.exit_code == 2 and "name@example.org" in said.stderr
    assert terminal.told("activation-codes", "list", *login) == []


def test_a_login_is_used_once(terminal: Terminal) -> None:
    login = terminal.login("olga")
    assert terminal.told("activation-codes", "list", *login) == []
    terminal.refused("activation-codes", "list", *login)
