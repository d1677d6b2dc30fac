"""Activations at the door: a legal representative switches a service on for the enterprise."""

from __future__ import annotations

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.enterprises import ActivationShown, activation_shown
from iam.api.joint_acts import Waiting, waiting
from iam.api.vocabulary import PREFIX, Cbe, Code
from iam.domain.appointments import JointAct
from iam.web.markers import requires
from iam.web.models import Input
from iam.web.routes import Answer, Api


class ActivationInput(Input):
    """The service that is to be switched on."""

    service: Code


def activations_api(parts: Collaborators) -> Api:
    """Switching services on."""
    api = Api("Activations", prefix=PREFIX, about="Services that a legal representative switches on.")

    @api.post(
        "/enterprises/<enterprise>/activations",
        summary="Switch a service on as legal representative",
        body=ActivationInput,
        answers={201: ActivationShown, 202: Waiting},
        refusals=(503,),
        idempotent=True,
    )
    @requires(Person("ebox"))
    def activate_service(caller: PersonCall, enterprise: Cbe, body: ActivationInput) -> Answer:
        """Such as the e-Box. Where signing power is joint, the act waits for other representatives."""
        actor, representation = parts.acting.representative(caller, enterprise)
        done = parts.activations.switch_on(actor, representation, body.service)
        if isinstance(done, JointAct):
            return waiting(caller, done)
        return Answer(activation_shown(done), status=201, location=f"{PREFIX}/enterprises/{done.enterprise}")

    return api
