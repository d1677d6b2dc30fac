"""A pushed request that many browsers bring at once: one answer, over processes, engines and restarts."""

from __future__ import annotations

import http.client
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from iam.app import build
from iam.domain.client_metadata import OPENID, ClientMetadata, GrantType
from iam.domain.clients import Client, Profile
from iam.entrance import Entrance
from iam.services.authorization_grants import Asked
from iam.services.sessions import Held
from tests.races.conftest import Place
from tests.races.test_browsers import PROVIDERS, Street
from tests.rows import gained_by
from tests.running import ASSERTION, FORM, WORKERS, Answer, Request, Service, sandbox

MANY: Final = 64
ALIAS: Final = "declarations"
CALLBACK: Final = "https://declarations.example/callback"
CHALLENGE: Final = "c" * 43
_SHOWN: Final = re.compile(r'name="shown" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Office:
    """The service, the browser of somebody who is logged in, and the client that pushes."""

    street: Street
    held: Held

    @property
    def client(self) -> str:
        return self.street.sandbox.clients[ALIAS].client_id

    def settle(self) -> None:
        """Register where people return to; bearer tokens, so that the race is about nothing else."""
        with self.street.entrance.house.archive.writing() as uow:
            found = uow.get(Client, self.client)
            assert found is not None
            uow.put(replace(found, profile=Profile.OLDER, profile_until=uow.now + timedelta(days=30)))
            grants = (GrantType.AUTHORIZATION_CODE, GrantType.CLIENT_CREDENTIALS)
            uow.put(ClientMetadata(client=self.client, grant_types=grants, redirect_uris=(CALLBACK,), scopes=(OPENID,)))
            uow.commit()

    def allow_before(self) -> None:
        """The person says yes to the client, which is remembered."""
        desk = self.street.entrance.house.token_desk
        found = desk.registrations.find(self.client)
        assert found is not None
        request = desk.requests.present(self.client, desk.requests.bring(self.client, "{}", ""))
        assert request is not None
        asked = Asked(client=found.client, redirect_uri=CALLBACK, scopes=(OPENID,), challenge=CHALLENGE)
        desk.grants.approve(self.held.session, request, asked)

    def pushed(self, prompt: str) -> dict[str, str]:
        """A request that the client pushed, as the browser brings it."""
        country = self.street.sandbox
        form = {
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": OPENID,
            "prompt": prompt,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "client_assertion_type": ASSERTION,
            "client_assertion": country.clients[ALIAS].assertion(country.base_url, country.clock),
        }
        answer = country.send(Request("POST", "/oauth2/par", {"Content-Type": FORM}, urlencode(form).encode()))
        assert answer.status == 201, answer
        return {"client_id": self.client, "request_uri": answer.told["request_uri"]}

    def bringing(self, pushed: dict[str, str]) -> Request:
        """The browser brings it."""
        return self.street.request(self.held, f"/connect/authorize?{urlencode(pushed)}")

    def page_of(self, pushed: dict[str, str]) -> dict[str, str]:
        """The fields of the page on which the person decides."""
        led = self.street.sandbox.send(self.bringing(pushed))
        assert led.status == 303, led
        asked = dict(parse_qsl(urlsplit(led.headers["location"]).query))
        desk = self.street.entrance.house.token_desk
        request = desk.requests.present(self.client, asked["request"])
        assert request is not None
        return {"client_id": self.client, "request": asked["request"], "shown": self._shown(led.headers["location"])}

    def _shown(self, address: str) -> str:
        line = http.client.HTTPConnection("127.0.0.1", self.street.sandbox.port, timeout=60)
        request = self.street.request(self.held, address)
        line.request("GET", address, headers=request.headers)
        text = line.getresponse().read().decode()
        line.close()
        found = _SHOWN.search(text)
        assert found is not None, text
        return found[1]


@contextmanager
def counter(folder: Path, url: str, command: Sequence[str] = ()) -> Iterator[Office]:
    """The service while the block runs."""
    with sandbox(folder, url) as country:
        file = folder / "providers.toml"
        file.write_text(PROVIDERS, encoding="utf-8")
        country.environment["PROCURA_LOGIN_PROVIDERS"] = str(file)
        service = Service(country.environment, folder / "service.log", command)
        house = build(replace(country.settings, login_providers=file))
        try:
            service.start()
            service.await_workers()
            street = Street(country, service, Entrance(house))
            found = Office(street, street.logged_in())
            found.settle()
            yield found
        finally:
            if service.running():
                service.kill()
            house.archive.close()


@pytest.fixture(scope="module")
def here(place: Place) -> Iterator[Office]:
    """The service on each engine."""
    with counter(place.folder, place.url) as found:
        yield found


def told(answers: Sequence[Answer]) -> Counter[str]:
    """What each answer tells the client, or that a page tells the person."""
    found: Counter[str] = Counter()
    for one in answers:
        address = one.headers.get("location", "")
        query = dict(parse_qsl(urlsplit(address).query))
        assert (one.status, address.startswith(CALLBACK)) in {(303, True), (400, False)}, one
        found["code" if "code" in query else query.get("error", "a page")] += 1
    return found


@pytest.mark.attack("O08")
def test_of_many_browsers_that_bring_one_request_one_brings_back_a_code(here: Office) -> None:
    here.allow_before()
    pushed = here.pushed("none")
    with gained_by(here.street.url) as gains:
        answers = here.street.race([here.bringing(pushed)] * MANY)
    assert told(answers) == {"code": 1, "a page": MANY - 1}
    gained = {name: many for name, many in gains.items() if name.startswith(("authorization", "issued", "consents"))}
    assert gained == {"authorization_codes": 1, "authorization_grants": 1, "authorization_requests": -1}


@pytest.mark.attack("O08", "O19")
def test_of_many_answers_of_the_person_one_counts(here: Office) -> None:
    pushed = here.pushed("consent")
    form = here.page_of(pushed)
    answers = [
        here.street.request(here.held, "/connect/decision", {**form, "answer": one}) for one in ("allow", "deny")
    ]
    with gained_by(here.street.url) as gains:
        found = told(here.street.race(answers * (MANY // 2)))
    assert found in ({"code": 1, "a page": MANY - 1}, {"access_denied": 1, "a page": MANY - 1})
    assert gains.get("authorization_codes", 0) == gains.get("authorization_grants", 0) == found["code"]


@pytest.mark.attack("O08")
def test_a_request_that_was_answered_before_every_process_was_killed_is_answered_after_it(here: Office) -> None:
    here.allow_before()
    pushed = here.pushed("none")
    assert told([here.street.sandbox.send(here.bringing(pushed))]) == {"code": 1}
    here.street.service.kill()
    here.street.service.start()
    here.street.service.await_workers()
    again = [here.street.sandbox.send(here.bringing(pushed)) for _ in range(WORKERS)]
    assert told(again) == {"a page": WORKERS}


@pytest.mark.attack("O08")
def test_a_request_that_stays_is_found_by_the_race(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.races.planted_requests", "requests")
    with counter(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}", command) as planted:
        planted.allow_before()
        pushed = planted.pushed("none")
        assert told(planted.street.race([planted.bringing(pushed)] * 64))["code"] > 1
