"""Logins from the choice of keys to the session: what browsers send us is measured, what providers do is not."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from tests.bench.cpu import Meter
from tests.bench.stands import Act, Key, WrongAnswers

HOST = "127.0.0.1"
WAIT_SECONDS = 60
FORM = "application/x-www-form-urlencoded"
PERSON = "sanne"
"""Who comes from another country; `lena` is at home here."""
_FORM = re.compile(r'<form\b[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_LEVEL = re.compile(r'<option value="([^"]+)" selected')
_COOKIE = re.compile(r"^([^=]+)=([^;]*)")


class Shown(NamedTuple):
    """What a browser is shown."""

    status: int
    location: str
    text: str

    def fields(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that leads to an address with these words. WrongAnswers without one."""
        for address, content in _FORM.findall(self.text):
            if action in unescape(address):
                return {name: unescape(value) for name, value in _HIDDEN.findall(content)}
        raise WrongAnswers(f"no form leads to {action}: {self.status} {self.text[-500:]}")


class Line:
    """A kept connection to our service, over which many browsers ask in turn."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://{HOST}:{port}"
        self._port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=WAIT_SECONDS)

    def renew(self) -> None:
        """Connect anew: a server ends a connection that was idle for some seconds."""
        self._connection.close()
        self._connection = http.client.HTTPConnection(HOST, self._port, timeout=WAIT_SECONDS)

    def ask(self, path: str, cookies: dict[str, str], form: Mapping[str, str] | None = None) -> Shown:
        """One request of a browser, which keeps the cookies that it is given."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Accept-Language": "en"}
        if form is not None:
            headers |= {"Content-Type": FORM, "Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        body = None if form is None else urlencode(form)
        self._connection.request("GET" if form is None else "POST", path, body, headers)
        came = self._connection.getresponse()
        text = came.read().decode()
        for given in came.headers.get_all("Set-Cookie", []):
            found = _COOKIE.match(given)
            if found:
                cookies[found[1]] = found[2]
        return Shown(came.status, came.headers.get("Location", ""), text)


class Browser:
    """A browser that stands before the choice of keys."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.cookies: dict[str, str] = {}
        self.choice = self.ask("/sign-in", status=200)

    def ask(self, path: str, form: Mapping[str, str] | None = None, *, status: int = 303) -> Shown:
        """One request. WrongAnswers when it is answered with another status."""
        shown = self.line.ask(path, self.cookies, form)
        if shown.status != status:
            raise WrongAnswers(f"{path}: {shown.status} {shown.location} {shown.text[-700:]}")
        return shown

    def begin(self, path: str) -> Shown:
        """Press the button of a key."""
        return self.ask(path, self.choice.fields(path))

    def must_be_in(self, shown: Shown) -> None:
        """WrongAnswers unless a login led to the first page."""
        if shown.location != "/" or len(self.cookies.get("__Host-procura", "")) < 20:
            raise WrongAnswers(f"nobody is logged in: {shown.status} {shown.location}")


Walk = Callable[[Browser], None]


def by_itsme(browser: Browser) -> None:
    """Two requests to us: leaving for itsme, and coming back."""
    leaving = browser.begin("/sign-in/oidc/itsme/start").location
    level = _LEVEL.search(requests.get(leaving, timeout=WAIT_SECONDS).text)
    chosen = {"persona": "lena", "level": unescape(level[1]) if level else "", "trick": "none", "answer": "log_in"}
    decided = requests.post(leaving, data=chosen, allow_redirects=False, timeout=WAIT_SECONDS)
    back = urlsplit(decided.headers["Location"])
    browser.must_be_in(browser.ask(f"{back.path}?{back.query}"))


def by_eidas(browser: Browser) -> None:
    """Four requests to us: the key, the choice of a country, leaving for the node, and coming back."""
    asked = browser.ask(browser.begin("/sign-in/eidas/eidas/start").location, status=200)
    country = "/sign-in/eidas/eidas/country"
    token = {name: value for name, value in _HIDDEN.findall(asked.text) if name == "csrf_token"}
    leaving = browser.ask(country, {**token, "country": "NL"}, status=200)
    [(node, content)] = [one for one in _FORM.findall(leaving.text) if "SAMLRequest" in one[1]]
    sent = {name: unescape(value) for name, value in _HIDDEN.findall(content)}
    page = requests.post(unescape(node), data={**sent, "country": "NL"}, timeout=WAIT_SECONDS)
    level = _LEVEL.search(page.text)
    [(place, content)] = _FORM.findall(page.text)[:1]
    chosen = {name: unescape(value) for name, value in _HIDDEN.findall(content)}
    chosen |= {"person": PERSON, "level": unescape(level[1]) if level else "", "trick": "none", "answer": "log_in"}
    answered = requests.post(urljoin(page.url, unescape(place)), data=chosen, timeout=WAIT_SECONDS)
    [(back, content)] = _FORM.findall(answered.text)[:1]
    message = {name: unescape(value) for name, value in _HIDDEN.findall(content)}
    browser.must_be_in(browser.ask(urlsplit(unescape(back)).path, message))


class Logins:
    """A stand: logins of one kind at our running service."""

    worth, rounds, most = 1, 1000, 60

    def __init__(self, key: Key, line: Line, meter: Meter, walk: Walk) -> None:
        self.key = key
        self.meter = meter
        self._line = line
        self._walk = walk

    def prepare(self, count: int) -> Act:
        """Bring so many browsers before the choice of keys, which is not measured."""
        self._line.renew()
        browsers = [Browser(self._line) for _ in range(count)]
        self._line.renew()

        def act() -> None:
            for one in browsers:
                self._walk(one)

        return act
