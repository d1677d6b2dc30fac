"""Levels: which names of levels are asked for, and which may come back."""

from __future__ import annotations

from collections.abc import Mapping

from iam.domain.assurance import Assurance
from iam.domain.login_providers import LoginProvider
from saml.refusals import SamlRefused

_NOT_NOTIFIED = "/NotNotified/"


def admitted(provider: LoginProvider, *, notified: bool = True) -> Mapping[str, Assurance]:
    """The names that may come back with their worth: those of schemes that were notified to the Commission, or not."""
    found = {name: provider.level_of(name) for name in provider.levels if (_NOT_NOTIFIED in name) is not notified}
    return {name: level for name, level in found.items() if level is not None}


def asked_for(levels: Mapping[str, Assurance], minimum: Assurance, *, ordered: bool) -> tuple[str, ...]:
    """The names to ask for: the lowest that does, where the other side knows their order; else every one that does.

    Raises:
        SamlRefused: `level_not_configured` when none reaches the minimum.
    """
    enough = sorted((level, name) for name, level in levels.items() if level >= minimum)
    if not enough:
        raise SamlRefused("level_not_configured")
    return (enough[0][1],) if ordered else tuple(name for _, name in enough)
