"""Sixty-four requests of one browser at once, to four processes: a session is changed once, and ended for good."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from typing import Final
from urllib.parse import urlencode

import pytest

from iam.app import build
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.logins import Circumstances, ProvenLogin
from iam.domain.sessions import Session
from iam.domain.visits import Visit
from iam.entrance import Entrance
from iam.services.sessions import Held
from iam.web.browser import SESSION_COOKIE, VISIT_COOKIE
from iam.web.returning import form_for
from tests.races.barrier import Barrier
from tests.races.conftest import Place
from tests.rows import gained_by
from tests.running import FORM, WORKERS, Answer, Request, Sandbox, Service, sandbox, serving

MANY: Final = 64
PROVIDERS: Final = """
[providers.passkey]
kind = "passkey"
key = "passkey"
highest = "substantial"
labels = { nl = "passkey", fr = "passkey", de = "passkey", en = "passkey" }
"""


@dataclass
class Street:
    """The service of four processes, and the house behind it."""

    sandbox: Sandbox
    service: Service
    entrance: Entrance
    logins: int = 0

    @property
    def url(self) -> str:
        """The database that all share."""
        return self.sandbox.settings.database_url

    def logged_in(self, alias: str = "lena") -> Held:
        """Somebody who just logged in."""
        self.logins += 1
        now = self.sandbox.clock.now()
        proven = ProvenLogin(
            provider="passkey",
            key=LoginKey.ITSME,
            assurance=Assurance.SUBSTANTIAL,
            authenticated_at=now,
            reference=f"login {self.logins}",
            expires_at=now + timedelta(minutes=10),
            niss=self.sandbox.country.niss_of(alias),
        )
        held = self.entrance.sign_in.enter(proven, Circumstances())
        assert isinstance(held, Held)
        return held

    def request(self, held: Held, path: str, form: dict[str, str] | None = None, visit: str = "") -> Request:
        """A request of the browser that holds a session; with a form as a page of ours has it."""
        cookies = f"{SESSION_COOKIE}={held.secret}" + (f"; {VISIT_COOKIE}={visit}" if visit else "")
        if form is None:
            return Request("GET", path, {"Cookie": cookies})
        body = urlencode({"csrf_token": token(held.secret), **form}).encode()
        return Request("POST", path, {"Cookie": cookies, "Content-Type": FORM}, body)

    def race(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests that all processes got at once."""
        barrier = Barrier(self.service, self.sandbox.port, requests)
        assert len(barrier.processes()) >= WORKERS
        return barrier.open()

    def sessions(self, person: str) -> list[Session]:
        """Whatever stands in the archive of a person's sessions."""
        with self.entrance.house.archive.reading() as reading:
            return reading.find(Session, person=person)


def token(secret: str) -> str:
    """The token in the forms of a browser with a session."""
    return urlsafe_b64encode(digest(secret.encode(), b"procura form\0", sha256)).decode().rstrip("=")


@pytest.fixture(scope="module")
def street(place: Place) -> Iterator[Street]:
    with sandbox(place.folder, place.url) as country:
        file = place.folder / "providers.toml"
        file.write_text(PROVIDERS, encoding="utf-8")
        country.environment["PROCURA_LOGIN_PROVIDERS"] = str(file)
        settings = replace(country.settings, login_providers=file)
        with serving(country.environment, place.folder / "service.log") as service:
            house = build(settings)
            yield Street(country, service, Entrance(house))
            house.archive.close()


def given(answers: list[Answer]) -> list[str]:
    """The sessions that answers gave to their browser."""
    cookies = [one.headers.get("set-cookie", "").partition(";")[0].partition("=") for one in answers]
    return [value for name, _, value in cookies if name == SESSION_COOKIE and value]


CITIZEN = {"enterprise": "", "capacity": "", "mandator": ""}


@pytest.mark.attack("W10")
def test_one_of_many_changes_of_capacity_wins_and_the_old_identifier_is_dead(street: Street) -> None:
    held = street.logged_in()
    with gained_by(street.url) as gains:
        answers = street.race([street.request(held, "/act-as", CITIZEN)] * MANY)
    secrets = given(answers)
    assert len(secrets) == 1 and secrets[0] not in ("", held.secret)
    assert {one.status for one in answers} <= {303, 409}
    assert gains == {"audit_leaves": 2}
    assert street.entrance.sessions.find(held.secret) is None
    changed = street.entrance.sessions.find(secrets[0])
    assert changed is not None and [changed] == street.sessions(held.session.person)
    street.entrance.sessions.end(changed.person, changed.id)


def test_of_many_log_outs_one_ends_the_session(street: Street) -> None:
    held = street.logged_in("paul")
    with gained_by(street.url) as gains:
        answers = street.race([street.request(held, "/sign-out", {})] * MANY)
    assert Counter(one.status for one in answers) == {303: MANY}
    assert gains == {"audit_leaves": 1, "sessions": -1}
    assert street.sessions(held.session.person) == []


@pytest.mark.attack("W10")
def test_a_session_that_is_ended_while_it_changes_lives_nowhere_or_under_the_identifier_given(street: Street) -> None:
    """Whichever came first, no identifier lives that no browser was given, nor two."""
    for _ in range(3):
        held = street.logged_in("paul")
        requests = [street.request(held, "/act-as", CITIZEN), street.request(held, "/sign-out", {})] * (MANY // 2)
        secrets = given(street.race(requests))
        assert len(secrets) <= 1
        assert street.entrance.sessions.find(held.secret) is None
        left = street.sessions(held.session.person)
        assert [street.entrance.sessions.find(one) for one in secrets] == left
        for one in left:
            street.entrance.sessions.end(one.person, one.id)


def test_of_many_pages_that_show_what_was_typed_one_does(street: Street) -> None:
    held = street.logged_in()
    visits = street.entrance.visits
    visit = visits.unrecorded(return_to="/act-as/representative")
    person = held.session.person
    kept = '{"typed": ["PERSON", null, null, null, "/act-as/representative"], "form": {"enterprise": ["0206731645"]}}'
    kept_visit = visits.keep(replace(visit.visit, kept_form=kept.replace("PERSON", person)))
    assert form_for(held.session, kept_visit, "/act-as/representative") == {"enterprise": ["0206731645"]}
    page = "/act-as/representative"
    answers = street.race([street.request(held, page, visit=visit.secret)] * MANY)
    assert Counter(one.status for one in answers) == {200: MANY}
    sizes = Counter(one.headers["content-length"] for one in answers)
    assert sorted(sizes.values()) == [1, MANY - 1]
    with street.entrance.house.archive.reading() as reading:
        assert reading.find(Visit) == []
    street.entrance.sessions.end(person, held.session.id)
