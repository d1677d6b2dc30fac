"""The hall: what every door of logins asks of the portal, and where a proven login is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.logins import ProvenLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the page or service to which the person returns asks of a login."""

    service: str
    """Code of the service; empty for the portal."""
    minimum: Assurance
    keys: frozenset[LoginKey]
    """The login keys that are admitted; empty for any that reaches the level."""
    language: str
    """nl, fr, de or en: in which the person reads."""
    again: bool
    """Whether the person must show the key anew, though the provider may know them still."""


class Hall(Protocol):
    """The portal, as a door of logins sees it, during one request of one browser."""

    def provider(self, name: str, kind: ProviderKind) -> LoginProvider:
        """The provider of that name and kind. NotFound (`not_found`) when there is none or it is switched off."""
        ...

    def wanted(self) -> Wanted:
        """What is asked of the login that this browser is about to begin."""
        ...

    def begin(self, provider: LoginProvider, returned: str, details: Mapping[str, str]) -> None:
        """Remember, for this browser, a login that begins; `returned` is the secret that comes back with its answer."""
        ...

    def take(self, provider: LoginProvider, returned: str) -> Mapping[str, str] | None:
        """The details of a login that this very browser began; once. None for any other."""
        ...

    def welcome(self, proven: ProvenLogin) -> Response:
        """Sign the person in and lead them where they wanted to go; or tell why not."""
        ...

    def turned_away(self, provider: LoginProvider, code: str, detail: str = "") -> Response:
        """Lead back to the choice of keys with the reason; `detail` goes into the log alone."""
        ...

    def note_try(self, provider: LoginProvider, person: str, code: str) -> None:
        """Let somebody whom the door recognised read later of a try that failed for this reason."""
        ...
