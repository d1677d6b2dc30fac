"""Steps of the tour that people take in a browser: logging in by itsme, and for the first time by eIDAS."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests

from iam.domain.enterprises import Capacity
from iam.sandbox.numbers import niss
from iam.sandbox.tour.guide import TIMEOUT_SECONDS, Guide, WrongTurn

MARI: Final = {"person": "mari", "level": "http://eidas.europa.eu/LoA/high", "answer": "log_in"}
MARIS_BIS_NUMBER: Final = niss(date(1902, 1, 1), 80, bis=True)
REGISTRATION: Final = "/sign-in/registration"
_FORM: Final = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION: Final = re.compile(r'action="([^"]*)"')
_SELECT: Final = re.compile(r'<select id="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTION: Final = re.compile(r'<option value="([^"]*)"( selected)?')
_GOES_ON: Final = 6
"""Redirects, and pages that only lead on to the next one, at most."""


class Browser:
    """A browser of one person: it keeps cookies, follows redirects, and sends the forms of the pages that it is shown.

    The sandbox has no certificate, so that cookies for https alone are sent on this machine as a browser does.
    """

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = "en"
        self.page: requests.Response | None = None
        self.end = ""
        """An address of somebody else, to which a redirect is not followed but told in `sent_to`."""
        self.sent_to = ""

    def open(self, path: str) -> None:
        """Open a page of ours, by its path or its whole address."""
        self._guide.narrator.request("GET", urlsplit(path).path, "in a browser")
        self._arrive("GET", urljoin(self._guide.base_url, path))

    def send(self, action: str, shown: str, holding: str = "", **choice: str) -> None:
        """Send the form of the present page that leads to an action, and holds a text.

        Raises WrongTurn when there is none.
        """
        if self.page is None:
            raise WrongTurn("no page is open")
        attributes, content = self._form(action, holding)
        leads = _ACTION.search(attributes)
        address = urljoin(self.page.url, unescape(leads[1]) if leads else "")
        fields = {name: unescape(value) for name, value in (*_HIDDEN.findall(content), *_chosen(content))}
        self._guide.narrator.request("POST", urlsplit(address).path, shown, choice)
        self._arrive("POST", address, {**fields, **choice})

    def must_be_at(self, path: str, text: str) -> None:
        """Raises WrongTurn unless the present page is at a path and says a text."""
        page = self.page
        good = page is not None and page.ok and urlsplit(page.url).path == path and text in page.text
        where = f"{page.status_code} at {urlsplit(page.url).path}" if page is not None else "no page"
        self._guide.narrator.answer(where, good, {"says": text} if good else {})
        if not good:
            raise WrongTurn(f"expected the page {path} that says '{text}', got {where}")

    def _arrive(self, method: str, address: str, data: dict[str, str] | None = None) -> None:
        """Ask, and go on where redirects and pages that only lead on lead to."""
        for _ in range(_GOES_ON):
            self.page = self._answered(method, address, data)
            if "data-goes-on" not in self.page.text and "document.forms[0].submit" not in self.page.text:
                return
            attributes, content = self._form("")
            leads = _ACTION.search(attributes)
            data = {name: unescape(value) for name, value in _HIDDEN.findall(content)}
            method, address = "POST", urljoin(self.page.url, unescape(leads[1]) if leads else "")

    def _answered(self, method: str, address: str, data: dict[str, str] | None) -> requests.Response:
        headers = {} if self.page is None or method == "GET" else {"Origin": _origin(self.page.url)}
        for _ in range(_GOES_ON):
            answer = self._session.request(
                method, address, data=data, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
            for cookie in self._session.cookies:
                cookie.secure = False
            if not answer.is_redirect or self._leaves(answer):
                return answer
            method, address, data, headers = "GET", urljoin(answer.url, answer.headers["Location"]), None, {}
        raise WrongTurn(f"{_GOES_ON} redirects lead nowhere")

    def _leaves(self, answer: requests.Response) -> bool:
        left = bool(self.end) and answer.headers["Location"].startswith(self.end)
        self.sent_to = answer.headers["Location"] if left else ""
        return left

    def _form(self, action: str, holding: str = "") -> tuple[str, str]:
        forms = [] if self.page is None else _FORM.findall(self.page.text)
        page, found = self.page, [form for form in forms if action in form[0] and holding in form[1]]
        if not found:
            where = "" if page is None else f": {page.status_code} at {urlsplit(page.url).path}"
            raise WrongTurn(f"there is no form that leads to '{action}' on the page{where}")
        attributes, content = found[0]
        return attributes, content


def _chosen(content: str) -> list[tuple[str, str]]:
    """What the lists of a form stand on: what is selected, else the first."""
    lists = ((name, _OPTION.findall(options)) for name, options in _SELECT.findall(content))
    return [(name, next((value for value, on in options if on), options[0][0])) for name, options in lists if options]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def log_in_by_itsme(guide: Guide) -> None:
    """Lena logs in on our own pages by itsme."""
    browser = Browser(guide)
    browser.open("/sign-in")
    browser.send("/sign-in/oidc/itsme/start", "chooses itsme")
    browser.send("", f"{guide.person('lena').name}, on the pages of itsme", persona="lena", answer="log_in")
    browser.must_be_at("/", "itsme")


def come_by_eidas(guide: Guide) -> None:
    """Mari comes from Estonia, is known to nobody, and asks an officer."""
    browser = _with_an_estonian_key(guide)
    browser.must_be_at(REGISTRATION, "Mari Tamm")
    asked = {"number": "", "email": "mari@example.org", "phone": "+3726000000"}
    browser.send(f"{REGISTRATION}/ask", "Mari Tamm, whom nobody knows yet", **asked)
    browser.must_be_at(REGISTRATION, "Your request waits.")


def confirm(guide: Guide) -> None:
    """Olga links Mari's registration to the BIS number that she was given."""
    office = Capacity.ADMINISTRATION
    listed = guide.act("olga", "GET", "/office/identities", None, status=200, show=(), capacity=office)
    identity = guide.learn("registration of Mari", str(listed.told["items"][0]["id"]))
    guide.narrator.name(MARIS_BIS_NUMBER.value, "BIS number of Mari")
    guide.act(
        "olga",
        "POST",
        f"/office/identities/{identity}/confirm",
        {"niss": MARIS_BIS_NUMBER.value},
        status=200,
        show=("state", "issued_in"),
        capacity=office,
    )


def come_back(guide: Guide) -> None:
    """Mari logs in again, and is recognised by her own country's key alone."""
    _with_an_estonian_key(guide).must_be_at("/", "European")


def _with_an_estonian_key(guide: Guide) -> Browser:
    browser = Browser(guide)
    browser.open("/sign-in")
    browser.open("/sign-in/eidas/eidas/country")
    browser.send("/country", "chooses Estonia", country="EE", whom="self")
    browser.send("", "Mari Tamm, at the node of her country", **MARI)
    return browser
