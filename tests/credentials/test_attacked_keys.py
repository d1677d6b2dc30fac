"""Keys of our own under attack: activation codes, tries that should lock out, answers that should tell who exists."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import LINK_LIFE, SIMPLIFIED_LINK_LIFE, ActivationCode, OneTimeDevice, Password
from iam.domain.periods import Period
from iam.services.activation_codes import MOST_WRONG, FirstKey, Registration
from iam.web import logs
from tests.credentials.own_doors import HOST, ISSUER, PAPER, PASSKEY, PASSWORD, TOTP, OwnDoors, own_doors
from tests.credentials.software_authenticator import SoftwareAuthenticator
from tests.services.credential_scenes import SECRET_WORDS

CHOSEN = {"user_name": "jan.peeters", "password": SECRET_WORDS, "again": SECRET_WORDS}
UNUSABLE, WRONG = 410, 400
A_MOMENT = timedelta(seconds=1)


@dataclass
class Counter:
    """Where an officer gave a person a paper code, and a link went by e-mail."""

    doors: OwnDoors

    def __post_init__(self) -> None:
        self.officer = self.doors.keys.world.officer("correct_identity")
        self.link, self.code = self.given()
        self.browser = self.doors.browser()

    def given(self, simplified: bool = False, again: bool = False) -> tuple[str, str]:
        """Link and code for another person; `again` for the same one."""
        links: list[str] = []

        def texts(link: str) -> tuple[str, str]:
            links.append(link)
            return "Your key", link

        if not again:
            self.niss = self.doors.keys.world.person()[1]
        order = Registration(
            niss=self.niss, email="a@example.org", vouched=Assurance.SUBSTANTIAL, simplified=simplified
        )
        code = self.doors.keys.activation.issue(self.officer, order, texts)
        return links[0], code

    def sent(self, link: str, code: str, /, **more: str) -> int:
        """What comes of sending the page of a link."""
        answer = self.browser.post(f"/activation/{link}", data={**CHOSEN, "code": code, **more})
        assert "Location" not in answer.headers
        return answer.status_code

    def wait(self, time: timedelta) -> None:
        self.doors.keys.world.clock.advance(seconds=time.total_seconds())


def _anothers_code(counter: Counter) -> int:
    return counter.sent(counter.link, counter.given()[1])


def _anothers_link(counter: Counter) -> int:
    return counter.sent(counter.given()[0], counter.code)


def _used(counter: Counter) -> int:
    chosen = FirstKey(user_name="an.maes", password=SECRET_WORDS)
    password = counter.doors.keys.activation.redeem(counter.link, counter.code, chosen)
    try:
        return counter.sent(counter.link, counter.code)
    finally:
        with counter.doors.keys.world.archive.writing() as uow:
            uow.remove(Password, password.user_name)
            uow.commit()


def _given_anew(counter: Counter) -> int:
    counter.given(again=True)
    return counter.sent(counter.link, counter.code)


def _expired(counter: Counter) -> int:
    counter.wait(LINK_LIFE + A_MOMENT)
    return counter.sent(counter.link, counter.code)


def _simplified_after_72_hours(counter: Counter) -> int:
    link, code = counter.given(simplified=True)
    counter.wait(SIMPLIFIED_LINK_LIFE + A_MOMENT)
    return counter.sent(link, code)


def _of_an_officer_who_left(counter: Counter) -> int:
    world = counter.doors.keys.world
    (place,) = world.found(Appointment, person=counter.officer.person)
    world.record(replace(place, valid=Period(place.valid.start, world.clock.at), ended_at=world.clock.at))
    return counter.sent(counter.link, counter.code)


def _guessed(counter: Counter) -> int:
    for number in range(MOST_WRONG):
        assert counter.sent(counter.link, f"{number}abc-defg-hjkm") == WRONG
    return counter.sent(counter.link, counter.code)


def _changed(field: str, value: str) -> Callable[[Counter], int]:
    return lambda counter: counter.sent(counter.link, counter.code, **{field: value})


def _other_link(change: Callable[[str], str]) -> Callable[[Counter], int]:
    return lambda counter: counter.sent(change(counter.link), counter.code)


def _other_code(change: Callable[[str], str]) -> Callable[[Counter], int]:
    return lambda counter: counter.sent(counter.link, change(counter.code))


MISUSED: dict[str, Callable[[Counter], int]] = {
    "code of another person": _anothers_code,
    "link of another person": _anothers_link,
    "used before": _used,
    "given anew since": _given_anew,
    "after two weeks": _expired,
    "simplified, after 72 hours": _simplified_after_72_hours,
    "of an officer who left": _of_an_officer_who_left,
    "right code after five guesses": _guessed,
    "link changed at its end": _other_link(lambda link: link[:-1] + ("A" if link[-1] != "A" else "B")),
    "link in other letters": _other_link(str.swapcase),
    "link with more": _other_link(lambda link: f"{link}A"),
    "link in part": _other_link(lambda link: link[:-1]),
    "link with a blank": _other_link(lambda link: f"{link}%20"),
    "link up and down": _other_link(lambda link: f"x/../{link}"),
    "no code": _other_code(lambda _: ""),
    "code in part": _other_code(lambda code: code[:-1]),
    "code with more": _other_code(lambda code: f"{code}x"),
    "code backwards": _other_code(lambda code: code[::-1]),
    "code twice": _other_code(lambda code: code * 2),
    "wildcard": _other_code(lambda _: "%"),
    "link as code": lambda counter: counter.sent(counter.link, counter.link),
    **{
        f"field {field} added": _changed(field, value)
        for field, value in {
            "email": "mallory@example.org",
            "person": "somebody",
            "niss": "85073003328",
            "vouched": "high",
            "assurance": "high",
            "link": "A" * 43,
            "issued_by": "me",
            "expires_at": "2099-01-01",
            "enterprise": "0206731645",
        }.items()
    },
}


@pytest.fixture
def doors() -> OwnDoors:
    return own_doors()


@pytest.mark.attack("H07")
@pytest.mark.parametrize("case", MISUSED)
def test_an_activation_that_is_not_as_it_was_given_gives_nobody_a_key(doors: OwnDoors, case: str) -> None:
    assert MISUSED[case](Counter(doors)) in (400, 404, UNUSABLE)
    keys = doors.keys
    assert keys.world.found(Password) == [] and keys.world.found(OneTimeDevice) == []
    assert doors.hall.welcomed == []


@pytest.mark.attack("H07")
@pytest.mark.parametrize("simplified", [False, True])
@pytest.mark.parametrize("early", [timedelta(seconds=1), timedelta(hours=1)])
def test_link_and_code_together_are_good_to_the_end_of_their_time(
    doors: OwnDoors, simplified: bool, early: timedelta
) -> None:
    counter = Counter(doors)
    link, code = counter.given(simplified=simplified)
    counter.wait((SIMPLIFIED_LINK_LIFE if simplified else LINK_LIFE) - early)
    assert counter.sent(link, f" {code.upper()} ") == 200
    (password,) = doors.keys.world.found(Password)
    assert password.vouched is (Assurance.LOW if simplified else Assurance.SUBSTANTIAL)
    assert all(one.person != password.person for one in doors.keys.world.found(ActivationCode))


def owner(doors: OwnDoors) -> tuple[FlaskClient, SoftwareAuthenticator]:
    """The owner's own browser, in which a password was right before, and a passkey."""
    keys, browser = doors.keys, doors.browser()
    chosen = keys.with_password("jan.peeters")
    assert chosen.person is not None
    assert shown(browser, "jan.peeters", SECRET_WORDS).status_code == 303
    doors.entrance.present = keys.session(chosen.person, LoginKey.EID, Assurance.HIGH)
    device = SoftwareAuthenticator(ISSUER, HOST)
    options = challenge_of(browser.get("/my/keys/passkey"))
    made = browser.post("/my/keys/passkey", data={"credential": device.create(options), "label": "Phone"})
    assert made.status_code == 303
    doors.hall.welcomed.clear()
    return browser, device


