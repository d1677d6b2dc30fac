"""The help desk: who people and enterprises are where no register says it by itself, connected to what it needs."""

from __future__ import annotations

from functools import cached_property

from iam.outside.guarded_web import GuardedWeb
from iam.outside.mail import SmtpMail
from iam.outside.password_hashing import Argon2Hashing
from iam.outside.post_office import PostOffice
from iam.outside.sms import SmsGateway
from iam.ports import Archive, Clock, Randomness, Seal
from iam.services.activation_codes import ActivationCodes
from iam.services.authorization import Authorization
from iam.services.designations import Designations
from iam.services.entry_proposals import EntryProposals
from iam.services.expiring_keys import ExpiryWarnings
from iam.services.foreign_enterprises import ForeignEnterprises
from iam.services.foreign_representations import ForeignRepresentations
from iam.services.identity_decisions import IdentityDecisions
from iam.services.identity_registrations import IdentityRegistrations
from iam.services.invitations import Invitations
from iam.services.joint_acts import JointActs
from iam.services.letter_texts import LetterWriter
from iam.services.letters import Letters
from iam.services.one_time_codes import OneTimeCodes
from iam.services.passwords import Passwords
from iam.services.people import People
from iam.services.readings import Readings
from iam.services.representation import Representations
from iam.services.slowed_tries import SlowedTries
from iam.settings import Settings


class HelpDesk:
    """Identities, invitations, foreign enterprises and the messages about them, each made once when first asked for."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        archive: Archive,
        judge: Authorization,
        randomness: Randomness,
        sealer: Seal,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._sealer = sealer

    @cached_property
    def letters(self) -> Letters:
        """Messages to people, which go once the change is durable."""
        return Letters(self._archive, self._clock, self._sealer, self._randomness)

    @cached_property
    def post_office(self) -> PostOffice:
        """By which ways messages go. UnsafeAddress for a way that is none."""
        settings = self._settings
        mail = SmtpMail(settings.smtp_url, settings.mail_from) if settings.smtp_url else None
        web = GuardedWeb(public_only=not settings.sandbox)
        sms = SmsGateway(web, settings.sms_gateway, settings.sms_token) if settings.sms_gateway else None
        return PostOffice(mail, sms)

    @cached_property
    def tries(self) -> SlowedTries:
        """Guesses at secrets, slowed."""
        return SlowedTries(self._archive, self._randomness)

    @cached_property
    def passwords(self) -> Passwords:
        """User names with passwords."""
        return Passwords(self._archive, self._clock, Argon2Hashing(), self._randomness, self.tries)

    @cached_property
    def one_time_codes(self) -> OneTimeCodes:
        """Codes that are good once."""
        return OneTimeCodes(self._archive, self._clock, self._sealer, self._randomness)

    @cached_property
    def activation_codes(self) -> ActivationCodes:
        """First keys of people without another one."""
        return ActivationCodes(
            self._archive,
            self._judge,
            self._clock,
            self._randomness,
            self.letters,
            self.passwords,
            self.one_time_codes,
            self._settings.administration,
        )

    @cached_property
    def people(self) -> People:
        """Corrections of identity."""
        return People(self._archive, self._judge, JointActs(self._randomness))

    def designations(self, representations: Representations) -> Designations:
        """Principal access managers without Belgian number."""
        return Designations(self._archive, self._judge, self._randomness, representations, self.passwords, self._writer)

    @cached_property
    def invitations(self) -> Invitations:
        """Who is not known yet."""
        return Invitations(self._archive, self._judge, self._randomness)

    @cached_property
    def registrations(self) -> IdentityRegistrations:
        """First logins of foreign identities."""
        return IdentityRegistrations(self._archive, self._settings.administration)

    @cached_property
    def identities(self) -> IdentityDecisions:
        """What officers decide about foreign identities."""
        readings = Readings(self._archive, self._clock)
        return IdentityDecisions(self._archive, self._judge, self._randomness, readings, self._writer)

    @cached_property
    def foreign_enterprises(self) -> ForeignEnterprises:
        """Numbers and digital keys for enterprises of other countries."""
        return ForeignEnterprises(self._archive, self._judge, self._randomness, self.passwords, self._writer)

    @cached_property
    def representations_said(self) -> ForeignRepresentations:
        """For which foreign companies people logged in."""
        return ForeignRepresentations(Readings(self._archive, self._clock), self._judge)

    @cached_property
    def entry_proposals(self) -> EntryProposals:
        """What such people propose to enterprises here."""
        readings = Readings(self._archive, self._clock)
        return EntryProposals(self._archive, self._judge, self._randomness, readings)

    @cached_property
    def expiry_warnings(self) -> ExpiryWarnings:
        """What of software ends soon."""
        return ExpiryWarnings(self._archive, self._clock, self.letters, self._settings.issuer)

    @property
    def _writer(self) -> LetterWriter:
        return LetterWriter(self.letters, self._settings.issuer)
