"""On a running service providers are added, replaced and switched off by their file alone, in every process at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests

from iam.sandbox.identity_providers.openid_provider import OpenIdProvider
from iam.sandbox.identity_server import playing_identity_providers
from tests.engines import drop_database, fresh_database
from tests.running import Sandbox, Service, sandbox, serving

WORKERS = 2
ASKED = 8
"""How often something is asked on new connections, so that every process answers it."""
SECONDS = 30
_FORM = re.compile(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Walker:
    """A browser of one person; the sandbox has no certificate, so that cookies for https are sent on this machine."""

    base_url: str
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, address: str, data: dict[str, str] | None = None) -> requests.Response:
        """One request, on a connection of its own."""
        headers = {"Connection": "close", "Accept-Language": "en"}
        if data is not None:
            headers["Origin"] = self.base_url
        answer = self.session.request(
            "GET" if data is None else "POST",
            urljoin(self.base_url, address),
            data=data,
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
        )
        for cookie in self.session.cookies:
            cookie.secure = False
        return answer

    def offered(self) -> set[str]:
        """Every way to log in by OpenID Connect that the sign-in page offers, whichever process shows it."""
        pages = [re.findall(r"/sign-in/oidc/([^/\"]+)/start", self.ask("/sign-in").text) for _ in range(ASKED)]
        assert all(page == pages[0] for page in pages), pages
        return set(pages[0])

    def leave(self, provider: str) -> str:
        """Choose a provider; where that leads."""
        page = self.ask("/sign-in").text
        forms = {unescape(action): dict(_HIDDEN.findall(content)) for action, content in _FORM.findall(page)}
        path = f"/sign-in/oidc/{provider}/start"
        answer = self.ask(path, forms[path])
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def decide(self, address: str, persona: str) -> str:
        """Log in on the provider's page; where that leads back to."""
        level = re.search(r'<option value="([^"]+)" selected', requests.get(address, timeout=SECONDS).text)
        assert level
        form = {"persona": persona, "level": unescape(level[1]), "trick": "none", "answer": "log_in"}
        return requests.post(address, data=form, allow_redirects=False, timeout=SECONDS).headers["Location"]

    def log_in(self, provider: str, persona: str) -> requests.Response:
        """The whole way."""
        return self.ask(self.decide(self.leave(provider), persona))

    def known(self) -> bool:
        """Whether the first page is shown, in every process; else all of them lead to the choice of keys."""
        answers = [self.ask("/") for _ in range(ASKED)]
        assert len({one.status_code for one in answers}) == 1
        return answers[0].status_code == 200


@dataclass
class Town:
    """A running service, its file of providers, and two sets of providers of the same ids."""

    sandbox: Sandbox
    service: Service
    file: Path
    first: dict[str, OpenIdProvider]
    second: dict[str, OpenIdProvider]

    def reset(self) -> None:
        """itsme alone."""
        self.configure(self.first["itsme"].configuration())

    def configure(self, *configurations: str) -> None:
        """Write the file and put it in the place of the one before, as README.md says."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text("\n".join(configurations), encoding="utf-8")
        fresh.replace(self.file)

    def walker(self) -> Walker:
        return Walker(self.sandbox.base_url)

    def events(self, name: str, since: int = 0) -> list[dict[str, Any]]:
        """What the service's log tells under a name, from a place on."""
        lines = [line for line in self.service.said()[since:].splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if one.get("event") == name]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The service over the country on each engine."""
    tmp_path = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'procura.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            url = fresh_database(server)
            stack.callback(drop_database, server, url)
        here = stack.enter_context(sandbox(tmp_path, url, WORKERS))
        sets = []
        for _ in range(2):
            playing = stack.enter_context(playing_identity_providers(here.country, here.clock, here.base_url))
            sets.append({one.profile.id: one for one in playing.players if isinstance(one, OpenIdProvider)})
        file = tmp_path / "providers.toml"
        file.write_text(sets[0]["itsme"].configuration(), encoding="utf-8")
        settings = {**here.environment, "PROCURA_LOGIN_PROVIDERS": str(file)}
        service = stack.enter_context(serving(settings, tmp_path / "service.log", WORKERS))
        yield Town(here, service, file, *sets)


@pytest.fixture
def town(running: Town) -> Town:
    """The service, with itsme alone."""
    running.reset()
    return running


def switched_off(provider: OpenIdProvider) -> str:
    """A provider's configuration that says that it is off."""
    return provider.configuration().replace('kind = "oidc"', 'kind = "oidc"\nenabled = false', 1)


