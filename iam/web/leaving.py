"""Leaving: the page that tells who logged out which services hear of it, and where they are still logged in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.sessions import Session
from iam.ports import ProviderBook
from iam.services.farewells import Farewells
from iam.web import pages
from iam.web.entry import SIGN_IN_PATH
from iam.web.texts import chosen_language

LEFT_COOKIE: Final = "procura-left"
"""By which the choice of keys knows that its reader comes back from a log-out at a provider."""
_FIVE_MINUTES: Final = 300
A_MOMENT: Final = 3
"""Seconds between all that the page loads and the way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldService:
    """A service that a person had logged in to, and how it is told that the login ended."""

    label: str
    frame: str
    """What is loaded in the browser to tell it; empty when it is not told so."""
    by_notice: bool
    """Whether we tell it ourselves."""
    by_signal: bool = False
    """Whether it hears of it in a stream of signals."""

    @property
    def told(self) -> bool:
        """Whether it hears of the end at all."""
        return bool(self.frame) or self.by_notice or self.by_signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Onwards:
    """Where a person may go after they logged out."""

    label: str
    address: str


class Farewell:
    """Knows where the person of a session is logged in still, once they logged out here."""

    def __init__(self, farewells: Farewells, providers: ProviderBook) -> None:
        self._farewells = farewells
        self._providers = providers

    def __call__(self, session: Session) -> Onwards | None:
        """The login provider, in the reader's language; None where it offers no log-out."""
        address = self._farewells.address(session)
        provider = self._providers.current().enabled(session.provider)
        if address is None or provider is None:
            return None
        return Onwards(label=provider.labels.get(chosen_language(request), provider.id), address=address)


def signed_out_page(
    told: Sequence[ToldService],
    provider: Onwards | None = None,
    back: Onwards | None = None,
    *,
    refused: str = "",
    led_back: bool = False,
) -> Response:
    """The page after a log-out; the frames of services are loaded on it, and nothing else may be framed.

    `provider` is the login provider at which the person is logged in still, `back` the service that they came from;
    `refused` is why they cannot be led back to it, where they cannot. `led_back`: whether the browser goes back by
    itself, a moment after the frames have loaded (HTML, "shared declarative refresh steps"); never where the person can
    choose to leave the provider, too.
    """
    goes = back.address if back is not None and led_back and provider is None else ""
    frames = [one.frame for one in told if one.frame]
    answer = pages.show(
        "signed_out.html",
        told=[one.label for one in told if one.told],
        untold=[one.label for one in told if not one.told],
        frames=[one for one in told if one.frame],
        provider=provider,
        back=back,
        goes=bool(goes),
        refused=refused,
    )
    if goes:
        answer.headers["Refresh"] = f"{A_MOMENT}; url={goes}"
    answer.headers[pages.POLICY_HEADER] = pages.content_policy(frames=frames)
    answer.headers["Clear-Site-Data"] = '"cache"'
    if provider is not None:
        note_left(answer)
    return answer


def note_left(answer: AnyResponse) -> None:
    """Let the choice of keys, to which a provider leads back, say that its reader is logged out."""
    answer.set_cookie(LEFT_COOKIE, "yes", _FIVE_MINUTES, path=SIGN_IN_PATH, secure=True, httponly=True, samesite="Lax")
