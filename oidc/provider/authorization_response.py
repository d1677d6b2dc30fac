"""Answers of the authorization endpoint: in one place, always with `iss`, by address, by form, or as signed JWT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import structlog
from flask import redirect, request
from werkzeug.wrappers import Response

from iam.ports import Clock
from iam.web import pages
from oidc import jose
from oidc.provider.authorization_answering import SIGNED_MODES, Answering
from oidc.provider.authorization_errors import AuthorizationRefused
from oidc.provider.errors import told as printable
from oidc.provider.live_keys import SigningKeys

JARM_LIFE: Final = timedelta(minutes=5)
"""How long a signed answer is good (JARM §2.1 recommends at most ten minutes)."""
_log: Final = structlog.get_logger("oidc.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """Answers to clients."""

    issuer: str
    keys: SigningKeys
    clock: Clock

    def code(self, answering: Answering, code: str) -> Response:
        """The answer with a code (RFC 6749 §4.1.2)."""
        return self._answer(answering, {"code": code})

    def refused(self, answering: Answering, refusal: AuthorizationRefused) -> Response:
        """The answer with an error (RFC 6749 §4.1.2.1), told in the log once."""
        _log.warning(
            "authorization_refused", client=answering.client.id, error=refusal.fault.value, code=refusal.reason
        )
        description = printable(f"{refusal.reason}: {refusal.description}")
        return self._answer(answering, {"error": refusal.fault.value, "error_description": description})

    def _answer(self, answering: Answering, values: Mapping[str, str]) -> Response:
        told = dict(values)
        if answering.state:
            told["state"] = answering.state
        if answering.response_mode in SIGNED_MODES:
            told = {"response": self._signed(answering, told)}
        else:
            told["iss"] = self.issuer  # RFC 9207 §2
        answer = _by_form(answering, told) if answering.response_mode.startswith("form_post") else _led(answering, told)
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def _signed(self, answering: Answering, values: Mapping[str, str]) -> str:
        """The answer as JWT Secured Authorization Response Mode has it (JARM §2.1)."""
        claims: dict[str, object] = {
            **values,
            "iss": self.issuer,
            "aud": answering.client.id,
            "exp": int((self.clock.now() + JARM_LIFE).timestamp()),
        }
        return jose.sign(claims, self.keys.current(answering.metadata.authorization_alg), typ="JWT")


def _led(answering: Answering, values: Mapping[str, str]) -> Response:
    """By the address: by a redirect, but by a page of ours after a page of ours.

    A browser holds every address to which a form leads, over all redirects, to what the form's page allowed (Content
    Security Policy Level 3 §6.4.1): a client could not lead the person on from its own.
    """
    joined = "&" if "?" in answering.redirect_uri else "?"
    address = f"{answering.redirect_uri}{joined}{urlencode(values)}"
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return redirect(address, 303)
    return pages.show("authorization_leads_back.html", address=address, client=answering.client.label)


def _by_form(answering: Answering, values: Mapping[str, str]) -> Response:
    """OAuth 2.0 Form Post Response Mode §2; who has no scripts presses the button."""
    return pages.show(
        "authorization_goes_on.html",
        scripts=True,
        form_to=[answering.redirect_uri],
        address=answering.redirect_uri,
        fields=values,
        client=answering.client.label,
    )