def test_providers_come_take_turns_and_go_while_the_service_runs(town: Town) -> None:
    itsme, mygov = town.first["itsme"].configuration(), town.first["mygov"].configuration()
    lena, bob = town.walker(), town.walker()
    assert lena.offered() == {"itsme"} and lena.ask("/sign-in/oidc/mygov/start", {}).status_code >= 400
    assert lena.log_in("itsme", "lena").status_code == 303 and lena.known()

    town.configure(itsme, mygov)
    assert bob.offered() == {"itsme", "mygov"}
    assert bob.log_in("mygov", "lena").status_code == 303 and bob.known()

    town.configure(switched_off(town.first["itsme"]), mygov)
    assert not lena.known()
    assert lena.offered() == {"mygov"} and bob.known()
    town.configure(itsme, mygov)
    assert lena.offered() == {"itsme", "mygov"}
    assert not lena.known(), "what was ended does not live again"

    town.configure(itsme)
    assert not bob.known(), "a provider that was taken out is off, too"
    events = town.events("login_providers_read")
    assert {tuple(one["enabled"]) for one in events} >= {("itsme", "mygov"), ("mygov",), ("itsme",)}


def test_another_provider_takes_the_place_of_one_and_what_was_begun_at_the_former_is_not_finished(town: Town) -> None:
    first, second = town.first["itsme"], town.second["itsme"]
    lena = town.walker()
    begun, since = lena.decide(lena.leave("itsme"), "lena"), len(town.service.said())
    assert f"iss={quote(first.issuer, safe='')}" in begun

    town.configure(second.configuration())
    refused = lena.ask(begun.replace(quote(first.issuer, safe=""), second.issuer))
    assert refused.status_code == 403 and "Location" not in refused.headers
    assert [one["code"] for one in town.events("refused", since)] == ["oidc_not_believed"]
    assert len(first._logins._codes) == 1, "the code was shown to nobody"

    assert lena.leave("itsme").startswith(second.issuer + "/")
    assert lena.log_in("itsme", "lena").status_code == 303 and lena.known()
    assert urlsplit(first.issuer).netloc != urlsplit(second.issuer).netloc


BROKEN = [
    ("[providers.itsme", "unsafe_settings"),
    ("[providers.itsme]\nsurprise = 1", "unsafe_settings"),
    ('[providers.itsme.settings]\nissuer = "http://op.example"', "unsafe_settings"),
    (f"x = {'[' * 5000}", "unsafe_settings"),
    (None, "unreadable_file"),
]


def test_a_broken_file_keeps_the_providers_and_is_told_in_the_log(town: Town) -> None:
    lena, told = town.walker(), town.first["itsme"].configuration()
    assert lena.log_in("itsme", "lena").status_code == 303
    for broken, code in BROKEN:
        since = len(town.service.said())
        if broken is None:
            town.file.unlink()
        else:
            town.configure(broken)
        assert lena.offered() == {"itsme"} and lena.known()
        kept = town.events("login_providers_kept", since)
        assert kept and {(one["code"], one["level"]) for one in kept} == {(code, "error")} and len(kept) <= WORKERS
    town.configure(told, town.first["fas"].configuration())
    assert lena.offered() == {"itsme", "fas"} and lena.known()
    town.configure("")
    assert lena.offered() == set() and not lena.known(), "an empty file is no broken one: it switches all off"