def shown(browser: FlaskClient, user_name: str, password: str, door: str = PASSWORD, **more: str) -> TestResponse:
    """What a door answers."""
    return browser.post(f"{door}/answer", data={"user_name": user_name, "password": password, **more})


def challenge_of(page: TestResponse) -> str:
    """The challenge that stands on a page for passkeys."""
    return str(json.loads(html.unescape(page.text.split('data-passkey="')[1].split('"')[0]))["challenge"])


def failing(door: str, **more: str) -> Callable[[OwnDoors, int], None]:
    """An attacker who fails at a door in the owner's name, each time from elsewhere."""

    def fail(doors: OwnDoors, times: int) -> None:
        attacker = doors.browser()
        for number in range(times):
            attacker.environ_base["REMOTE_ADDR"] = f"203.0.{number % 250}.{number // 250}"
            assert shown(attacker, "jan.peeters", "a guess", door, **more).status_code in (403, 429)

    return fail


def failing_passkeys(doors: OwnDoors, times: int) -> None:
    """An attacker who shows passkeys that are not the owner's."""
    attacker, device = doors.browser(), SoftwareAuthenticator(ISSUER, HOST)
    for _ in range(times // 10):
        answer = device.get(challenge_of(attacker.get(f"{PASSKEY}/")))
        assert attacker.post(f"{PASSKEY}/answer", data={"credential": answer}).status_code == 403


ATTACKS: dict[str, Callable[[OwnDoors, int], None]] = {
    "passwords": failing(PASSWORD),
    "codes of an app": failing(TOTP, code="000000"),
    "codes of paper": failing(PAPER, code="abcd-efgh"),
    "passkeys": failing_passkeys,
}


@pytest.mark.attack("D07")
@pytest.mark.parametrize("attack", ATTACKS)
def test_who_fails_a_thousand_times_keeps_no_owner_out(doors: OwnDoors, attack: str) -> None:
    browser, device = owner(doors)
    ATTACKS[attack](doors, 1000)
    assert shown(browser, "jan.peeters", SECRET_WORDS).status_code == 303
    elsewhere = doors.browser()
    answer = device.get(challenge_of(elsewhere.get(f"{PASSKEY}/")))
    assert elsewhere.post(f"{PASSKEY}/answer", data={"credential": answer}).status_code == 303
    assert len(doors.hall.welcomed) == 2
    renewed = {"user_name": "jan.peeters", "password": "appelboom zingt zacht", "again": "appelboom zingt zacht"}
    assert browser.post("/my/keys/password", data=renewed).status_code == 303, "from a card, a new password"


NAMES = [
    "jan.peeters",
    "nobody.here",
    "85073003328",
    "",
    "'; drop table password --",
    "%",
    "x" * 64,
    "J\u0430n.Peeters",
]


@pytest.mark.attack("W09")
@pytest.mark.parametrize("door", [PASSWORD, TOTP, PAPER])
@pytest.mark.parametrize("name", NAMES)
def test_who_exists_is_not_told_by_body_status_size_or_work(doors: OwnDoors, door: str, name: str) -> None:
    doors.keys.with_password("jan.peeters")
    browser, codes = doors.browser(), {} if door == PASSWORD else {"code": "000000"}
    known = shown(browser, "jan.peeters", "a wrong one", door, **codes)
    before = len(doors.keys.hashing.matched)
    asked = shown(browser, name, "a wrong one", door, **codes)
    assert (asked.status_code, asked.data) == (known.status_code, known.data)
    assert {one[0] for one in asked.headers} == {one[0] for one in known.headers}
    assert len(doors.keys.hashing.matched) == before + 1, "the same costly step is taken for whoever is named"
    assert doors.hall.tries == []


@pytest.mark.attack("W09")
def test_a_passkey_that_is_known_and_one_that_is_not_are_answered_alike(doors: OwnDoors) -> None:
    _, device = owner(doors)
    browser, stranger = doors.browser(), SoftwareAuthenticator(ISSUER, HOST)
    thief = SoftwareAuthenticator(ISSUER, HOST, id=device.id)
    answers = []
    for one in (stranger, thief):
        page = browser.get(f"{PASSKEY}/")
        answers.append(browser.post(f"{PASSKEY}/answer", data={"credential": one.get(challenge_of(page))}))
    plain = [re.sub(r'data-passkey="[^"]+"', "", one.text) for one in answers]
    assert plain[0] == plain[1] and {one.status_code for one in answers} == {403}
    assert len({len(one.data) for one in answers}) == 1


@pytest.mark.attack("W09")
def test_links_that_are_used_expired_or_never_were_are_answered_alike(doors: OwnDoors) -> None:
    counter = Counter(doors)
    (used, code), (late, _) = counter.given(), counter.given(simplified=True)
    assert counter.sent(used, code) == 200
    counter.wait(SIMPLIFIED_LINK_LIFE + A_MOMENT)
    for method in ("GET", "POST"):
        data = {**CHOSEN, "code": code} if method == "POST" else None
        told = set()
        for link in (used, late, "A" * 43):
            answer = counter.browser.open(f"/activation/{link}", method=method, data=data)
            plain = re.sub(r"<code>[\w-]{22}</code>", "", answer.text.replace(link, "LINK"))
            told.add((answer.status_code, plain, len(answer.data)))
        assert len(told) == 1 and told.pop()[0] == UNUSABLE


CANARY = "kanarie-vliegt-over-zee-7"
NUMBER = "85073003328"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log holds."""
    stream = io.StringIO()
    logs.configure(stream, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    yield stream


ERRORS: dict[str, tuple[str, dict[str, str]]] = {
    "user name": (f"{PASSWORD}/answer", {"user_name": NUMBER, "password": CANARY}),
    "password": (f"{PASSWORD}/answer", {"user_name": CANARY, "password": f"{CANARY} {NUMBER}"}),
    "unknown field": (f"{PASSWORD}/answer", {NUMBER: CANARY, CANARY: NUMBER}),
    "address": (f"{PASSWORD}/answer?password={CANARY}&niss={NUMBER}", {"user_name": "jan.peeters", "password": "x"}),
    "too long": (f"{PASSWORD}/answer", {"user_name": CANARY * 30, "password": NUMBER * 40}),
    "change": (f"{PASSWORD}/change", {"flow": CANARY, "password": CANARY, "again": NUMBER}),
    "code": (f"{TOTP}/answer", {"user_name": "jan.peeters", "password": CANARY, "code": NUMBER}),
    "paper code": (f"{PAPER}/answer", {"user_name": "jan.peeters", "password": CANARY, "code": CANARY[:18]}),
    "passkey": (f"{PASSKEY}/answer", {"credential": json.dumps({"id": CANARY, "response": {"x": NUMBER}})}),
    "activation": ("/activation/LINK", {**CHOSEN, "code": CANARY, "label": NUMBER, "password": CANARY}),
    "activation, short": ("/activation/LINK", {**CHOSEN, "password": CANARY[:5], "again": CANARY[:5], "code": "CODE"}),
    "activation, secret": ("/activation/LINK", {**CHOSEN, "code": "CODE", "secret": CANARY, "device_code": NUMBER}),
    "activation, no such link": (f"/activation/{CANARY}", {**CHOSEN, "code": CANARY}),
}


@pytest.mark.attack("L02")
@pytest.mark.parametrize("case", ERRORS)
def test_no_secret_and_no_number_that_caused_an_error_is_written(
    doors: OwnDoors, written: io.StringIO, case: str
) -> None:
    doors.keys.with_password("jan.peeters")
    counter = Counter(doors)
    path, sent = ERRORS[case]
    data = {name: value.replace("CODE", counter.code) for name, value in sent.items()}
    headers = {"Referer": f"{ISSUER}/activation/{counter.link}", "User-Agent": f"{CANARY} {NUMBER}"}
    answer = counter.browser.post(path.replace("LINK", counter.link), data=data, headers=headers)
    assert answer.status_code in (400, 403, 404, 410)
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "Location" not in answer.headers
    log = written.getvalue()
    assert [json.loads(line)["event"] for line in log.splitlines()], "the error is told of"
    for canary in (CANARY, NUMBER, counter.link, counter.code, SECRET_WORDS):
        assert canary not in log and canary.replace("-", "") not in log
