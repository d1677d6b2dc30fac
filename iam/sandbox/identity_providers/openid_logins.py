"""Logins at a sandbox OpenID Provider: what was asked, who was chosen, and the codes and tokens that stand for it."""

from __future__ import annotations

import hashlib
import secrets
import threading
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from iam.ports import Clock
from iam.sandbox.country import Country, Persona
from iam.sandbox.identity_providers.openid_profiles import METHODS, OpenIdProfile
from iam.sandbox.identity_providers.openid_tricks import Trick, spoil_id_token

CODE_LIFE = timedelta(seconds=60)
TOKEN_LIFE = timedelta(seconds=300)
FOREIGN_COUNTRY = "RO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authorization request."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A login of somebody, for one request."""

    asked: Asked
    persona: Persona
    level: str
    trick: Trick
    session: str
    at: datetime


class Logins:
    """Everything that is under way or was done at one provider."""

    def __init__(self, profile: OpenIdProfile, country: Country, clock: Clock) -> None:
        self._profile = profile
        self._country = country
        self._clock = clock
        self._turn = threading.Lock()
        self._codes: dict[str, Granted] = {}
        self._tokens: dict[str, Granted] = {}
        self._used: set[str] = set()
        self.sessions: dict[str, Persona] = {}

    def grant(self, asked: Asked, persona: Persona, level: str, trick: Trick) -> str:
        """A code for a login that just happened."""
        code, session = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        with self._turn:
            self._codes[code] = Granted(
                asked=asked, persona=persona, level=level, trick=trick, session=session, at=self._clock.now()
            )
            self.sessions[session] = persona
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> tuple[Granted, str] | None:
        """The login behind a code, once, with a new access token; None when code, address or verifier are not right."""
        with self._turn:
            granted = self._codes.pop(code, None)
            if granted is None or self._clock.now() > granted.at + CODE_LIFE:
                return None
            digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if granted.asked.redirect_uri != redirect_uri or granted.asked.challenge != digest:
                return None
            token = secrets.token_urlsafe(32)
            self._tokens[token] = granted
            return granted, token

    def behind(self, token: str) -> Granted | None:
        """The login behind an access token."""
        found = self._tokens.get(token)
        return found if found is not None and self._clock.now() < found.at + TOKEN_LIFE else None

    def first_use(self, jti: str) -> bool:
        """Whether an assertion is used for the first time."""
        with self._turn:
            fresh = bool(jti) and jti not in self._used
            self._used.add(jti)
            return fresh

    def subject(self, granted: Granted) -> str:
        """The provider's name for a person: another one after the account was made anew."""
        account = f"{granted.persona.alias}/{'anew' if granted.trick is Trick.NEW_ACCOUNT else 'first'}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._profile.path}/{account}"))

    def id_token_claims(self, granted: Granted, issuer: str, access_token: str) -> dict[str, Any]:
        """The claims of an ID token, true or spoiled as the page was asked to."""
        now = int(self._clock.now().timestamp())
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        method = METHODS.get(granted.level[-3:])
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": granted.asked.client_id,
            "sub": self.subject(granted),
            "nonce": granted.asked.nonce,
            "iat": now,
            "exp": now + 300,
            "auth_time": int(granted.at.timestamp()),
            "acr": granted.level,
            "sid": granted.session,
            "at_hash": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **({"amr": [method, granted.level]} if method else {}),
        }
        spoil_id_token(claims, granted.trick)
        return claims

    def userinfo_claims(self, granted: Granted, issuer: str) -> dict[str, Any]:
        """The claims about the person."""
        profile, persona = self._profile, granted.persona
        abroad = granted.trick is Trick.FOREIGN_DOCUMENT
        given_name, _, family_name = persona.name.partition(" ")
        born = persona.niss.birth_date
        told = {
            profile.family_name: family_name,
            profile.given_name: given_name,
            profile.born: born.isoformat() if born else None,
            profile.country: FOREIGN_COUNTRY if abroad else "BE",
            profile.number: None if abroad or granted.trick is Trick.NO_NUMBER else persona.niss.value,
        }
        subject = "somebody-else" if granted.trick is Trick.OTHER_SUBJECT else self.subject(granted)
        known = {name: value for name, value in told.items() if name and value is not None}
        return {"iss": issuer, "aud": granted.asked.client_id, "sub": subject, **known}

    def logout_claims(self, session: str, issuer: str, client_id: str) -> dict[str, Any]:
        """The claims of a logout token for a session, which ends here."""
        now = int(self._clock.now().timestamp())
        self.sessions.pop(session, None)
        return {
            "iss": issuer,
            "aud": client_id,
            "sid": session,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(16),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }

    def personas(self) -> list[Persona]:
        """Who can be chosen."""
        return list(self._country.personas.values())
