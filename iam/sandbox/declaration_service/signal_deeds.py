"""What a declaration service does when it hears a signal: it ends sessions, and forgets what it was allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from iam.sandbox.declaration_service.signal_tokens import Signal
from iam.sandbox.declaration_service.visits import Visit

CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"
OWN: Final = "/signals/events/"
"""Under the issuer: the kinds of events that it adds to CAEP's."""
SESSION_REVOKED: Final = CAEP + "session-revoked"
TOKEN_CLAIMS_CHANGE: Final = CAEP + "token-claims-change"
VERIFICATION: Final = SSF + "verification"
STREAM_UPDATED: Final = SSF + "stream-updated"
OF_MANDATES: Final = ("mandate-revoked", "mandate-narrowed")
OF_APPOINTMENTS: Final = "appointment-ended"


def wanted(issuer: str) -> list[str]:
    """The kinds of events that a declaration service asks for."""
    own = [f"{issuer}{OWN}{name}" for name in (*OF_MANDATES, OF_APPOINTMENTS)]
    return [SESSION_REVOKED, TOKEN_CLAIMS_CHANGE, *own]


def act(signal: Signal, visits: Iterable[Visit], issuer: str) -> str:
    """Do what a signal asks; returns in words what was done.

    Nothing that a signal says is taken for a permission: it makes the service ask, or end a session. A kind of event
    that is not known here changes nothing.
    """
    deeds: dict[str, Callable[[], str]] = {
        SESSION_REVOKED: lambda: _end_sessions(signal, visits, issuer),
        TOKEN_CLAIMS_CHANGE: lambda: _forget(visits, signal, _of_person_or_token(signal, issuer)),
        f"{issuer}{OWN}{OF_APPOINTMENTS}": lambda: _forget(visits, signal, _of_enterprise(signal)),
        **{f"{issuer}{OWN}{name}": lambda: _forget(visits, signal, _of_enterprise(signal)) for name in OF_MANDATES},
    }
    return deeds[signal.event]() if signal.event in deeds else "nothing: it concerns nobody's session or permission"


def _end_sessions(signal: Signal, visits: Iterable[Visit], issuer: str) -> str:
    """End the session that is named, or all of a person where none is."""
    sid, person = _opaque(signal.subject, "session"), _person(signal.subject, issuer)
    concerned = [one for one in visits if (one.sid == sid if sid else bool(person) and one.subject == person)]
    for one in concerned:
        one.end("the session was ended: " + signal.name)
    return f"sessions ended: {len(concerned)}"


def _forget(visits: Iterable[Visit], signal: Signal, concerns: Callable[[Visit], bool]) -> str:
    concerned = [one for one in visits if concerns(one)]
    for one in concerned:
        one.forget(_from(signal.told))
    return f"permissions to be asked anew: {len(concerned)}"


def _of_person_or_token(signal: Signal, issuer: str) -> Callable[[Visit], bool]:
    """Those of the token, the session or the person that is named."""
    subject = signal.subject
    if subject.get("format") == "jwt_id":
        return lambda visit: subject.get("iss") == issuer and subject.get("jti") in visit.token_ids
    sid, person = _opaque(subject, "session"), _person(subject, issuer)
    return lambda visit: visit.sid == sid if sid else bool(person) and visit.subject == person


def _of_enterprise(signal: Signal) -> Callable[[Visit], bool]:
    """Those who act for or through an enterprise that the event or its subject names, whoever they are."""
    named = {_opaque(signal.subject, "tenant")}
    named |= {str(signal.told.get(name, "")) for name in ("mandator", "mandatary", "receiver", "enterprise")}
    return lambda visit: bool((named - {""}) & visit.enterprises)


def _opaque(subject: Mapping[str, Any], member: str) -> str:
    """An identifier without a form of its own, in a complex subject."""
    found = subject.get(member)
    named = found if isinstance(found, dict) and found.get("format") == "opaque" else {}
    return str(named.get("id", ""))


def _person(subject: Mapping[str, Any], issuer: str) -> str:
    """The person that a subject names as this issuer names them to us."""
    found = subject if subject.get("format") == "iss_sub" else subject.get("user")
    named = found if isinstance(found, dict) and found.get("format") == "iss_sub" else {}
    return str(named.get("sub", "")) if named.get("iss") == issuer else ""


def _from(told: Mapping[str, Any]) -> datetime | None:
    """From when on what an event ends has ended."""
    value = told.get("from")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
