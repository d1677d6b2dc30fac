"""Where what is redeemed comes from: codes given just now, refresh tokens of live grants, tokens to introspect."""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from iam.domain.authorization_grants import RefreshToken
from iam.services.fingerprints import fingerprint
from iam.storage.archive import SqlArchive
from tests.bench.grant_clients import CHALLENGE, VERIFIER, Endpoint, GrantClient
from tests.bench.grant_people import BOUND, CALLBACK, People, refresh_secret
from tests.bench.sending import Lines
from tests.bench.stands import WrongAnswers


class Source(Protocol):
    """Gives what requests redeem."""

    def codes(self, alias: str, number: int, resource: str = "") -> list[str]:
        """So many codes for a client, given at this moment."""
        ...

    def refresh_tokens(self, alias: str, number: int, resource: str = "") -> list[str]:
        """So many refresh tokens of a client, of as many grants."""
        ...


class OurGrants:
    """Of the house: codes and refresh tokens that replace others are written into the archive, for grants that live.

    Refresh tokens that stay the same are those with which the grants were loaded.
    """

    def __init__(self, archive: SqlArchive, people: People) -> None:
        self._archive = archive
        self._people = people
        self._chance = random.Random()

    def codes(self, alias: str, number: int, resource: str = "") -> list[str]:
        """As `Source.codes`: of people in no order."""
        made = [self._secret() for _ in range(number)]
        with self._archive.writing() as uow:
            for secret in made:
                grant = self._people.unused(self._drawn(alias), uow.now, fingerprint(secret, "grant"))
                uow.put(grant)
                uow.put(self._people.code(grant, secret, CHALLENGE))
            uow.commit()
        return made

    def refresh_tokens(self, alias: str, number: int, resource: str = "") -> list[str]:
        """As `Source.refresh_tokens`: of grants among all that live, in no order."""
        drawn = [self._drawn(alias) for _ in range(number)]
        if alias == BOUND:
            return [refresh_secret(one) for one in drawn]
        made = [self._secret() for _ in drawn]
        with self._archive.writing() as uow:
            for one, secret in zip(drawn, made, strict=True):
                grant = self._people.loaded(one)
                uow.put(RefreshToken(id=fingerprint(secret), grant=grant.id, expires_at=grant.expires_at))
            uow.commit()
        return made

    def _drawn(self, alias: str) -> int:
        """The number of a grant of one client."""
        client = self._people.client_id(alias)
        while True:
            drawn = self._chance.randrange(self._people.live)
            if self._people.client_id(self._people.client_of(drawn)) == client:
                return drawn

    def _secret(self) -> str:
        return self._chance.randbytes(32).hex()


class PeerGrants:
    """Of oidc-provider: codes are asked of its control port, and refresh tokens given for them."""

    def __init__(self, control: int, endpoint: Endpoint, clients: Mapping[str, GrantClient], resource: str) -> None:
        self._control = control
        self._endpoint = endpoint
        self._clients = clients
        self._resource = resource

    def codes(self, alias: str, number: int, resource: str = "") -> list[str]:
        """As `Source.codes`."""
        told = {
            "client_id": self._clients[alias].client_id,
            "count": number,
            "resource": resource or self._resource,
            "challenge": CHALLENGE,
            "nonce": "n-0S6_WzA2Mj",
        }
        asked = urllib.request.Request(f"http://127.0.0.1:{self._control}/codes", json.dumps(told).encode())
        with urllib.request.urlopen(asked, timeout=60) as answer:
            codes: list[str] = json.load(answer)
        return codes

    def refresh_tokens(self, alias: str, number: int, resource: str = "") -> list[str]:
        """As `Source.refresh_tokens`."""
        codes = self.codes(alias, number, resource)
        return [one["refresh_token"] for one in redeemed(self._clients[alias], self._endpoint, codes)]


def code_parameters(code: str) -> dict[str, str]:
    """The parameters by which a code is redeemed."""
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


def redeemed(client: GrantClient, endpoint: Endpoint, codes: list[str]) -> list[dict[str, Any]]:
    """What codes give. Raises WrongAnswers."""
    client.prepare(endpoint, **code_parameters("none"))
    return answered(endpoint.lines, [client.token_request(endpoint, **code_parameters(one)) for one in codes])


def answered(lines: Lines, requests: list[bytes]) -> list[dict[str, Any]]:
    """The answers to requests that are all granted. Raises WrongAnswers."""
    answers = lines.send(requests)
    for one in answers:
        if one.status != 200:
            raise WrongAnswers(f"{one.status} {one.body[:300]!r}")
    return [json.loads(one.body) for one in answers]


Give = Callable[[int], list[str]]
"""Gives so many codes, refresh tokens or access tokens."""
