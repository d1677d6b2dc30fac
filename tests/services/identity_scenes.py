"""People with keys of other countries: the use-cases of foreign identities and enterprises on one archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from iam.credentials.own_login import OwnLogins
from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.foreign_identities import ForeignIdentity
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.domain.logins import Circumstances, PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.sessions import Session, SessionRules
from iam.services.designations import Designations
from iam.services.entry_proposals import EntryProposals
from iam.services.foreign_enterprises import ForeignEnterprises, NewRequest
from iam.services.foreign_representations import ForeignRepresentations
from iam.services.identity_decisions import IdentityDecisions
from iam.services.identity_matching import IdentityMatching
from iam.services.identity_registrations import IdentityRegistrations, RegistrationRequest
from iam.services.invitations import Invitations
from iam.services.letter_texts import LetterWriter
from iam.services.readings import Readings
from iam.services.sessions import Sessions
from iam.services.sign_in import SignIn, Unknown
from tests.services.credential_scenes import ADMINISTRATION, HOME, SEALER, SECRET_WORDS, Keys, OneBook
from tests.services.worlds import World

BORN = date(1985, 7, 30)
MARIA = PersonalData(family_name="Silva", given_name="Maria", born=BORN)
HERE = Circumstances(device="Firefox, Linux", country="PT")
PROVIDERS = (
    ("eidas", ProviderKind.EIDAS, LoginKey.EIDAS),
    ("other-node", ProviderKind.EIDAS, LoginKey.EIDAS),
    ("itsme", ProviderKind.OIDC, LoginKey.ITSME),
    ("card", ProviderKind.WEB_EID, LoginKey.EID),
    ("password", ProviderKind.PASSWORD, LoginKey.PASSWORD),
)
DACHBAU = NewRequest(
    name="Dachbau Müller GmbH",
    country="DE",
    registered_as="HRB 12345",
    address="Hauptstraße 1, Aachen",
    purpose="Works in Eupen",
    contact_name="Jana Müller",
    email="jana@example.org",
    phone="+49241000000",
    language="de",
)


class Border:
    """Where people come in with what other countries say of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        archive, clock, randomness = world.archive, world.clock, world.randomness
        known = {
            name: LoginProvider(id=name, kind=kind, key=key, enabled=True, highest=Assurance.HIGH, levels={}, labels={})
            for name, kind, key in PROVIDERS
        }
        self.book = book = OneBook(LoginProviders(known))
        self.keys = Keys(world)
        self.sessions = Sessions(archive, clock, randomness, book, SessionRules())
        self.sign_in = SignIn(archive, randomness, self.sessions, book, IdentityMatching(), SEALER)
        self.registrations = IdentityRegistrations(archive, ADMINISTRATION)
        readings = Readings(archive, clock)
        writer = LetterWriter(self.keys.letters, "https://procura.example")
        self.decisions = IdentityDecisions(archive, world.judge, randomness, readings, writer)
        self.designations = Designations(
            archive, world.judge, randomness, world.representations, self.keys.passwords, writer
        )
        self.enterprises = ForeignEnterprises(archive, world.judge, randomness, self.keys.passwords, writer)
        self.entry_proposals = EntryProposals(archive, world.judge, randomness, readings)
        self.said = ForeignRepresentations(readings, world.judge)
        self.invitations = Invitations(archive, world.judge, randomness)

    def foreign(self, subject: str = "PT/BE/1", **changed: Any) -> ProvenLogin:
        """A login with a key of another country, by whom that country calls so."""
        now = self.world.clock.at
        plain = ProvenLogin(
            provider="eidas",
            key=LoginKey.EIDAS,
            assurance=Assurance.HIGH,
            authenticated_at=now,
            reference=self.world.randomness.identifier(),
            expires_at=now + timedelta(minutes=10),
            subject=subject,
            issued_in="PT",
            personal=MARIA,
        )
        return replace(plain, **changed)

    def belgian(self, niss: Niss, provider: str = "itsme", **changed: Any) -> Session:
        """The session of a login that proves a Belgian number."""
        key = next(key for name, _, key in PROVIDERS if name == provider)
        proven = self.foreign(provider=provider, key=key, niss=niss, subject="", personal=None, issued_in="BE")
        return self.entered(replace(proven, **changed))

    def entered(self, proven: ProvenLogin) -> Session:
        """The session that a login begins, which recognises somebody."""
        held = self.sign_in.enter(proven, HERE)
        assert not isinstance(held, Unknown)
        return held.session

    def by_password(self, user_name: str, password: str) -> ProvenLogin:
        """What the door of passwords proves of who knows both; a provisional password is changed first."""
        found = self.keys.passwords.check(user_name, password, HOME)
        self.keys.passwords.accepted(found, password, HOME)
        if found.provisional:
            found = self.keys.passwords.replace_provisional(found, SECRET_WORDS)
        logins = OwnLogins(self.world.clock, self.world.randomness)
        (provider,) = self.book.current().of_kind(ProviderKind.PASSWORD)
        return logins.proven(provider, found.person, [found.vouched], found.user_name)

    def person(self) -> tuple[str, Niss]:
        """A person with a number that carries Maria's birth date."""
        while True:
            person, niss = self.world.person()
            if niss.birth_date == BORN:
                return person, niss

    def recognised(self, proven: ProvenLogin) -> str | None:
        """Whom a login leads to; None when it is matched to a number first."""
        held = self.sign_in.enter(replace(proven, reference=self.world.randomness.identifier()), HERE)
        return None if isinstance(held, Unknown) else held.session.person

    def asked(self, proven: ProvenLogin | None = None, stated: Niss | None = None) -> ForeignIdentity:
        """A registration that waits for an officer."""
        return self.registrations.ask(proven or self.foreign(), request(stated))

    def officer(self, action: str = "correct_identity", level: Assurance = Assurance.HIGH) -> Actor:
        """An officer who may correct identities, or do another act of the office."""
        actor = self.world.officer(action)
        return replace(actor, authentication=replace(actor.authentication, assurance=level))

    def acts(self) -> list[str]:
        """The acts in the audit trail."""
        return [one.leaf.act for one in self.world.archive.leaves()]

    def delivered(self) -> int:
        """Send what waits, a second later; returns how many messages went."""
        self.world.clock.advance(seconds=1)
        return self.keys.delivered()


def request(stated: Niss | None = None, language: str = "en") -> RegistrationRequest:
    """What somebody says who can prove no number."""
    return RegistrationRequest(stated=stated, email="maria@example.org", phone="+351210000000", language=language)
