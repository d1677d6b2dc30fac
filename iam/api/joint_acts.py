"""Joint acts at the door: what waits for other people, and the answer 202 to whoever began it."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, listed
from iam.api.vocabulary import PREFIX, At, Cbe, RepresentingOnly, Shown
from iam.domain.appointments import JointAct
from iam.domain.instants import format_instant
from iam.services.joint_act_views import JointActView, JointActViews
from iam.web.markers import requires
from iam.web.paging import Page
from iam.web.routes import Answer, Api

_TOLD = (
    "mandate",
    "version",
    "content_hash",
    "service",
    "tie",
    "end_everything_given",
    "enterprise",
    "capacity",
    "reason",
)
"""What is told of a joint act's content: all but the people in it."""


class JointActShown(Shown):
    """An act that waits until enough distinct people validated the same content, by doing the same act."""

    id: str
    kind: str
    enterprise: str
    content: Annotated[dict[str, str], Field(description="What will be done; people are left out.")]
    content_hash: Annotated[str, Field(description="Binds every validation to this content, people included.")]
    required: int
    validated: Annotated[int, Field(description="How many people validated it whose validation counts now.")]
    awaited: Annotated[int, Field(description="How many people must still validate.")]
    validated_by_you: bool
    started_at: At


class Waiting(Shown):
    """Nothing is done yet: other people must validate the same content by the same act."""

    joint_act: JointActShown


class JointActQuery(ListingQuery):
    """Filters of the listing."""

    acting_as: Annotated[RepresentingOnly | None, Field(alias="as")] = None


def joint_acts_api(parts: Collaborators) -> Api:
    """What waits for other people."""
    api = Api("Joint acts", prefix=PREFIX, about="Acts that wait until enough people validated the same content.")
    views = JointActViews(parts.readings, parts.judge)

    @api.get(
        "/enterprises/<enterprise>/joint-acts",
        summary="List the acts that wait for other people",
        query=JointActQuery,
        answers={200: Page[JointActShown]},
        refusals=(503,),
    )
    @requires(Person())
    def list_joint_acts(caller: PersonCall, enterprise: Cbe, query: JointActQuery) -> Page[JointActShown]:
        """As legal representative: those of the enterprise. As officer of the administration: those of its office."""
        actor, representation = parts.acting.consulting(caller, enterprise, representing=query.acting_as is not None)
        part = query.part(parts.once.revision, lambda key: key.replace("|", "/"))
        found = views.waiting(actor, part, representation=representation)
        return listed(Page[JointActShown], found, shown, lambda key: key.replace("/", "|"))

    return api


def shown(view: JointActView) -> JointActShown:
    """A joint act as the API shows it."""
    act = view.act
    content = json.loads(act.content)
    return JointActShown(
        id=act.id,
        kind=act.kind,
        enterprise=act.enterprise,
        content={name: str(content[name]) for name in _TOLD if name in content},
        content_hash=act.content_hash,
        required=act.required,
        validated=len(set(act.validated_by)),
        awaited=view.awaited,
        validated_by_you=view.validated_by_you,
        started_at=format_instant(act.started_at),
    )


def seen_by(caller: PersonCall, act: JointAct) -> JointActShown:
    """A joint act as it stands after the caller validated it."""
    return shown(JointActView.of(act, caller.person))


def waiting(caller: PersonCall, act: JointAct) -> Answer:
    """The answer 202 to an act that waits for others."""
    return Answer(Waiting(joint_act=seen_by(caller, act)), status=202)
