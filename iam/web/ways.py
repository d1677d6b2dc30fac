"""Ways: where a browser that is about to log in wants to go, kept by the browser itself so that asking costs no row."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.instants import to_micros
from iam.services.visits import VISIT_LIFE

_UNTIL: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """To which page of ours a login leads, and for which service and action it is asked, if for any."""

    return_to: str
    service: str = ""
    action: str = ""


def written(way: Way, now: datetime) -> str:
    """A way as the content of a cookie; it counts as long as a visit that is kept here."""
    lines = (str(to_micros(now + VISIT_LIFE)), way.service, way.action, way.return_to)
    return urlsafe_b64encode("\n".join(lines).encode()).decode().rstrip("=")


def read(text: str, now: datetime) -> Way | None:
    """The way in a cookie; None where it says none, or none any longer.

    Whoever holds the browser can write there whatever they want, as they can type any address: a way leads only where
    that would, so each part is judged again where it is used.
    """
    try:
        lines = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\n")
    except ValueError:
        return None
    if len(lines) != 4 or not _UNTIL.fullmatch(lines[0]):
        return None
    if not to_micros(now) <= int(lines[0]) <= to_micros(now + VISIT_LIFE):
        return None
    return Way(service=lines[1], action=lines[2], return_to=lines[3])
