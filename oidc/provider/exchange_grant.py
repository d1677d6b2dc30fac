"""The grant of token exchange: a service gets, for a token that it was given, one for another service (RFC 8693)."""

from __future__ import annotations

from typing import Final

from iam.domain.client_metadata import GrantType
from iam.services.token_exchange import Exchanged
from oidc.provider.access_tokens import sign_access_token
from oidc.provider.authorization_details import refuse_details
from oidc.provider.code_grant import OfPerson
from oidc.provider.errors import InvalidRequest
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.resource_indicators import check_resource_of_scopes
from oidc.provider.token_answers import Answer, read_scopes, token_answer

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type


class ExchangeGrant(OfPerson):
    """Exchanges an access token, in these steps (RFC 8693 §2.1):

    (1) the client proves itself, and is registered for the grant;
    (2) the tokens that it brings are named as access tokens, and it asks for one;
    (3) they are recognised by our own keys; anything else is no access token, whatever it is called;
    (4) the rest is judged, as `TokenExchange.exchange` says step by step.
    """

    GRANT_TYPE = GrantType.TOKEN_EXCHANGE.value

    def create_token_response(self) -> Answer:
        """The new token."""
        parts = self.server.parts
        refuse_details(self.request.parameters)
        asked = self._asked()
        law = parts.library.current()
        check_resource_of_scopes(self.request.parameters.get("resource"), self.server.issuer, asked.scopes, law)
        with as_oauth_errors():
            standing = parts.token_exchange.exchange(self.proof, asked)  # (4)
        key = parts.keys.current(standing.signing_algorithm)
        token = sign_access_token(standing, self.server.issuer, key, parts.subjects)
        return token_answer(standing, token, {"issued_token_type": ACCESS_TOKEN})

    def _asked(self) -> Exchanged:
        sent, own = self.request.parameters, self.server.own_tokens
        subject = self.request.required("subject_token")
        if self.request.required("subject_token_type") != ACCESS_TOKEN:  # (2)
            raise InvalidRequest("subject_token_type_refused", f"Exchange tokens of the type {ACCESS_TOKEN}.")
        if ("actor_token" in sent) is not ("actor_token_type" in sent):
            raise InvalidRequest("actor_token_incomplete", "Send actor_token with actor_token_type, or neither.")
        if sent.get("actor_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequest("actor_token_type_refused", f"The actor's token has the type {ACCESS_TOKEN}.")
        if sent.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequest("requested_token_type_refused", f"Tokens are issued of the type {ACCESS_TOKEN}.")
        return Exchanged(
            subject=own.jti(subject),  # (3)
            actor=own.jti(sent["actor_token"]) if "actor_token" in sent else "",
            scopes=read_scopes(sent.get("scope", "")),
            audience=sent.get("audience", ""),
        )
