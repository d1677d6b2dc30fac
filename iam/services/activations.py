"""Services that a legal representative switches on for the enterprise, such as its e-Box."""

from __future__ import annotations

from iam.domain.actors import Actor
from iam.domain.applications import ACTIVATE
from iam.domain.appointments import JointAct
from iam.domain.enterprises import Activation
from iam.domain.errors import Conflict, InvalidInput
from iam.domain.periods import Period
from iam.ports import Archive, Library
from iam.services.acting import record
from iam.services.authorization import Authorization
from iam.services.representation import Representation, Representations


class Activations:
    """Switching services on."""

    def __init__(
        self, archive: Archive, judge: Authorization, library: Library, representations: Representations
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._representations = representations

    def switch_on(self, actor: Actor, representation: Representation, service: str) -> Activation | JointAct:
        """Activate a service such as the e-Box, as legal representative.

        Returns:
            The activation, or the joint act that waits for other representatives where signing power is joint.

        Raises:
            StepUpRequired, Forbidden: as judged for the service's action `activate`.
            InvalidInput: `unknown_service` for a service that is not switched on. Conflict: `record_exists`.
        """
        catalogue = self._library.current().catalogue
        if service not in catalogue.services or not catalogue.services[service].activatable:
            raise InvalidInput("unknown_service", "This is no service that is switched on.", field="service")
        with self._archive.writing() as uow:
            self._judge.require(actor, service, ACTIVATE, representative=True)
            key = f"{actor.enterprise}/{service}"
            if uow.get(Activation, key) is not None:
                raise Conflict("record_exists", "The service is switched on already.")
            self._representations.enter(uow, actor, representation)
            act = self._representations.sign(uow, actor, representation, f"activate_{service}", {"service": service})
            done: Activation | JointAct = act
            if act.complete():
                done = Activation(id=key, enterprise=actor.enterprise, service=service, valid=Period(uow.now))
                uow.put(done)
                record(uow, actor, "service_activated", enterprise=actor.enterprise, service=service)
                uow.announce("service_activated", {"enterprise": actor.enterprise, "service": service})
            uow.commit()
            return done
