"""Answers of the token endpoint, and the scopes that its requests name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from iam.services.token_issue import Standing
from oidc.provider.access_tokens import details_of, token_type_of
from oidc.provider.errors import InvalidScope

HEADERS: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
MAX_SCOPES: Final = 10
_WRITTEN: Final = json.JSONEncoder(separators=(",", ":"))
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")

Answer = tuple[int, str, list[tuple[str, str]]]


def read_scopes(text: str) -> tuple[str, ...]:
    """The scopes asked, each once (RFC 6749 §3.3); none are given by default. Raises `InvalidScope`."""
    if text and _SCOPE.fullmatch(text) is None:
        raise InvalidScope("malformed_scope", "Write scopes with single blanks between them.")
    scopes = tuple(dict.fromkeys(text.split(" "))) if text else ()
    if len(scopes) > MAX_SCOPES:
        raise InvalidScope("too_many_scopes", f"Ask for at most {MAX_SCOPES} scopes at once.")
    return scopes


def token_answer(standing: Standing, token: str, more: Mapping[str, object] | None = None) -> Answer:
    """The answer with a token (RFC 6749 §5.1, RFC 9396 §7), and what else the grant gives."""
    life = standing.token.expires_at - standing.token.issued_at
    told: dict[str, object] = {
        "access_token": token,
        "token_type": token_type_of(standing.token),
        "expires_in": int(life.total_seconds()),
        "scope": " ".join(standing.token.scopes),
        **({"authorization_details": details_of(standing)} if standing.scopes else {}),
        **(more or {}),
    }
    return 200, _WRITTEN.encode(told), HEADERS
