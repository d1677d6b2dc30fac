"""The code flow from a client's side, step by step, with every message kept for who wants to read it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from iam.domain.client_metadata import OPENID
from iam.domain.clients import Profile
from iam.ports import Clock
from iam.sandbox.declaration_service.exchanges import Exchanges, FlowBroken, told
from iam.sandbox.declaration_service.messages import Message
from iam.sandbox.declaration_service.proofs import Pkce
from iam.sandbox.software import LoginSide, SandboxClient

DISCOVERY = "/.well-known/openid-configuration"


@dataclass(slots=True)
class CodeFlow:
    """One login of one person at one client."""

    client: SandboxClient
    issuer: str
    clock: Clock
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    metadata: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    """Where the browser is sent."""
    code: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    _pkce: Pkce = field(default_factory=Pkce)
    _keys: Any = None
    _exchanges: Exchanges = field(init=False)

    def __post_init__(self) -> None:
        self._exchanges = Exchanges(self.client, self.issuer, self.clock)

    @property
    def messages(self) -> list[Message]:
        """Everything that was sent so far, in its order."""
        return self._exchanges.messages

    @property
    def login(self) -> LoginSide:
        """What the client knows of its own registration."""
        if self.client.login is None:
            raise FlowBroken("people do not log in to this client")
        return self.client.login

    def discover(self) -> None:
        """Read the metadata, and take them only from the issuer that was asked (RFC 8414 §3.3)."""
        about = "Everything that a client library needs to know; it is asked once and kept for a while."
        self.metadata = dict(self._exchanges.ask("Discovery", about, "GET", self.issuer + DISCOVERY).answer)
        if self.metadata.get("issuer") != self.issuer:
            raise FlowBroken("the metadata are another issuer's")
        if "dpop_signing_alg_values_supported" in self.metadata and self.login.profile is Profile.DEFAULT:
            self._exchanges.bind()
        about = "The public keys, by which the client verifies what we sign; new ones are published before they sign."
        self._keys = self._exchanges.ask("Keys", about, "GET", str(self.metadata["jwks_uri"])).answer

    def begin(self, scope: str, **more: str) -> str:
        """The address to which the browser is sent: of a pushed request where the profile pushes (RFC 9126)."""
        wanted = {
            "client_id": self.client.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": self.state,
            **({"nonce": self.nonce} if OPENID in scope.split() else {}),
            **{name: value for name, value in more.items() if value},
        }
        if self.login.profile is not Profile.OIDC_BASIC:
            wanted |= {"code_challenge": self._pkce.challenge, "code_challenge_method": "S256"}
        if self.login.profile is Profile.DEFAULT:
            about = "The client proves itself and leaves its request with us; the browser only carries a reference."
            pushed = self._post("Pushed authorization request", about, "pushed_authorization_request", wanted)
            wanted = {"client_id": self.client.client_id, "request_uri": str(pushed["request_uri"])}
        self.address = f"{self.metadata['authorization_endpoint']}?{urlencode(wanted)}"
        about = "The person's browser is sent to us, where the person logs in and decides."
        self.messages.append(
            Message(title="To the authorization endpoint", about=about, method="GET", address=self.address)
        )
        return self.address

    def come_back(self, came: Mapping[str, str]) -> None:
        """Take the answer that the browser brings. FlowBroken unless it is ours, this login's and no refusal."""
        address = f"{self.redirect_uri}?{urlencode(came)}"
        about = "The browser comes back. The client checks state and iss before it believes anything else."
        self.messages.append(Message(title="Back at the client", about=about, method="GET", address=address))
        if came.get("state") != self.state:
            raise FlowBroken("state is another login's")
        if came.get("iss") != self.issuer:
            raise FlowBroken("the answer is another issuer's")
        if "error" in came:
            raise FlowBroken(f"{came['error']}: {came.get('error_description', '')}")
        self.code = came["code"]

    def redeem(self) -> dict[str, Any]:
        """Tokens for the code; the ID token is verified (OpenID Connect Core 1.0 §3.1.3.7)."""
        sent = {"grant_type": "authorization_code", "code": self.code, "redirect_uri": self.redirect_uri}
        if self.login.profile is not Profile.OIDC_BASIC:
            sent["code_verifier"] = self._pkce.verifier
        about = "The client proves itself again, and proves by the verifier that it began this login itself."
        self.tokens = self._post("Token request", about, "token", sent)
        if "id_token" in self.tokens:
            self._verify(self.tokens["id_token"])
        return self.tokens

    def refresh(self) -> dict[str, Any]:
        """New tokens without the person; every scope is judged anew."""
        about = "Without the person. Every scope is judged anew: what the person may no longer do is refused."
        sent = {"grant_type": "refresh_token", "refresh_token": str(self.tokens.get("refresh_token", ""))}
        self.tokens |= self._post("Refresh", about, "token", sent)
        return self.tokens

    def ask_userinfo(self) -> dict[str, Any]:
        """What the client is told of the person."""
        about = "What the scopes let the client know of the person: no more, and nothing that is not known."
        address = str(self.metadata["userinfo_endpoint"])
        return told(self._exchanges.ask_with_token("Userinfo", about, "GET", address, self.tokens))

    def introspect(self) -> dict[str, Any]:
        """What the access token is worth now, as a service that receives it asks."""
        about = "What the token is worth at this moment. A right that was taken away makes it worth nothing."
        return self._post("Introspection", about, "introspection", {"token": str(self.tokens.get("access_token", ""))})

    def revoke(self) -> None:
        """Give the tokens up."""
        about = "The client gives up what it has: the whole family of this login's tokens ends."
        token = self.tokens.get("refresh_token") or self.tokens.get("access_token", "")
        self._post("Revocation", about, "revocation", {"token": str(token)})

    def farewell(self, back_to: str) -> str:
        """Where the browser is sent to log out, if the service has such a place (RP-Initiated Logout 1.0)."""
        endpoint = self.metadata.get("end_session_endpoint")
        if endpoint is None:
            raise FlowBroken("the metadata name no end_session_endpoint")
        given = {
            "id_token_hint": str(self.tokens.get("id_token", "")),
            "client_id": self.client.client_id,
            "post_logout_redirect_uri": back_to,
            "state": self.state,
        }
        address = f"{endpoint}?{urlencode(given)}"
        about = "The browser is sent to us, where the login itself ends."
        self.messages.append(Message(title="Log-out", about=about, method="GET", address=address))
        return address

    def _post(self, title: str, about: str, endpoint: str, form: Mapping[str, str]) -> dict[str, Any]:
        return self._exchanges.prove_and_post(title, about, str(self.metadata[f"{endpoint}_endpoint"]), form)

    def _verify(self, id_token: str) -> None:
        keys = KeySet.import_key_set(self._keys)
        try:
            claims = jwt.decode(id_token, keys, algorithms=["ES256", "PS256", "RS256"]).claims
        except JoseError as error:
            raise FlowBroken(f"the ID token is not signed by the issuer: {error}") from None
        expected = {"iss": self.issuer, "aud": self.client.client_id, "nonce": self.nonce}
        wrong = [name for name, value in expected.items() if claims.get(name) != value]
        if wrong or claims["exp"] <= self.clock.now().timestamp():
            raise FlowBroken(f"the ID token is another's: {', '.join(wrong) or 'exp'}")
