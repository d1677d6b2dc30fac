"""People with keys of our own: the use-cases of credentials on one archive, with hashes that cost little."""

from __future__ import annotations

from dataclasses import dataclass, field

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.credentials import Password
from iam.domain.errors import Unavailable
from iam.domain.login_providers import LoginProvider, LoginProviders, ProviderKind
from iam.domain.sessions import Session, SessionRules
from iam.outside.password_hashing import Argon2Hashing
from iam.outside.sealing import Sealer
from iam.ports import Randomness
from iam.services.activation_codes import ActivationCodes
from iam.services.letters import Letters
from iam.services.one_time_codes import OneTimeCodes
from iam.services.own_keys import OwnKeys
from iam.services.passkeys import Passkeys
from iam.services.passwords import Passwords
from iam.services.sessions import Sessions
from iam.services.slowed_tries import SlowedTries, Trier
from tests.services.worlds import World
from tests.storage import records

SECRET_WORDS = "zonnebloem trapt fiets"
SEALER = Sealer(bytes(range(32)))
HOME = Trier(address="192.0.2.1")
ADMINISTRATION = "0206731645"


def provider(kind: ProviderKind, key: LoginKey, highest: Assurance = Assurance.HIGH, name: str = "") -> LoginProvider:
    """A provider of one kind of our own keys, believed up to a level."""
    return LoginProvider(id=name or key.value, kind=kind, key=key, enabled=True, highest=highest, levels={}, labels={})


OWN_PROVIDERS = (
    provider(ProviderKind.PASSWORD, LoginKey.PASSWORD),
    provider(ProviderKind.ONE_TIME_CODE, LoginKey.TOTP),
    provider(ProviderKind.ONE_TIME_CODE, LoginKey.TOKEN),
    provider(ProviderKind.PASSKEY, LoginKey.PASSKEY),
)


@dataclass
class CountingHashing:
    """Argon2 at its least cost, which remembers against which hashes it was asked to match."""

    inner: Argon2Hashing = field(default_factory=lambda: Argon2Hashing(passes=1, memory_kib=8, lanes=1))
    matched: list[str] = field(default_factory=list)

    def hash(self, password: str) -> str:
        return self.inner.hash(password)

    def matches(self, hashed: str, password: str) -> bool:
        self.matched.append(hashed)
        return self.inner.matches(hashed, password)

    def outdated(self, hashed: str) -> bool:
        return self.inner.outdated(hashed)


@dataclass
class Post:
    """A post office that keeps what it is given; away, it takes nothing."""

    emails: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    def email(self, address: str, subject: str, text: str) -> None:
        if self.away:
            raise Unavailable("mail_unavailable", "The mail server does not answer.")
        self.emails.append((address, subject, text))

    def sms(self, number: str, text: str) -> None:
        if self.away:
            raise Unavailable("sms_unavailable", "The gateway does not answer.")
        self.texts.append((number, text))


@dataclass
class OneBook:
    """Providers that a test sets."""

    providers: LoginProviders

    def current(self) -> LoginProviders:
        return self.providers


class Keys:
    """The use-cases of keys of our own in one country."""

    def __init__(self, world: World, randomness: Randomness | None = None) -> None:
        archive, clock = world.archive, world.clock
        self.randomness = randomness = randomness or world.randomness
        self.world = world
        self.hashing = CountingHashing()
        self.tries = SlowedTries(archive, randomness)
        self.passwords = Passwords(archive, clock, self.hashing, randomness, self.tries)
        self.codes = OneTimeCodes(archive, clock, SEALER, randomness)
        self.passkeys = Passkeys(archive, clock, randomness)
        self.letters = Letters(archive, clock, SEALER, randomness)
        book = OneBook(LoginProviders({one.id: one for one in OWN_PROVIDERS}))
        self.sessions = Sessions(archive, clock, randomness, book, SessionRules())
        self.own = OwnKeys(archive)
        self.activation = ActivationCodes(
            archive, world.judge, clock, randomness, self.letters, self.passwords, self.codes, ADMINISTRATION
        )
        self.post = Post()

    def shown(
        self, key: LoginKey = LoginKey.EID, assurance: Assurance = Assurance.HIGH, person: str = ""
    ) -> Authentication:
        """A login of just now, of a new person if none is named."""
        person = person or self.world.person()[0]
        return Authentication(person, key, assurance, self.world.clock.at, "test", self.world.randomness.identifier())

    def with_password(self, user_name: str = "jan.peeters") -> Password:
        """A person who chose user name and password."""
        return self.passwords.choose(self.shown(), user_name, SECRET_WORDS)

    def session(self, person: str, key: LoginKey, assurance: Assurance) -> Session:
        """A session that such a login began."""
        reference = self.world.randomness.identifier()
        shown = {"person": person, "provider": key.value, "key": key, "assurance": assurance}
        plain = records.session(at=self.world.clock.at, reference=reference, **shown)
        with self.world.archive.writing() as uow:
            held = self.sessions.begin(uow, plain)
            uow.commit()
        return held.session

    def delivered(self) -> int:
        """Send what waits, a moment later; returns how many went."""
        self.world.clock.advance(seconds=1)
        return self.letters.send_waiting(self.post)
