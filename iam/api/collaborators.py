"""Collaborators: everything of the house that the administration API works with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from iam.api.acting_for import ActingFor
from iam.api.callers import Call, Login, VerifyBearer
from iam.domain.mandate_terms import ProposalRules
from iam.ports import Clock, Library, Randomness
from iam.services.activation_codes import ActivationCodes
from iam.services.activations import Activations
from iam.services.appointments import Appointments
from iam.services.authorization import Authorization
from iam.services.clients import Clients
from iam.services.delegations import Delegations
from iam.services.designations import Designations
from iam.services.entry_proposals import EntryProposals
from iam.services.foreign_enterprises import ForeignEnterprises
from iam.services.grants import Grants
from iam.services.idempotency import OnceArchive
from iam.services.identity_decisions import IdentityDecisions
from iam.services.insiders import Insiders
from iam.services.invitations import Invitations
from iam.services.mandate_documents import MandateDocuments
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from iam.services.people import People
from iam.services.portfolios import Portfolios
from iam.services.readings import Readings
from iam.services.recognitions import Recognitions
from iam.services.registration_tokens import RegistrationTokens
from iam.services.representation import Representations
from iam.services.subjects import Subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborators:
    """What the composition root passes; every use-case works on the same `once`."""

    once: OnceArchive
    judge: Authorization
    library: Library
    clock: Clock
    randomness: Randomness
    subjects: Subjects
    verify_bearer: VerifyBearer
    login: Login
    representations: Representations
    appointments: Appointments
    designations: Designations
    invitations: Invitations
    grants: Grants
    portfolios: Portfolios
    recognitions: Recognitions
    activations: Activations
    clients: Clients
    registration_tokens: RegistrationTokens
    mandates: Mandates
    proposals: MandateProposals
    paper: MandatePaper
    take_over: MandateTakeOver
    delegations: Delegations
    people: People
    activation_codes: ActivationCodes
    identities: IdentityDecisions
    foreign_enterprises: ForeignEnterprises
    entry_proposals: EntryProposals
    rules: ProposalRules
    administration: str
    """CBE number of the administration, whose officers act at the office."""
    keys_current: Callable[[], bool]
    """Whether there are keys that sign now; it may raise."""
    base_url: str
    """Our public base URL, without a slash at the end."""
    hosts: Collection[str]
    """The hosts that we answer for, `name` or `name:port`."""
    version: str
    """Of the service, for its description."""

    @property
    def readings(self) -> Readings:
        """Opens the archive for those who read."""
        return Readings(self.once, self.clock)

    @property
    def documents(self) -> MandateDocuments:
        """Reads the documents on which mandates rest."""
        return MandateDocuments(self.readings)

    @property
    def acting(self) -> ActingFor:
        """Makes actors of callers."""
        return ActingFor(self.once, Insiders(self.once), self.representations)

    def sub(self, call: Call, person: str | None) -> str | None:
        """The name of a person for the sector of the calling client."""
        return self.subjects.sub_for(person, call.client.sector) if person else None

    def person(self, call: Call, sub: str | None) -> str | None:
        """The person behind such a name; one that names nobody finds nothing. None for None."""
        return None if sub is None else self.subjects.person_of(sub, call.client.sector) or ""
