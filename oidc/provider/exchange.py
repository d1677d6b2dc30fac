"""One request to an endpoint of the authorization server, with its parameters read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from iam.domain.clients import ProvenClient, ProvenKey
from oidc.provider.errors import InvalidClient, InvalidRequest
from oidc.provider.strict_form import MAX_BYTES, read_form

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ANY = "registered"
"""The name under which the registered method stands in authlib's registry: each client has one."""


class Exchange(OAuth2Request):
    """A request as authlib's registries take it; `parameters` are those of the body, each once."""

    def __init__(self, url: str, parameters: dict[str, str], authorization: str | None, accept: str) -> None:
        """`url` is the endpoint's own, from configuration; `accept` the preferred media type of the answer."""
        super().__init__("POST", url)
        self.parameters = parameters
        self.authorization = authorization
        self.accept = accept
        self.key: ProvenKey | None = None
        """The key that the request proved, to which tokens are bound."""
        self.environ: WSGIEnvironment = {}
        """The request as WSGI has it, for proofs that stand in headers."""
        self.payload = BasicOAuth2Payload(parameters)

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the body."""
        return self.parameters

    def required(self, name: str) -> str:
        """A parameter that must be there. Raises `InvalidRequest`."""
        if name not in self.parameters:
            raise InvalidRequest("parameter_missing", f"Send the parameter {name}.")
        return self.parameters[name]


class ProvenSoftware(ClientMixin):
    """A client that proved its key, as authlib's registries see it."""

    def __init__(self, proof: ProvenClient) -> None:
        self.proof = proof

    def get_client_id(self) -> str:
        """The client_id."""
        return self.proof.client.id

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Every client authenticates in the one way that it registered, at every endpoint."""
        return method == ANY

    def check_grant_type(self, grant_type: str) -> bool:
        """Every client may use the grants that are registered: what it gets is for the judge to say."""
        return True


def read_exchange(environ: WSGIEnvironment, url: str, answers: tuple[str, ...]) -> Exchange:
    """Read a request; `answers` are the media types of the answer, the usual one first.

    Raises `InvalidRequest`: parameters in the URL, or a body that breaks off or is not a strict form; `InvalidClient`:
    a body that is too large for any assertion, and is not read.
    """
    if environ.get("QUERY_STRING"):
        raise InvalidRequest("query_refused", "Send the parameters in the body, none in the URL.")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BYTES:
        raise InvalidClient("body_too_large", f"No client is looked for in more than {MAX_BYTES} bytes.")
    body = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise InvalidRequest("malformed_form", "Send the whole body.")
    parameters = read_form(environ.get("CONTENT_TYPE", ""), body)
    read = Exchange(url, parameters, environ.get("HTTP_AUTHORIZATION"), _preferred(environ, answers))
    read.environ = environ
    return read


def _preferred(environ: WSGIEnvironment, answers: tuple[str, ...]) -> str:
    """The media type of the answer that the header Accept prefers; the usual one where it names none of them."""
    asked = environ.get("HTTP_ACCEPT", "")
    if len(answers) == 1 or asked in ("", "*/*", answers[0]):
        return answers[0]
    return parse_accept_header(asked, MIMEAccept).best_match(answers) or answers[0]
