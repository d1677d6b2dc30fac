"""Subject identifiers of signals (RFC 9493, Shared Signals Framework 1.0 §3): written, read, and compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from iam.domain.errors import InvalidInput

COMPLEX: Final = "complex"
MOST_MEMBERS: Final = 8
LONGEST_VALUE: Final = 512
LARGEST: Final = 4_096
"""Characters of a whole subject identifier."""

Subject = Mapping[str, object]


def opaque(value: str) -> dict[str, object]:
    """Something known by an id that says nothing else (RFC 9493 §3.2.7)."""
    return {"format": "opaque", "id": value}


def iss_sub(issuer: str, sub: str) -> dict[str, object]:
    """Whom the tokens of an issuer name so (RFC 9493 §3.2.4)."""
    return {"format": "iss_sub", "iss": issuer, "sub": sub}


def jwt_id(issuer: str, jti: str) -> dict[str, object]:
    """One token (Shared Signals Framework 1.0 §3.5.1)."""
    return {"format": "jwt_id", "iss": issuer, "jti": jti}


def complex_subject(**members: Subject) -> dict[str, object]:
    """One subject that several identifiers name together (Shared Signals Framework 1.0 §3.3)."""
    return {"format": COMPLEX, **members}


def read_subject(sent: object) -> str:
    """A subject identifier as canonical JSON. InvalidInput (`invalid_subject`) for what is none."""
    if not isinstance(sent, dict) or len(sent) > MOST_MEMBERS + 1:
        raise _invalid()
    if sent.get("format") == COMPLEX:
        members = [value for name, value in sent.items() if name != "format"]
        if not members or not all(_simple(one) for one in members):
            raise _invalid()
    elif not _simple(sent):
        raise _invalid()
    written = canonical(sent)
    if len(written) > LARGEST:
        raise _invalid()
    return written


def canonical(subject: Subject) -> str:
    """The one text of a subject identifier."""
    return json.dumps(dict(subject), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def removal_key(stream: str, written: str) -> str:
    """The key under which it is remembered that a subject was removed from a stream: SHA-256 (hexadecimal)."""
    return hashlib.sha256(f"{stream}\0{written}".encode()).hexdigest()


def removes(removed: str, subject: Subject) -> bool:
    """Whether a removed subject, as canonical JSON, takes a signal about a subject away.

    Simple subjects match when they are the same (Shared Signals Framework 1.0 §8.1.3.1). Of a complex one every member
    must be there and the same: one that the signal's subject lacks takes nothing away, so that no signal is lost which
    nobody named.
    """
    told: Subject = json.loads(removed)
    if COMPLEX not in (told.get("format"), subject.get("format")):
        return dict(told) == dict(subject)
    if told.get("format") != subject.get("format"):
        return False
    return all(subject.get(name) == value for name, value in told.items())


def _simple(sent: object) -> bool:
    if not isinstance(sent, dict) or not 2 <= len(sent) <= MOST_MEMBERS or sent.get("format") == COMPLEX:
        return False
    named = isinstance(sent.get("format"), str)
    return named and all(_plain(name, value) for name, value in sent.items())


def _plain(name: str, value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    texts = all(isinstance(one, str) and 0 < len(one) <= LONGEST_VALUE for one in values)
    return texts and 0 < len(values) <= MOST_MEMBERS and 0 < len(name) <= 64


def _invalid() -> InvalidInput:
    detail = "Send a subject identifier as RFC 9493 writes it: an object with its format and its members."
    return InvalidInput("invalid_subject", detail, field="subject")
