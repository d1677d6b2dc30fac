"""Messages about log-outs: what we ask and answer of the end of a session, written element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from saml.instants import written
from saml.name_ids import SessionThere
from saml.names import ENTITY, SAML, SAMLP
from saml.writing import Writer

_P: Final = Writer(SAMLP, {"saml2p": SAMLP, "saml2": SAML})
_A: Final = Writer(SAML, {"saml2": SAML})
_BY_USER: Final = "urn:oasis:names:tc:SAML:2.0:logout:user"
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
REQUEST_LIFE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every message says of itself."""

    id: str
    at: datetime
    issuer: str
    destination: str


def logout_request(envelope: Envelope, session: SessionThere) -> etree._Element:
    """Ask that a session end, because the person logs out (SAML Core §3.7.1, Profiles §4.4.4.1)."""
    told = {"NotOnOrAfter": written(envelope.at + REQUEST_LIFE), "Reason": _BY_USER}
    indexes = [_P("SessionIndex", {}, session.index)] if session.index else []
    return _message("LogoutRequest", envelope, told, session.name.element(), *indexes)


def logout_response(envelope: Envelope, request: str) -> etree._Element:
    """Answer that the sessions that a request names have ended (SAML Core §3.7.2)."""
    status = _P("Status", {}, _P("StatusCode", {"Value": _SUCCESS}))
    return _message("LogoutResponse", envelope, {"InResponseTo": request}, status)


def _message(name: str, envelope: Envelope, told: Mapping[str, str], *content: etree._Element) -> etree._Element:
    common = {
        "ID": envelope.id,
        "Version": "2.0",
        "IssueInstant": written(envelope.at),
        "Destination": envelope.destination,
    }
    return _P(name, {**common, **told}, _A("Issuer", {"Format": ENTITY}, envelope.issuer), *content)
