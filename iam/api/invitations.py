"""Invitations at the door: accepting one, by whoever logged in and holds the code."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.appointments import path_of
from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.vocabulary import PREFIX, At, Secret, Shown, told
from iam.domain.appointments import Role
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from iam.web.markers import requires
from iam.web.models import Input
from iam.web.routes import Answer, Api


class AcceptanceInput(Input):
    """The code of an invitation."""

    code: Secret


class AcceptanceShown(Shown):
    """What the person has become by accepting."""

    appointment: str
    enterprise: str
    role: Role
    capacity: Capacity | None
    since: Annotated[At, Field(alias="from")]
    until: At | None


def invitations_api(parts: Collaborators) -> Api:
    """Accepting invitations."""
    api = Api("Invitations", prefix=PREFIX, about="Invitations of users whose identity a login proves.")

    @api.post(
        "/invitations/acceptances",
        summary="Accept an invitation",
        body=AcceptanceInput,
        answers={201: AcceptanceShown},
        refusals=(410,),
        idempotent=True,
    )
    @requires(Person("access_management"))
    def accept_invitation(caller: PersonCall, body: AcceptanceInput) -> Answer:
        """Binds the invited appointment to the person who logged in, once; all unusable codes look the same."""
        accepted = parts.invitations.accept(caller.authentication, body.code, caller.client.id)
        shown = AcceptanceShown(
            appointment=accepted.id,
            enterprise=accepted.enterprise,
            role=accepted.role,
            capacity=accepted.capacity,
            since=format_instant(accepted.valid.start),
            until=told(accepted.valid.end),
        )
        return Answer(shown, location=path_of(accepted.enterprise, accepted.id))

    return api
