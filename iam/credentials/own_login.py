"""A login with a key of our own, handed over to the hall like any other."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import worth
from iam.domain.login_providers import LoginProvider
from iam.domain.logins import ProvenLogin
from iam.ports import Clock, Randomness
from iam.settings import UnsafeSettings

_REMEMBERED: Final = timedelta(hours=1)


class OwnLogins:
    """Makes proven logins of what our own doors found right."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness

    def proven(
        self, provider: LoginProvider, person: str | None, vouched: Collection[Assurance], subject: str = ""
    ) -> ProvenLogin:
        """A login of just now, worth no more than how surely each of its parts was given (`vouched`).

        `subject` names who is known by no person's record yet.
        """
        now = self._clock.now()
        return ProvenLogin(
            provider=provider.id,
            key=provider.key,
            assurance=worth(provider.key, provider.highest, *vouched),
            authenticated_at=now,
            reference=self._randomness.identifier(),
            expires_at=now + _REMEMBERED,
            person=person,
            subject="" if person else subject,
        )


def check_own_provider(provider: LoginProvider, keys: Collection[LoginKey]) -> None:
    """Refuse a provider of our own keys whose configuration says what its door does not read.

    Raises:
        UnsafeSettings: naming the provider: another `key` than the door's, or `settings` or `levels`, of which it has
            none.
    """
    problems = []
    if provider.key not in keys:
        problems.append(f"key must be one of {', '.join(sorted(keys))}")
    problems += [f"settings.{name} is not known" for name in sorted(provider.settings)]
    problems += [f"levels.{name} is not known" for name in sorted(provider.levels)]
    if problems:
        raise UnsafeSettings([f"PROCURA_LOGIN_PROVIDERS: {provider.id}: {one}" for one in problems])
