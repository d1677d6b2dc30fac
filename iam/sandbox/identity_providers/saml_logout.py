"""Log-outs at a SAML identity provider of the sandbox: who is logged in there, and its messages about the end of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from iam.sandbox.identity_providers.saml_messages import SUCCESS, TRANSIENT, new_id, written
from iam.sandbox.identity_providers.saml_writing import Maker

_SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_P: Final = Maker(namespace=_SAMLP, nsmap={"saml2p": _SAMLP, "saml2": _SAML})
_A: Final = Maker(namespace=_SAML, nsmap={"saml2": _SAML})


@dataclass(frozen=True, slots=True)
class SessionHere:
    """Somebody who is logged in: the name that was told of them, and who they are."""

    name_id: str
    person: str


class SessionsHere:
    """Everybody who is logged in at one provider, by the index of their session."""

    def __init__(self) -> None:
        self._known: dict[str, SessionHere] = {}

    def begin(self, person: str) -> tuple[str, str]:
        """Let somebody be logged in; the index of the session, and the name that is told of them for it alone."""
        index, name = new_id(), new_id()
        self._known[index] = SessionHere(name, person)
        return index, name

    def known(self) -> dict[str, SessionHere]:
        """Who is logged in."""
        return dict(self._known)

    def end(self, index: str) -> SessionHere | None:
        """End a session; None when there is none."""
        return self._known.pop(index, None)

    def end_named(self, request: etree._Element) -> int:
        """End what a verified request names; how many sessions that were."""
        name = request.findtext(f"{{{_SAML}}}NameID") or ""
        indexes = {each.text for each in request.findall(f"{{{_SAMLP}}}SessionIndex")}
        named = [index for index, one in self._known.items() if one.name_id == name]
        meant = [index for index in named if not indexes or index in indexes]
        return sum(self.end(index) is not None for index in meant)


def logout_request(issuer: str, destination: str, at: datetime, session: SessionHere, index: str) -> etree._Element:
    """An unsigned request to end the session that a service keeps of somebody."""
    return _P.LogoutRequest(
        _envelope(destination, at),
        _A.Issuer(issuer),
        _A.NameID({"Format": TRANSIENT}, session.name_id),
        _P.SessionIndex(index),
    )


def logout_response(issuer: str, destination: str, at: datetime, request: str) -> etree._Element:
    """An unsigned answer that the sessions a service named have ended."""
    told = _envelope(destination, at) | {"InResponseTo": request}
    return _P.LogoutResponse(told, _A.Issuer(issuer), _P.Status(_P.StatusCode({"Value": SUCCESS})))


def _envelope(destination: str, at: datetime) -> dict[str, str]:
    return {"ID": new_id(), "Version": "2.0", "IssueInstant": written(at), "Destination": destination}
