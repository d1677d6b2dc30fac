"""Devices: from where a request comes, and browser and system in a few words by which people know their own logins."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from werkzeug.wrappers import Request

from iam.domain.logins import Circumstances

COUNTRY_HEADER: Final = "X-Client-Country"
"""In which a proxy in front may tell the country of the network address (ISO 3166-1 alpha-2); it is only shown."""
ADDRESS_HEADER: Final = "X-Client-Address"
"""In which the proxy in front tells the network address of its client, in the place of what the client sends."""
LONGEST_READ: Final = 500
_CUSTOMER_BITS: Final = 64
"""Of an IPv6 address, the part that a customer does not choose."""
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


def address_of(request: Request) -> str:
    """The client's address, of IPv6 the customer's network alone.

    Empty when only that of a proxy is known, whose clients would be counted as one.
    """
    peer = _read(request.remote_addr or "")
    if peer is None or not (peer.is_loopback or peer.is_private):
        return _written(peer)
    return _written(_read(request.headers.get(ADDRESS_HEADER, "")))


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _written(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return f"{int(address) >> _CUSTOMER_BITS:x}"
    return "" if address is None else str(address)
