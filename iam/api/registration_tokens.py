"""Tokens at the door by which software registers itself: given by a channel manager, for one client each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.vocabulary import PREFIX, At, Cbe, Shown
from iam.domain.client_registrations import TOKEN_LIFE, RegistrationToken
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from iam.web.markers import requires
from iam.web.models import Identifier, Input, Instant
from iam.web.routes import Answer, Api

_TOKENS = "/enterprises/<enterprise>/registration-tokens"


class TokenInput(Input):
    """What one client may be registered as."""

    capacity: Capacity
    until: Annotated[Instant | None, Field(description="When the client is to end.")] = None


class VoidInput(Input):
    """Nothing more is said."""


class TokenGiven(Shown):
    """A token, shown this once."""

    id: str
    initial_access_token: str
    registration_endpoint: str
    good_for: Annotated[int, Field(description="Seconds.")]


class TokenShown(Shown):
    """A token that is still good; the token itself is kept by nobody but who was given it."""

    id: str
    capacity: Capacity
    given_by: Annotated[str, Field(description="The appointment of the channel manager.")]
    until: At


class TokensShown(Shown):
    """The tokens of an enterprise."""

    items: list[TokenShown]


def registration_tokens_api(parts: Collaborators) -> Api:
    """Tokens for registration."""
    api = Api("Registration tokens", prefix=PREFIX, about="Tokens by which software registers itself (RFC 7591).")
    where = f"{parts.base_url}/oauth2/register"

    @api.get(_TOKENS, summary="List registration tokens", answers={200: TokensShown})
    @requires(Person("channels"))
    def list_registration_tokens(caller: PersonCall, enterprise: Cbe) -> TokensShown:
        """Those that are still good, in the capacity acted in."""
        found = parts.registration_tokens.listed(parts.acting.insider(caller, enterprise))
        return TokensShown(items=[_shown(one) for one in found])

    @api.post(_TOKENS, summary="Give a registration token", body=TokenInput, answers={201: TokenGiven})
    @requires(Person("channels"))
    def give_registration_token(caller: PersonCall, enterprise: Cbe, body: TokenInput) -> Answer:
        """Good for one technical client, for two weeks, while who gave it stands; it cannot be told twice."""
        actor = parts.acting.insider(caller, enterprise)
        name, secret = parts.registration_tokens.issue(actor, body.capacity, body.until)
        life = int(TOKEN_LIFE.total_seconds())
        given = TokenGiven(id=name, initial_access_token=secret, registration_endpoint=where, good_for=life)
        return Answer(given, location=f"{PREFIX}/enterprises/{actor.enterprise}/registration-tokens")

    @api.post(
        f"{_TOKENS}/<token>/void",
        summary="Void a registration token",
        body=VoidInput,
        answers={204: None},
        idempotent=True,
    )
    @requires(Person("channels"))
    def void_registration_token(caller: PersonCall, enterprise: Cbe, token: Identifier, body: VoidInput) -> None:
        """Software can no longer be registered by it; what was registered stays."""
        parts.registration_tokens.void(parts.acting.insider(caller, enterprise), token)

    return api


def _shown(one: RegistrationToken) -> TokenShown:
    return TokenShown(id=one.id, capacity=one.capacity, given_by=one.given_by, until=format_instant(one.expires_at))
