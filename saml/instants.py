"""Instants as SAML writes them: UTC, with Z, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from saml.refusals import SamlRefused

_INSTANT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")


def parsed(text: str) -> datetime:
    """An instant (SAML Core §1.3.3). Raises SamlRefused (`instant_unreadable`)."""
    written = _INSTANT.fullmatch(text)
    try:
        whole = datetime.fromisoformat(f"{written[1]}+00:00" if written else "")
    except ValueError:
        raise SamlRefused("instant_unreadable") from None
    fraction = (written[2] or "" if written else "").ljust(6, "0")[:6]
    return whole.replace(microsecond=int(fraction))


def written(instant: datetime) -> str:
    """An instant in whole seconds, as SAML writes it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
