"""Card outcomes: how a door leads on who showed a card, whatever came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog
from werkzeug.wrappers import Response

from iam.credentials.flaws import CardRefused, StatusNotKnown
from iam.domain.login_providers import LoginProvider
from iam.domain.logins import ProvenLogin
from iam.web import pages
from iam.web.hall import Hall

RETRY_AFTER: Final = 30
"""Seconds after which the status servers may answer again."""
STATUS_UNREACHABLE: Final = "certificate_status_unreachable"
_log: Final = structlog.get_logger("iam.credentials")


def led_on(hall: Hall, provider: LoginProvider, start: str, prove: Callable[[], ProvenLogin]) -> Response:
    """Welcome whom the card proves; turn away whom it does not; ask for patience where nobody can tell.

    `start` is the address at which the login begins anew.
    """
    try:
        proven = prove()
    except CardRefused as refused:
        return hall.turned_away(provider, refused.flaw, refused.detail)
    except StatusNotKnown as unknown:
        return not_now(provider, start, unknown.detail)
    return hall.welcome(proven)


def not_now(provider: LoginProvider, start: str, detail: str, leads_to: Iterable[str] = ()) -> Response:
    """503: nobody gets in by a card of which it cannot be known whether it is revoked.

    `leads_to` are the addresses elsewhere to which beginning anew leads.
    """
    _log.warning("refused", status=503, provider=provider.id, code=STATUS_UNREACHABLE, detail=detail)
    answer = pages.show("card_status_unreachable.html", 503, form_to=leads_to, start=start)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer
