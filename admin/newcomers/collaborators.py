"""What the pages for newcomers work with."""

from __future__ import annotations

from dataclasses import dataclass

from iam.services.entry_proposals import EntryProposals
from iam.services.foreign_enterprises import ForeignEnterprises
from iam.services.foreign_representations import ForeignRepresentations
from iam.services.identity_registrations import IdentityRegistrations
from iam.services.invitations import Invitations
from iam.services.visits import Visits
from iam.web.browser_hall import BrowserHall


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerParts:
    """The services behind the pages."""

    hall: BrowserHall
    visits: Visits
    registrations: IdentityRegistrations
    foreign_enterprises: ForeignEnterprises
    invitations: Invitations
    said: ForeignRepresentations
    entry_proposals: EntryProposals
