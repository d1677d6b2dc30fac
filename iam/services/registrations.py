"""Registration: an enterprise becomes a tenant by the act of its legal representative."""

from __future__ import annotations

from iam.domain.actors import Actor
from iam.domain.enterprises import Enterprise
from iam.services.authorization import Authorization
from iam.services.representation import Representation, Representations


class Registrations:
    """Lets enterprises enter."""

    def __init__(self, judge: Authorization, representations: Representations) -> None:
        self._judge = judge
        self._representations = representations

    def register(self, actor: Actor, representation: Representation) -> Enterprise:
        """Let the enterprise enter, with the login that every act of a legal representative asks.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_managers designate`. Conflict: `enterprise_exists`.
        """
        self._judge.require(actor, "access_managers", "designate", representative=True)
        return self._representations.register_enterprise(actor, representation)
