"""People who log in: sessions, visits and what becomes of a login, by providers that can be switched off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.domain.logins import Circumstances, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.sessions import Session, SessionRules
from iam.outside.sealing import Sealer
from iam.services.contexts import Contexts
from iam.services.farewells import Farewells
from iam.services.identity_matching import IdentityMatching
from iam.services.login_history import LoginHistory
from iam.services.mandator_choice import MandatorChoice
from iam.services.sessions import Held, Sessions
from iam.services.sign_in import SignIn
from iam.services.visits import Visits
from tests.services.worlds import World

HERE = Circumstances(device="Firefox, Linux", country="BE", service="dimona")
RULES = SessionRules(idle=timedelta(minutes=30), longest=timedelta(hours=10))
LABELS = {"nl": "Sleutel", "fr": "Clé", "de": "Schlüssel", "en": "Key"}


def provider(name: str, key: LoginKey = LoginKey.ITSME, **changed: Any) -> LoginProvider:
    """A provider that is switched on and believed up to high."""
    plain = LoginProvider(
        id=name, kind=ProviderKind.OIDC, key=key, enabled=True, highest=Assurance.HIGH, levels={}, labels=LABELS
    )
    return replace(plain, **changed)


class ChangingBook:
    """A configuration that changes while the service runs."""

    def __init__(self, *providers: LoginProvider) -> None:
        self.providers = {one.id: one for one in providers}

    def current(self) -> LoginProviders:
        return LoginProviders(self.providers)

    def switch(self, name: str, **changed: Any) -> None:
        self.providers[name] = replace(self.providers[name], **changed)


class Gate:
    """The gate through which everybody comes in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = ChangingBook(
            provider("itsme"),
            provider("card", LoginKey.EID, kind=ProviderKind.WEB_EID),
            provider("password", LoginKey.PASSWORD, kind=ProviderKind.PASSWORD, highest=Assurance.LOW),
        )
        self.restart()

    def restart(self) -> None:
        """Make every use-case anew on the same archive, as another process or a later one has it."""
        archive, clock, randomness = self.world.archive, self.world.clock, self.world.randomness
        sealer = Sealer(bytes(range(32)))
        self.sessions = Sessions(archive, clock, randomness, self.book, RULES)
        self.visits = Visits(archive, clock, randomness)
        self.sign_in = SignIn(archive, randomness, self.sessions, self.book, IdentityMatching(), sealer)
        self.history = LoginHistory(archive, clock)
        mandators = MandatorChoice(archive, self.world.judge, self.world.library, clock)
        self.contexts = Contexts(archive, clock, self.world.representations, mandators)
        self.farewells = Farewells(
            self.book, sealer, {ProviderKind.OIDC: lambda one, hint: f"https://{one.id}.example/end?hint={hint}"}
        )

    def proven(self, niss: Niss, name: str = "itsme", **changed: Any) -> ProvenLogin:
        """A login that a door proved just now."""
        now = self.world.clock.at
        plain = ProvenLogin(
            provider=name,
            key=self.book.providers[name].key,
            assurance=self.book.providers[name].highest,
            authenticated_at=now,
            reference=self.world.randomness.identifier(),
            expires_at=now + timedelta(minutes=10),
            niss=niss,
        )
        return replace(plain, **changed)

    def login(self, niss: Niss, name: str = "itsme", before: Session | None = None, **changed: Any) -> Held:
        """Log a person in."""
        held = self.sign_in.enter(self.proven(niss, name, **changed), HERE, before)
        assert isinstance(held, Held)
        return held

    def acts(self) -> list[str]:
        """What the audit trail tells, in order."""
        return [one.leaf.act for one in self.world.archive.leaves()]
