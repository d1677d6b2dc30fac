"""What the portal's pages work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iam.ports import Library, ProviderBook
from iam.services.contexts import Contexts
from iam.services.farewells import Farewells
from iam.services.login_history import LoginHistory
from iam.services.permissions import Permissions
from iam.services.sessions import Sessions
from iam.web.browser_hall import BrowserHall
from iam.web.leaving import Farewell, ToldService


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The services behind the pages."""

    hall: BrowserHall
    contexts: Contexts
    sessions: Sessions
    history: LoginHistory
    farewells: Farewells
    farewell: Farewell
    told: Callable[[str], Sequence[ToldService]]
    """The services that a person entered by a login, and how each is told of its end."""
    permissions: Permissions
    providers: ProviderBook
    library: Library
    represents_abroad: Callable[[str], bool]
    """Whether another country said that a person acts for a company."""
