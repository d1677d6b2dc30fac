"""Our own checks of a statement: for us, about this browser's login, now, fresh, and sure enough."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from saml.names import ENTITY, PERSISTENT, TRANSIENT, UNSPECIFIED, saml
from saml.parties import Asked, Ourselves, Peer
from saml.refusals import SamlRefused
from saml.statements import Statement

SKEW: Final = timedelta(seconds=10)
"""How far two clocks may differ."""
LONGEST_LIFE: Final = timedelta(minutes=15)
"""How long a statement may claim to be good for."""
OLDEST_LOGIN: Final = timedelta(hours=8)
"""How long ago the person may have shown the key, where single sign-on is accepted."""
_ISSUER_FORMATS: Final = frozenset({None, ENTITY})
"""SAML Profiles §4.1.4.2."""
_NAME_FORMATS: Final = frozenset({None, UNSPECIFIED, PERSISTENT, TRANSIENT})
"""Those of eIDAS (SAML Message Format v1.2 §2); of the federal service the last two are known."""
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


def check(statement: Statement, peer: Peer, ourselves: Ourselves, asked: Asked, now: datetime) -> None:
    """Judge what a verified statement says (SAML Profiles §4.1.4.3, eIDAS Message Format). The checks:

    1. Version 2.0, by the identity provider that was asked, of a person named in a format that we know.
    2. For us alone: the audience is our entity.
    3. Confirmed by its bearer, at the address where it came in, in answer to our request.
    4. Good now: made since our request, neither ahead of time nor too late, nor for unreasonably long.
    5. The person showed the key lately: after our request where we asked for it anew.
    6. The session that it tells of has not ended.
    7. The level is one that may come back, and not below what was asked.

    Raises:
        SamlRefused: `version`, `issuer`, `name_format`, `audience`, `confirmation_method`, `recipient`,
            `in_response_to`, `confirmation_expired`, `not_yet_valid`, `expired`, `issued_before`, `valid_too_long`,
            `login_ahead`, `login_too_old`, `session_ended`, `level_unknown`, `level_too_low`.
    """
    _must(statement.version == "2.0", "version")  # (1)
    _must(statement.issuer == peer.entity and statement.issuer_format in _ISSUER_FORMATS, "issuer")
    _must(statement.name.format in _NAME_FORMATS, "name_format")
    _must("" not in (statement.name.qualifier, statement.name.sp_qualifier), "name_format")
    _must(statement.audience == ourselves.entity, "audience")  # (2)
    _must(statement.confirmation == _BEARER, "confirmation_method")  # (3)
    _must(statement.recipient == ourselves.acs, "recipient")
    _must(statement.in_response_to == asked.request, "in_response_to")
    _check_validity(statement, asked, now)  # (4)
    _check_login(statement, asked, now)  # (5)
    _must(statement.session_until is None or now < statement.session_until, "session_ended")  # (6)
    _must(statement.level in asked.levels, "level_unknown")  # (7)
    _must(asked.levels[statement.level] >= asked.minimum, "level_too_low")


def check_issuer(message: etree._Element, peer: Peer) -> None:
    """A message is by the identity provider that was asked. SamlRefused: `issuer`."""
    issuer = message.find(saml("Issuer"))
    _must(issuer is not None and issuer.text == peer.entity and issuer.get("Format") in _ISSUER_FORMATS, "issuer")


def _check_validity(statement: Statement, asked: Asked, now: datetime) -> None:
    _must(now < statement.confirmed_until, "confirmation_expired")
    _must(statement.not_before <= now + SKEW, "not_yet_valid")
    _must(statement.issued_at <= now + SKEW, "not_yet_valid")
    _must(statement.issued_at >= asked.at - SKEW, "issued_before")
    _must(now < statement.not_on_or_after, "expired")
    _must(now < statement.issued_at + LONGEST_LIFE, "expired")
    last = max(statement.confirmed_until, statement.not_on_or_after)
    _must(last <= statement.issued_at + LONGEST_LIFE + SKEW, "valid_too_long")


def _check_login(statement: Statement, asked: Asked, now: datetime) -> None:
    _must(statement.authenticated_at <= now + SKEW, "login_ahead")
    earliest = asked.at - SKEW if asked.again else now - OLDEST_LOGIN
    _must(statement.authenticated_at >= earliest, "login_too_old")


def _must(holds: bool, code: str) -> None:
    if not holds:
        raise SamlRefused(code)
