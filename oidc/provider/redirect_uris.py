"""Addresses to which people are sent back: compared character for character, save a native client's own port."""

from __future__ import annotations

import re
from typing import Final

from iam.domain.client_metadata import ApplicationType, ClientMetadata
from iam.domain.redirect_uris import LONGEST

_LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(/[!-\"$-~]*)?")


def registered(told: str, metadata: ClientMetadata) -> bool:
    """Whether an address is one that the client registered (RFC 9700 §4.1.3, RFC 8252 §7.3)."""
    if len(told) > LONGEST:
        return False
    if told in metadata.redirect_uris:
        return True
    if metadata.application_type is not ApplicationType.NATIVE:
        return False
    port_free = _without_port(told)
    return port_free is not None and port_free in {_without_port(one) for one in metadata.redirect_uris}


def _without_port(told: str) -> str | None:
    found = _LOOPBACK.fullmatch(told)
    if found is None or (found[2] is not None and int(found[2]) > 65_535):
        return None
    return f"{found[1]}{found[3] or '/'}"
