"""What is known of a grown country: whom to ask about, who asks, and the keys of its software."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.bench.countries import COUNTRY, QUESTIONS

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and whether the answer is yes."""

    client: str
    enterprise: str
    capacity: str
    mandator: str
    allowed: bool


class Software:
    """A client with its private key."""

    def __init__(self, client_id: str, jwk: dict[str, Any]) -> None:
        self.client_id = client_id
        self._key = ECKey.import_key(jwk)
        self._header = {"alg": "ES256", "kid": jwk["kid"]}
        self._made = 0

    def token_request(self, audience: str, **parameters: str) -> bytes:
        """The body of a request for a token, with a client assertion for this once."""
        now, self._made = int(time.time()), self._made + 1
        claims: dict[str, object] = {"iss": self.client_id, "sub": self.client_id, "aud": audience}
        claims |= {"iat": now, "exp": now + ASSERTION_SECONDS, "jti": f"{time.time_ns()}-{self._made}"}
        told = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(self._header, claims, self._key, algorithms=["ES256"]),
            **parameters,
        }
        return urlencode(told).encode()


class Described:
    """A grown country as its description tells it."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / COUNTRY).read_text(encoding="utf-8"))
        self.providers: dict[str, dict[str, Any]] = told["providers"]
        self.served: dict[str, list[str]] = told["served"]
        self.manager: dict[str, str] = told["manager"]
        self.caller = Software(**told["caller"])
        self._folder = folder

    def questions(self) -> Iterator[Asked]:
        """The questions, in no order; they begin anew when all were asked."""
        while True:
            with (self._folder / QUESTIONS).open(encoding="ascii") as lines:
                for line in lines:
                    provider, mandator, allowed = line.split()
                    told = self.providers[provider]
                    yield Asked(told["client_id"], provider, told["capacity"], mandator, allowed == "1")

    def mandators(self) -> list[str]:
        """Every mandator that a question is about, once."""
        with (self._folder / QUESTIONS).open(encoding="ascii") as lines:
            return list(dict.fromkeys(line.split()[1] for line in lines))

    def software(self, provider: str) -> Software:
        """The client of a provider."""
        told = self.providers[provider]
        return Software(told["client_id"], told["jwk"])
