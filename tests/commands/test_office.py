"""Officers on the server: foreign identities and enterprises are decided with a login; numbers are typed unseen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

import pytest

from iam.app import build
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.foreign_identities import ForeignIdentity
from iam.domain.logins import PersonalData, ProvenLogin
from iam.domain.persons import PersonNumber
from iam.house import House
from tests.commands.terminal import Terminal
from tests.services.credential_scenes import Post
from tests.services.identity_scenes import DACHBAU, request

T = TypeVar("T")
NUMBER = "0403019261"


def inside(terminal: Terminal, act: Callable[[House], T]) -> T:
    """Do something in the house behind the terminal."""
    house = build(terminal.on_copy().settings)
    try:
        return act(house)
    finally:
        house.archive.close()


def asked(terminal: Terminal, stated: str | None = None) -> ForeignIdentity:
    """A registration that waits for an officer."""
    niss = terminal.country.country.niss_of(stated) if stated else None

    def ask(house: House) -> ForeignIdentity:
        now = house.clock.now()
        proven = ProvenLogin(
            provider="eidas",
            key=LoginKey.EIDAS,
            assurance=Assurance.SUBSTANTIAL,
            authenticated_at=now,
            reference="r",
            expires_at=now + timedelta(minutes=5),
            subject="PT/BE/1",
            issued_in="PT",
            personal=PersonalData(family_name="Silva", given_name="Maria", born=date(1985, 7, 30)),
        )
        return house.desk.registrations.ask(proven, request(niss))

    return inside(terminal, ask)


def person_of(terminal: Terminal, identity: str) -> tuple[str | None, str]:
    """Whom an identity leads to, and who gust is."""
    niss = terminal.country.country.niss_of("gust")

    def read(house: House) -> tuple[str | None, str]:
        with house.archive.reading() as reading:
            found, number = reading.get(ForeignIdentity, identity), reading.get(PersonNumber, niss.value)
        assert found is not None
        return found.person, number.person if number else ""

    return inside(terminal, read)


def test_an_officer_lists_confirms_and_unlinks_a_registration(terminal: Terminal) -> None:
    waiting = asked(terminal, "gust")
    niss = terminal.country.country.niss_of("gust")
    (shown,) = terminal.told("identities", "list", *terminal.login("olga"))
    assert (shown["id"], shown["stated"], shown["email"]) == (waiting.id, True, "maria@example.org")
    words = ("identities", "confirm", waiting.id)
    said = terminal.refused(*words, *terminal.login("olga"), typed=f"{niss.value}\n")
    assert "data_differ" in said and niss.value not in said
    done = terminal.told(*words, "--despite-differences", *terminal.login("olga"), typed=f"{niss.formatted}\n")
    assert done["state"] == "linked"
    person, gust = person_of(terminal, waiting.id)
    assert person == gust != ""
    freed = terminal.told("identities", "unlink", waiting.id, "--ground", "own_request", *terminal.login("omar"))
    assert freed["state"] == "unlinked"


def test_an_officer_refuses_a_registration_and_sees_it_in_a_table(terminal: Terminal) -> None:
    waiting = asked(terminal)
    done = terminal.told("identities", "refuse", waiting.id, "--ground", "not_proven", *terminal.login("olga"))
    assert done["state"] == "refused"
    printed = terminal.run("identities", "list", "--state", "refused", *terminal.login("olga"))
    assert printed.exit_code == 0 and "Silva" in printed.output
    assert "not_pending" in terminal.refused(
        "identities", "refuse", waiting.id, "--ground", "abuse", *terminal.login("olga")
    )


def test_a_code_is_told_once_and_the_number_never(terminal: Terminal) -> None:
    niss = terminal.country.country.niss_of("gust")
    printed = terminal.run("identities", "code", "--json", *terminal.login("olga"), typed=f"{niss.value}\n")
    assert printed.exit_code == 0 and '"code"' in printed.stdout
    assert niss.value not in printed.output


def test_an_officer_grants_a_number_and_the_letters_go(terminal: Terminal) -> None:
    waiting = inside(terminal, lambda house: house.desk.foreign_enterprises.ask(DACHBAU))
    (shown,) = terminal.told("foreign-enterprises", "list", *terminal.login("olga"))
    assert (shown["id"], shown["contact"], shown["expired"]) == (waiting.id, "Jana Müller", False)
    words = ("foreign-enterprises", "grant", waiting.id, "--number", NUMBER, "--ground", "File 17")
    assert terminal.told(*words, *terminal.login("olga"))["enterprise"] == NUMBER
    assert "not_pending" in terminal.refused(*words, *terminal.login("olga"))
    assert terminal.told("foreign-enterprises", "send-again", waiting.id, *terminal.login("omar"))["state"] == "granted"
    post = Post()
    inside(terminal, lambda house: house.desk.letters.send_waiting(post))
    assert [len(post.emails), len(post.texts)] == [2, 2]
    assert all(re.search(NUMBER, text) for _, _, text in post.emails)


def test_an_officer_refuses_an_enterprise(terminal: Terminal) -> None:
    waiting = inside(terminal, lambda house: house.desk.foreign_enterprises.ask(DACHBAU))
    words = ("foreign-enterprises", "refuse", waiting.id, "--reason", "No works in Belgium")
    assert terminal.told(*words, *terminal.login("olga"))["state"] == "refused"


@pytest.mark.parametrize(
    "words",
    [
        ("identities", "list"),
        ("identities", "refuse", "ab" * 32, "--ground", "abuse"),
        ("identities", "unlink", "ab" * 32, "--ground", "abuse"),
        ("foreign-enterprises", "list"),
        ("foreign-enterprises", "grant", "x", "--number", NUMBER, "--ground", "F"),
        ("foreign-enterprises", "send-again", "x"),
    ],
)
def test_who_is_no_officer_is_refused_and_a_login_is_good_once(terminal: Terminal, words: tuple[str, ...]) -> None:
    login = terminal.login("gust")
    assert "Error: " in terminal.refused(*words, *login)
    assert "authentication_replayed" in terminal.refused(*words, *login)
