"""Farewells: where a person ends the session that a provider keeps of them, when they end ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.sessions import Session
from iam.ports import ProviderBook, Seal
from iam.services.sign_in import LOGOUT_HINT

Way = Callable[[LoginProvider, str], str | None]
"""From a provider and the hint that it wants to the address that ends its session; None where it has none."""


class Farewells:
    """Knows the way to each kind of provider that ends sessions."""

    def __init__(self, providers: ProviderBook, seal: Seal, ways: Mapping[ProviderKind, Way]) -> None:
        self._providers = providers
        self._seal = seal
        self._ways = ways

    def address(self, session: Session) -> str | None:
        """Where the browser goes to log out at the provider of a session; None where that offers nothing."""
        provider = self._providers.current().enabled(session.provider)
        way = self._ways.get(provider.kind) if provider is not None else None
        if provider is None or way is None:
            return None
        return way(provider, opened_hint(session, self._seal))


def opened_hint(session: Session, seal: Seal) -> str:
    """What is shown at the provider of a session to end its own; empty where nothing was kept."""
    sealed = session.logout_hint
    return seal.unseal(LOGOUT_HINT, bytes.fromhex(sealed)).decode() if sealed else ""
