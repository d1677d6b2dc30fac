"""How spid-sp-test's program comes to a login of ours: through the choice of keys, as a browser does."""

from __future__ import annotations

import re
from base64 import b64decode
from html import unescape
from typing import Any
from urllib.parse import urljoin

_ISSUER = re.compile(r"(<[a-z0-9]+:Issuer) ([^>]*>)([^<]+)<")


class ProcuraLogin:
    """Implements the program's plugin for requests and answers; `authn_request_url` is our address of the start."""

    def __init__(self, requests_session: Any, authn_request_url: str, *_: Any) -> None:
        self._session = requests_session
        self._start = authn_request_url

    def request(self) -> dict[str, Any]:
        """A request of ours, as the program wants it."""
        page = self._keeping(self._session.get(self._start.partition("/saml/")[0]))
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
        leave = self._session.post(self._start, data={"csrf_token": token})
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', leave.text))
        return {
            "SAMLRequest": fields["SAMLRequest"],
            "SAMLRequest_xml": b64decode(unescape(fields["SAMLRequest"])),
            "RelayState": unescape(fields["RelayState"]),
            "requests_session": self._session,
            "method": "post",
        }

    def response(self, url: str, data: dict[str, Any]) -> Any:
        """The page to which an answer leads."""
        answer = self._keeping(self._session.post(url, data=data, allow_redirects=False))
        return self._session.get(urljoin(url, answer.headers["Location"])) if answer.is_redirect else answer

    def _keeping(self, answer: Any) -> Any:
        """Keep our cookies, which a client of Python's sends over TLS alone, wherever the host is."""
        given = [each.partition(";")[0] for each in answer.raw.headers.getlist("Set-Cookie")]
        kept = dict(each.split("=", 1) for each in self._session.headers.get("Cookie", "").split("; ") if each)
        kept |= dict(each.split("=", 1) for each in given)
        self._session.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items() if value)
        return answer


class ProcuraAnswers(ProcuraLogin):
    """The same for answers: the program takes their audience from a `NameQualifier` at the issuer of the request.

    SPID repeats the entity there, which SAML forbids beside the format `entity` (SAML Core §8.3.6). The copy that the
    program reads has one; what we sent has none.
    """

    def request(self) -> dict[str, Any]:
        """A request of ours, with what the program looks for."""
        told = super().request()
        octets = _ISSUER.sub(r'\1 NameQualifier="\3" \2\3<', told["SAMLRequest_xml"].decode(), count=1)
        return {**told, "SAMLRequest_xml": octets.encode()}
