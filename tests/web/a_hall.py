"""A hall for the tests of one door: it remembers what the door began, and records what the door hands over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import redirect
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance
from iam.domain.errors import NotFound
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.domain.logins import ProvenLogin
from iam.web.hall import Wanted

ANYTHING = Wanted(service="", minimum=Assurance.LOW, keys=frozenset(), language="en", again=False)


@dataclass
class RecordingHall:
    """Implements `iam.web.hall.Hall` for one browser: welcome leads to `/`, who is turned away is told 400.

    A test sets `asked` to what the browser's next login must satisfy, and `other_browser` to play an answer that
    arrives in a browser which began nothing.
    """

    providers: LoginProviders
    asked: Wanted = ANYTHING
    other_browser: bool = False
    flows: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    welcomed: list[ProvenLogin] = field(default_factory=list)
    turned: list[tuple[str, str, str]] = field(default_factory=list)
    """Provider, reason code and detail of each who was turned away."""
    tries: list[tuple[str, str, str]] = field(default_factory=list)
    """Provider, person and reason code of each try that failed after the door had recognised somebody."""

    def provider(self, name: str, kind: ProviderKind) -> LoginProvider:
        found = self.providers.enabled(name)
        if found is None or found.kind is not kind:
            raise NotFound("not_found", "There is no such way to log in.")
        return found

    def wanted(self) -> Wanted:
        return self.asked

    def begin(self, provider: LoginProvider, returned: str, details: Mapping[str, str]) -> None:
        self.flows[provider.id, returned] = dict(details)

    def take(self, provider: LoginProvider, returned: str) -> Mapping[str, str] | None:
        return None if self.other_browser else self.flows.pop((provider.id, returned), None)

    def welcome(self, proven: ProvenLogin) -> Response:
        self.welcomed.append(proven)
        return redirect("/", 303)

    def turned_away(self, provider: LoginProvider, code: str, detail: str = "") -> Response:
        self.turned.append((provider.id, code, detail))
        return Response(f"turned away: {code}", 400)

    def note_try(self, provider: LoginProvider, person: str, code: str) -> None:
        self.tries.append((provider.id, person, code))


def hall_with(providers: Iterable[LoginProvider]) -> RecordingHall:
    """A hall with these providers."""
    return RecordingHall(LoginProviders({one.id: one for one in providers}))
