"""What the portal's pages work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from iam.ports import Library, ProviderBook
from iam.services.contexts import Contexts
from iam.services.farewells import Farewells
from iam.services.login_history import LoginHistory
from iam.services.sessions import Sessions
from iam.web.browser_hall import BrowserHall


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The services behind the pages."""

    hall: BrowserHall
    contexts: Contexts
    sessions: Sessions
    history: LoginHistory
    farewells: Farewells
    providers: ProviderBook
    library: Library
    represents_abroad: Callable[[str], bool]
    """Whether another country said that a person acts for a company."""
