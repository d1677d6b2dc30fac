"""Health at the door: whether the database answers, the book is loaded and there are keys that sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from iam.api.collaborators import Collaborators
from iam.api.vocabulary import Shown
from iam.domain.errors import Unavailable
from iam.web.markers import public
from iam.web.routes import Api

_RETRY_AFTER: Final = 5
_log: Final = structlog.get_logger("iam.api")


class HealthShown(Shown):
    """All is well."""

    status: str
    database: str
    book: str
    keys: str


def health_api(parts: Collaborators) -> Api:
    """Whether the service can serve."""
    api = Api("Health", about="Whether the service can serve.")

    @api.get("/health", summary="Tell whether the service can serve", answers={200: HealthShown}, refusals=(503,))
    @public("whoever balances the load or watches over the service asks without a token")
    def read_health() -> HealthShown:
        """Says what does not work in the detail of a 503, and no more than that."""
        checks: dict[str, Callable[[], object]] = {
            "database": lambda: parts.once.revision() >= 0,
            "book": lambda: parts.library.current().hash,
            "keys": parts.keys_current,
        }
        down = [name for name, check in checks.items() if not _works(name, check)]
        if down:
            detail = f"Not working now: {', '.join(down)}."
            raise Unavailable("not_healthy", detail, retry_after=_RETRY_AFTER)
        return HealthShown(status="up", **dict.fromkeys(checks, "up"))

    return api


def _works(name: str, check: Callable[[], object]) -> bool:
    try:
        return bool(check())
    except Exception:
        _log.error("unhealthy", check=name, exc_info=True)
        return False
