"""Visits: browsers before anybody is known, and the logins that they began at providers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.visits import LoginFlow, Visit
from iam.ports import Archive, Clock, Randomness
from iam.services.fingerprints import fingerprint

VISIT_LIFE = timedelta(hours=1)
FLOW_LIFE = timedelta(minutes=10)
"""How long a person may take at a provider."""
LONGEST_FORM = 16_384
"""Characters of a form that are kept while a person logs in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldVisit:
    """A visit with the secret for the browser's cookie, which is shown here once."""

    secret: str
    visit: Visit


class Visits:
    """What is kept of browsers that log in."""

    def __init__(self, archive: Archive, clock: Clock, randomness: Randomness) -> None:
        self._archive = archive
        self._clock = clock
        self._randomness = randomness

    def find(self, secret: str) -> Visit | None:
        """The visit behind a secret, if it has not expired."""
        with self._archive.reading() as reading:
            found = reading.get(Visit, fingerprint(secret))
        return found if found is not None and self._clock.now() < found.expires_at else None

    def unrecorded(self, secret: str = "", *, return_to: str = "/", service: str = "", action: str = "") -> HeldVisit:
        """A visit of which nothing is kept here until something must be; `secret` is one that its browser holds."""
        secret = secret or self._randomness.secret()
        visit = Visit(
            id=fingerprint(secret),
            return_to=return_to,
            service=service,
            action=action,
            kept_form="",
            pending="",
            expires_at=self._clock.now() + VISIT_LIFE,
        )
        return HeldVisit(secret=secret, visit=visit)

    def keep(self, visit: Visit) -> Visit:
        """Keep a visit, in the place of what was kept of it. ValueError for a form that is too long to be kept."""
        if len(visit.kept_form) > LONGEST_FORM:
            raise ValueError("the form is too long to be kept")
        with self._archive.writing() as uow:
            uow.put(visit)
            uow.commit()
        return visit

    def renew(self, visit: Visit, pending: str) -> HeldVisit:
        """Keep a proven foreign identity with a visit, which gets another secret: who knew the old one has nothing."""
        secret = self._randomness.secret()
        with self._archive.writing() as uow:
            uow.remove(Visit, visit.id)
            renewed = replace(visit, id=fingerprint(secret), pending=pending, expires_at=uow.now + VISIT_LIFE)
            uow.put(renewed)
            uow.commit()
        return HeldVisit(secret=secret, visit=renewed)

    def keep_pending(self, visit: Visit, pending: str) -> Visit:
        """Change which proven foreign identity a visit keeps, if it is kept still; empty once its person is known."""
        kept = replace(visit, pending=pending)
        with self._archive.writing() as uow:
            if uow.get(Visit, visit.id) is not None:
                uow.put(kept)
                uow.commit()
        return kept

    def end(self, visit: Visit) -> bool:
        """Forget a visit; True for the one call that finds it kept. What was never kept costs no turn to write."""
        with self._archive.reading() as reading:
            if reading.get(Visit, visit.id) is None:
                return False
        with self._archive.writing() as uow:
            found = uow.get(Visit, visit.id) is not None
            uow.remove(Visit, visit.id)
            uow.commit()
        return found

    def begin_flow(self, visit: Visit, provider: str, returned: str, details: Mapping[str, str]) -> LoginFlow:
        """Begin a login at a provider, and keep the visit; `returned` is the secret that comes back with the answer."""
        with self._archive.writing() as uow:
            present = uow.get(Visit, visit.id)
            if present is None or present.expires_at <= uow.now:
                uow.put(visit)
            flow = LoginFlow(
                id=fingerprint(provider, returned),
                visit=visit.id,
                provider=provider,
                details=json.dumps(dict(details)),
                began_at=uow.now,
                expires_at=uow.now + FLOW_LIFE,
            )
            uow.put(flow)
            uow.commit()
        return flow

    def take_flow(self, visit: Visit | None, provider: str, returned: str) -> Mapping[str, str] | None:
        """The details of the login that this very browser began at this provider; taken once, on any node.

        None when there is none, it has expired, or another browser began it: that one may still finish it.
        """
        if visit is None:
            return None
        key = fingerprint(provider, returned)
        with self._archive.reading() as reading:
            if reading.get(LoginFlow, key) is None:
                return None
        with self._archive.writing() as uow:
            flow = uow.get(LoginFlow, key)
            if flow is None or flow.visit != visit.id or uow.now >= flow.expires_at:
                return None
            uow.remove(LoginFlow, flow.id)
            uow.commit()
        details: Mapping[str, str] = json.loads(flow.details)
        return details
