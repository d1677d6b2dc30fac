"""A person with a browser: sent by a service, logs in at the sandbox's itsme, decides, and is sent back."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import requests

SECONDS = 20
MOST = 12
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION = re.compile(r'action="([^"]*)"')
_SELECTED = re.compile(r'<option value="([^"]+)" selected')


class Person:
    """One of the sandbox's people; cookies for https are sent on this machine, as a browser does."""

    def __init__(self, persona: str, for_whom: str = "", answer: str = "allow") -> None:
        """`for_whom` is the enterprise number that they choose to act for; `answer` what they decide."""
        self.persona, self.for_whom, self.answer = persona, for_whom, answer
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = "en"

    def visit(self, address: str, back_at: str) -> str:
        """Open an address, and do what every page asks, until the browser is sent to `back_at`; returns where to."""
        method, data = "GET", None
        for _ in range(MOST):
            page = self._ask(method, address, data, back_at)
            if page.is_redirect:
                return page.headers["Location"]
            method, (address, data) = "POST", self._next(page)
        raise AssertionError(f"{MOST} pages lead nowhere: {address}")

    def sign_out(self, service: str) -> None:
        """Log out of the portal at an address, by its own page."""
        page = self._ask("GET", f"{service}/sign-out", None, service)
        address, form = self._filled(page, "", "/sign-out")
        assert self._ask("POST", address, form, service).status_code < 400

    def _ask(self, method: str, address: str, data: dict[str, str] | None, back_at: str) -> requests.Response:
        parts = urlsplit(address)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}"} if method == "POST" else {}
        for _ in range(MOST):
            page = self.session.request(
                method, address, data=data, headers=headers, timeout=SECONDS, allow_redirects=False
            )
            for cookie in self.session.cookies:
                cookie.secure = False
            if not page.is_redirect or page.headers["Location"].startswith(back_at):
                return page
            method, address, data, headers = "GET", urljoin(page.url, page.headers["Location"]), None, {}
        raise AssertionError(f"{MOST} redirects lead nowhere: {address}")

    def _next(self, page: requests.Response) -> tuple[str, dict[str, str]]:
        """The form that this page is answered with: which key, who, for whom, and the decision."""
        assert page.ok, (page.status_code, page.url, page.text)
        told = page.text
        if "Misbehave on purpose" in told:
            level = _SELECTED.findall(told)[0]
            form = {"persona": self.persona, "level": unescape(level), "trick": "none", "answer": "log_in"}
            return page.url, form
        if f'value="{self.for_whom}"' in told and self.for_whom:
            return self._filled(page, f'value="{self.for_whom}"', answer="act_as")
        if 'value="allow"' in told:
            return self._filled(page, f'value="{self.answer}"', answer=self.answer)
        return self._filled(page, "", "/sign-in/oidc/itsme/start")

    def _filled(
        self, page: requests.Response, holding: str, action: str = "", **more: str
    ) -> tuple[str, dict[str, str]]:
        forms = [form for form in _FORM.findall(page.text) if action in form[0] and holding in form[1]]
        assert forms, (page.url, page.text)
        attributes, content = forms[0]
        leads = _ACTION.search(attributes)
        fields = {name: unescape(value) for name, value in _HIDDEN.findall(content)}
        return urljoin(page.url, unescape(leads[1]) if leads else ""), {**fields, **more}
