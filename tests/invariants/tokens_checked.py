"""I15: a token never says more than the decisions that it rests on, nor for longer, at issue and when asked anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from iam.domain.clients import Client
from iam.domain.errors import Refusal
from iam.domain.periods import local_date
from iam.domain.tokens import IssuedToken
from tests.invariants.genesis import Story
from tests.reference.country import Delegated, Software, lasts
from tests.reference.decisions import Asked, allowed, holds
from tests.reference.services_in_words import SERVICES

MICROSECOND = timedelta(microseconds=1)


def check_token(story: Story, token: IssuedToken) -> None:
    """Every scope is permitted at issue, and still would be just before the token expires."""
    assert story.now < token.expires_at <= story.now + timedelta(seconds=300)
    for at in (story.now, token.expires_at - MICROSECOND):
        assert worth(story, token, max(at, story.now)), f"a token beyond its decisions at {at}: {token}"


def check_introspection(story: Story, asker: Client, token: IssuedToken) -> None:
    """Introspection says what decision and revocation say now."""
    standing = story.introspect(story.proof(asker), token)
    if isinstance(standing, Refusal):
        assert not _usable(story, asker.id), f"refused to be asked by {asker}: {standing}"
        return
    relies = asker.kind == "declaration_service" and token.service in asker.services and _usable(story, asker.id)
    present = next(one for one in story.all(IssuedToken) if one.jti == token.jti)
    lives = present.revoked_at is None and story.now < token.expires_at
    expected = relies and lives and _permitted(story, asker) and worth(story, token, story.now)
    assert (standing is not None) == expected, f"introspected {token} by {asker.id}: {standing}"


def _usable(story: Story, client: str) -> bool:
    one = story.ledger.known().get(client)
    return isinstance(one, Software) and lasts(one, story.now)


def _permitted(story: Story, asker: Client) -> bool:
    """Whether the asker's own enterprise stands, in the capacity of its registration."""
    return holds(story.ledger.known(), asker.enterprise, asker.capacity.value, story.now)


def worth(story: Story, token: IssuedToken, at: datetime) -> bool:
    """Whether every scope is permitted at an instant, with what only an act can tell assumed."""
    return all(_permits(story, token, *act_of(scope), at) for scope in token.scopes)


def _permits(story: Story, token: IssuedToken, service: str, action: str, at: datetime) -> bool:
    concerned, day = token.mandator or token.enterprise, local_date(at)
    spans = {"requested": (day, day), "dimona": ((day, day),), "declared_on": day}
    sent = {"main_contractor": concerned, "client": concerned, "subcontractors": {concerned}, **spans}
    known = story.ledger.known()
    delegated = [one.last for _, one in known.lasting(Delegated, at) if one.receiver == token.enterprise]
    followed = [code for code, one in SERVICES.items() if one.groups] if service == "followit" else [service]
    asked = Asked(None, token.client, token.enterprise, token.capacity.value, service, action, concerned, sent=sent)
    return any(
        allowed(known, asked._replace(quarter=quarter, sent={**sent, "service": code}), at)
        for quarter in (None, *delegated)
        for code in followed
    )


def act_of(scope: str) -> tuple[str, str]:
    """The service and the action that a scope names."""
    _, service, _, action = scope.split(":")
    return service, action
