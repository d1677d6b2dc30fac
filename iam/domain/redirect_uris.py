"""Addresses that a client may register: to send people back to, and for its own pages and endpoints."""

from __future__ import annotations

import re
from typing import Final

from iam.domain.client_metadata import ApplicationType

LONGEST: Final = 512
_LOOPBACK: Final = re.compile(r"http://(?:127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?(?:/[!-\"$-\[\]-~]*)?")
_WEB: Final = re.compile(r"https://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?/[!-\"$-\[\]-~]*")
_CLIMBING: Final = re.compile(r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:;[^/?]*)?(?:/|%2f|%5c|\?|$)", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"%(?:[01][0-9a-f]|5c|7f|(?![0-9a-f]{2}))", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
MOST_PORT: Final = 65_535


def acceptable(told: str, kind: ApplicationType) -> bool:
    """Whether an address may be registered: https on a named host; for native clients also this machine by number.

    Fragments are refused (RFC 6749 §3.1.2), as are users, backslashes, hidden control characters, hosts that are
    numbers, and segments that climb.
    """
    if kind is ApplicationType.NATIVE and len(told) <= LONGEST and not _deceives(told):
        found = _LOOPBACK.fullmatch(told)
        if found is not None and int(found[1] or 0) <= MOST_PORT:
            return True
    return _on_the_web(told)


def _on_the_web(told: str) -> bool:
    found = _WEB.fullmatch(told) if len(told) <= LONGEST else None
    if found is None or _deceives(told) or int(found[2] or 0) > MOST_PORT:
        return False
    labels = found[1].split(".")
    whole = all(0 < len(one) <= 63 and not one.startswith("-") and not one.endswith("-") for one in labels)
    return whole and _NUMBER.fullmatch(labels[-1]) is None


def _deceives(told: str) -> bool:
    return _CLIMBING.search(told) is not None or _HIDDEN.search(told) is not None
