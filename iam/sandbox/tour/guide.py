"""The guide: sends the tour's requests as people and software would, and sees to it that each does what it must."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests

from iam.domain.assurance import LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.quarters import Quarter
from iam.ports import Clock
from iam.sandbox.country import Country, Firm, Persona
from iam.sandbox.software import SandboxClient
from iam.sandbox.tour.narrator import Narrator, picked

API = "/api/v1"
ADMINISTER = "scope:authorization:administration:administer"
TIMEOUT_SECONDS = 20


class WrongTurn(Exception):
    """A step did not do what it must; the message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the service: its status, its JSON and the version that it names."""

    status: int
    told: Any
    etag: str | None

    @property
    def line(self) -> str:
        """Status and phrase."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


@dataclass(slots=True)
class Guide:
    """Everybody whom the tour meets, where the service is, and what was learned on the way."""

    base_url: str
    login_url: str
    country: Country
    clients: dict[str, SandboxClient]
    clock: Clock
    narrator: Narrator
    learned: dict[str, str] = field(default_factory=dict)
    """Ids by the name that the tour gives them."""
    _session: requests.Session = field(default_factory=requests.Session)
    _tokens: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    def person(self, alias: str) -> Persona:
        """One of the country's people."""
        return self.country.personas[alias]

    def firm(self, alias: str) -> Firm:
        """One of the country's enterprises."""
        return self.country.firms[alias]

    def quarter(self) -> Quarter:
        """The present quarter."""
        return Quarter.of(self.clock.now())

    def learn(self, name: str, value: str) -> str:
        """Remember an id, and show it under its name from here on."""
        self.learned[name] = value
        self.narrator.name(value, name)
        return value

    def act(
        self,
        who: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        status: int,
        show: tuple[str, ...],
        capacity: Capacity | None = None,
        version: str | None = None,
        key: LoginKey = LoginKey.EID,
    ) -> Answer:
        """Let a person do an act of management through the portal, and show it.

        Args:
            path: under the administration API. status: the one that must come. show: members of the answer.
            capacity: the capacity acted in; None = above any. version: the ETag of what is changed.

        Raises:
            WrongTurn: when another status comes.
        """
        headers = {
            "Authorization": f"Bearer {self.token('portal', ADMINISTER)}",
            "Procura-Authentication": self.login(who, self.clients["portal"], key),
            "Idempotency-Key": secrets.token_urlsafe(16),
        }
        if capacity is not None:
            headers["Procura-Capacity"] = capacity.value
        if version is not None:
            headers["If-Match"] = version
        acting = f" as {capacity.value.replace('_', ' ')}" if capacity else ""
        self.narrator.request(method, API + path, f"{self.person(who).name}, by {key.value}{acting}", body)
        answer = self.send(method, API + path, json=body, headers=headers)
        self.narrator.answer(answer.line, answer.status == status, self._shown(answer, status, show))
        self.must(answer, status)
        return answer

    def _shown(self, answer: Answer, status: int, show: tuple[str, ...]) -> dict[str, Any]:
        return picked(answer.told, *show) if answer.status == status else {"answer": answer.told}

    def must(self, answer: Answer, status: int) -> None:
        """Raises WrongTurn unless an answer has this status."""
        if answer.status != status:
            raise WrongTurn(f"expected {status}, got {answer.line}: {answer.told}")

    def login(self, who: str, presenting: SandboxClient, key: LoginKey = LoginKey.EID) -> str:
        """A testimony of the sandbox's login source, for one request by one client."""
        order = {"niss": self.person(who).niss.value, "key": key.value, "azp": presenting.client_id}
        answer = self._session.post(self.login_url, json=order, timeout=TIMEOUT_SECONDS)
        if answer.status_code != HTTPStatus.OK:
            raise WrongTurn(f"the login source answers {answer.status_code}")
        return str(answer.json()["token"])

    def token(self, client: str, scope: str) -> str:
        """An access token of a declaration service for itself, kept while it is good and not shown."""
        token, until = self._tokens.get((client, scope), ("", self.clock.now()))
        if until <= self.clock.now():
            answer = self.ask_token(client, scope)
            self.must(answer, 200)
            token, life = str(answer.told["access_token"]), timedelta(seconds=int(answer.told["expires_in"]))
            self._tokens[client, scope] = token, self.clock.now() + life / 2
        return token

    def ask_token(self, client: str, scope: str, details: str | None = None) -> Answer:
        """The token endpoint's answer to a client that proves its key (private_key_jwt)."""
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.clients[client].assertion(self.base_url, self.clock),
        }
        if details is not None:
            form["authorization_details"] = details
        return self.send("POST", "/oauth2/token", data=form)

    def send(self, method: str, path: str, **given: Any) -> Answer:
        """Send a request to the service. Raises WrongTurn when none answers, or not with JSON."""
        try:
            answer = self._session.request(method, self.base_url + path, timeout=TIMEOUT_SECONDS, **given)
            told = answer.json() if answer.content else None
        except requests.RequestException as error:
            raise WrongTurn(f"no answer to {method} {path}: {type(error).__name__}") from None
        return Answer(answer.status_code, told, answer.headers.get("ETag"))
