"""Devices: browser and system in a few words of ours, so that people recognise their own logins."""

from __future__ import annotations

import re
from typing import Final

from werkzeug.wrappers import Request

from iam.domain.logins import Circumstances

COUNTRY_HEADER: Final = "X-Client-Country"
"""In which a proxy in front may tell the country of the network address (ISO 3166-1 alpha-2); it is only shown."""
LONGEST_READ: Final = 500
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first mark that is found counts: browsers name others that they want to be taken for after themselves."""
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def circumstances_of(request: Request, service: str = "") -> Circumstances:
    """From where a request comes, as far as it says so."""
    country = request.headers.get(COUNTRY_HEADER, "").upper()
    return Circumstances(
        device=device_of(request.headers.get("User-Agent", "")),
        country=country if _COUNTRY.fullmatch(country) else "",
        service=service,
    )


def device_of(told: str) -> str:
    """Browser and system as a browser names itself; nothing that it says is repeated. Empty for an unknown one."""
    read = told[:LONGEST_READ]
    words = (next((word for mark, word in marks if mark in read), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(word for word in words if word)
