"""Pages: one way to show a template, with the content security policy that fits what stands on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit

from flask import Response, render_template

POLICY_HEADER: Final = "Content-Security-Policy"
_STYLED: Final = (
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
"""The vendored style sheet draws its check marks and arrows as `data:` pictures; nothing else needs them."""
_OWN_SCHEME: Final = re.compile(r"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:)/")
_SCRIPTED: Final = ("script-src 'self'", "connect-src 'self'")


def show(
    template: str, status: int = 200, *, scripts: bool = False, form_to: Iterable[str] = (), **values: object
) -> Response:
    """Answer with a page.

    `scripts` lets the page load scripts of ours; without it none runs. `form_to` are the addresses, or any on the same
    origins, to which a form on it may lead, also by way of a redirect, besides our own.
    """
    answer = Response(render_template(template, **values), status, content_type="text/html; charset=utf-8")
    answer.headers[POLICY_HEADER] = content_policy(scripts=scripts, form_to=form_to)
    return answer


def content_policy(*, scripts: bool = False, form_to: Iterable[str] = (), frames: Iterable[str] = ()) -> str:
    """The policy for one page (Content Security Policy Level 3); what is not named may not be loaded or reached.

    `frames` are the addresses that may be framed on it. ValueError for an address that is neither http nor https, save
    one of a program's own scheme (RFC 8252 §7.1) to which a form leads.
    """
    targets = sorted({_led_to(address) for address in form_to})
    forms = " ".join(["form-action 'self'", *targets])
    framed = sorted({_framed(address) for address in frames})
    return "; ".join(
        [*_STYLED, *(_SCRIPTED if scripts else ()), *([" ".join(["frame-src", *framed])] if framed else ()), forms]
    )


def _led_to(address: str) -> str:
    """An address as a source of forms: of a program's own scheme, named after a domain turned around, the scheme; of a
    host by its IPv6 number also, for a policy can name no such host (Content Security Policy Level 3 §2.3.1).
    """
    own = _OWN_SCHEME.match(address)
    if own:
        return own[1]
    origin = origin_of(address)
    return f"{origin.partition(':')[0]}:" if "[" in origin else origin


def _framed(address: str) -> str:
    """An address as a source of frames: its query plays no part (Content Security Policy Level 3 §6.7.2.12)."""
    path = urlsplit(address).path.replace(";", "%3B").replace(",", "%2C")
    return origin_of(address) + quote(path, safe="/%:@!$&'()*+=~-._")


def origin_of(address: str) -> str:
    """The origin of an http or https address (RFC 6454). ValueError for any other text."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("an origin needs http or https and a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not all(c.isalnum() or c in "-.:[]_" for c in host) or not host.isascii():
        raise ValueError("an origin needs a plain host name")
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
