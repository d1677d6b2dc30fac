"""Activation codes at the door: an officer who saw a person's document lets them have a first key of our own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.office import OFFICE, officer
from iam.api.vocabulary import PREFIX, Email, NissText, Shown
from iam.domain.assurance import Assurance
from iam.services.activation_codes import Registration, letter_at
from iam.web.markers import requires
from iam.web.models import Input
from iam.web.routes import Answer, Api

PATH = "/activation"
"""Where the page is to which the e-mailed link leads."""


class ActivationInput(Input):
    """A person whom an officer identified, and how to reach them."""

    niss: NissText
    email: Email
    language: Literal["nl", "fr", "de", "en"] = "nl"
    assurance: Annotated[
        Literal["low", "substantial"],
        Field(description="How surely the person is known: substantial after their identity document was checked."),
    ] = "substantial"
    simplified: Annotated[
        bool, Field(description="A simplified access: the link is good for 72 hours, the key reaches low.")
    ] = False


class ActivationShown(Shown):
    """The paper code, told once: to be handed over, not sent."""

    code: str


def activation_codes_api(parts: Collaborators) -> Api:
    """First keys; one officer is enough, whose place must still stand when the code is used."""
    api = Api("Activation codes", prefix=PREFIX, about="First keys of people without another one.")

    @api.post(
        "/office/activation-codes",
        summary="Let a person have a first key",
        body=ActivationInput,
        answers={201: ActivationShown},
    )
    @requires(Person(OFFICE))
    def give_activation_code(caller: PersonCall, body: ActivationInput) -> Answer:
        """The link goes by e-mail and is good for two weeks; what was given before for this number is void."""
        order = Registration(
            niss=body.niss,
            email=body.email,
            vouched=Assurance.parse(body.assurance),
            simplified=body.simplified,
        )
        letter = letter_at(f"{parts.base_url}{PATH}", body.language)
        return Answer(ActivationShown(code=parts.activation_codes.issue(officer(parts, caller), order, letter)))

    return api
