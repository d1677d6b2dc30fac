"""For whom a person acts: as one who belongs to the enterprise, or as its legal representative."""

from __future__ import annotations

from iam.api.callers import Call, PersonCall
from iam.domain.actors import Actor, Reader
from iam.domain.identifiers import CbeNumber
from iam.services.idempotency import OnceArchive
from iam.services.insiders import Insiders
from iam.services.representation import Representation, Representations


class ActingFor:
    """Makes actors of callers, each for the enterprise that the request names."""

    def __init__(self, once: OnceArchive, insiders: Insiders, representations: Representations) -> None:
        self._once = once
        self._insiders = insiders
        self._representations = representations

    def insider(self, call: PersonCall, enterprise: CbeNumber) -> Actor:
        """Who acts for an enterprise in which they have, or had, a place.

        Raises:
            NotFound: `not_found` for everybody else, whether the enterprise is known here or not.
        """
        actor = call.actor(enterprise.value)
        self._insiders.check(actor)
        return actor

    def reader(self, call: Call, enterprise: CbeNumber) -> Reader:
        """A person as `insider`, or software of that enterprise. Raises NotFound (`not_found`)."""
        return self.insider(call, enterprise) if isinstance(call, PersonCall) else call.reader(enterprise.value)

    def representative(self, call: PersonCall, enterprise: CbeNumber) -> tuple[Actor, Representation]:
        """Who acts as legal representative, with the register's confirmation of just now.

        That the register lists the person not, or says that the enterprise ceased, is recorded though the act is
        refused.

        Raises:
            Unavailable: `register_unavailable`. NotFound: `unknown_enterprise`.
            Forbidden: `not_legal_representative`, `enterprise_ceased`.
        """
        actor = call.actor(enterprise.value)
        with self._once.apart():
            return actor, self._representations.confirm(actor)

    def either(
        self, call: PersonCall, enterprise: CbeNumber, *, representing: bool
    ) -> tuple[Actor, Representation | None]:
        """Who acts as legal representative where that is said, else as `insider`. Raises as those."""
        return self.representative(call, enterprise) if representing else (self.insider(call, enterprise), None)

    def consulting(
        self, call: PersonCall, enterprise: CbeNumber, *, representing: bool
    ) -> tuple[Actor, Representation | None]:
        """Who only reads, as `either`; what the register answered is recorded all the same."""
        actor, representation = self.either(call, enterprise, representing=representing)
        if representation is not None:
            self._representations.note(actor, representation)
        return actor, representation
