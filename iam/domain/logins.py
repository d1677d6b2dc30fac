"""Logins: what a door proved of a person, whichever way they came, and what is remembered of each try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.niss import Niss


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """The minimum data set of a natural person, as the source said it (eIDAS, Implementing Regulation 2015/1501)."""

    family_name: str
    given_name: str
    born: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEnterprise:
    """A legal person of another country for whom somebody logged in: kept apart, never a right by itself."""

    identifier: str
    """The legal person identifier, country/country/value."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLogin:
    """What a door proved; every door hands over this, and nothing else begins a session."""

    provider: str
    """Which provider of the configuration vouches for it."""
    key: LoginKey
    assurance: Assurance
    """The least of what the key, the provider and the testimony reach."""
    authenticated_at: datetime
    """When the person showed the key."""
    reference: str
    """The single-use id of the testimony: a token's `jti`, an assertion's ID, a nonce."""
    expires_at: datetime
    """Until when the reference must be remembered."""
    niss: Niss | None = None
    """The Belgian number that the testimony proves, if it does."""
    person: str | None = None
    """Our own id of the person, where the key is one of our own; no other provider can say it."""
    subject: str = ""
    """The provider's own name for the person; empty where the number alone is the identity."""
    issued_in: str = "BE"
    """The country whose key it is (ISO 3166-1 alpha-2)."""
    personal: PersonalData | None = None
    enterprise: ForeignEnterprise | None = None
    provider_session: str = ""
    """By what the provider tells of a log-out: its name for its session (OpenID Connect), or for the person (SAML)."""
    logout_hint: str = ""
    """What the provider wants to be shown when the person logs out there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """From where somebody came: as told to the person later, never judged upon."""

    device: str = ""
    """Browser and system, in a few words."""
    country: str = ""
    """Country of the network address, where a proxy in front tells it."""
    service: str = ""
    """The declaration service for which the login was asked; empty for the portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """One login or failed try, which the person can read for six months (CSAM keeps activity as long)."""

    id: str
    person: str
    provider: str
    key: LoginKey
    at: datetime
    result: str
    """`signed_in`, or the reason code of the refusal."""
    assurance: Assurance | None
    issued_in: str
    device: str
    country: str
    service: str
    expires_at: datetime
