"""Where and how a client is answered: known before the rest of its request is judged, so that it can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from oidc.provider.authorization_errors import AuthorizationFault, NobodyToTell
from oidc.provider.redirect_uris import registered

PLAIN_MODES: Final = ("query", "form_post")
SIGNED_MODES: Final = ("query.jwt", "form_post.jwt", "jwt")
MODES: Final = (*PLAIN_MODES, *SIGNED_MODES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A client that people log in to, with all that it registered."""

    client: Client
    metadata: ClientMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Where and how a client is answered."""

    client: Client
    metadata: ClientMetadata
    redirect_uri: str
    state: str
    response_mode: str


def answering(parameters: Mapping[str, str], whose: Registered) -> Answering:
    """Where the answer goes: an address that is registered, character for character (RFC 9700 §2.1).

    A port of this machine is free for a native client (RFC 8252 §7.3). A mode that is not the client's is none: it is
    told so in one that is. Raises NobodyToTell.
    """
    told = parameters.get("redirect_uri", "")
    if not told or not registered(told, whose.metadata):
        detail = "The address to return to is missing, or is not registered for this client."
        raise NobodyToTell(AuthorizationFault.INVALID_REQUEST, "redirect_uri_not_registered", detail)
    modes = modes_of(whose.metadata)
    mode = parameters.get("response_mode", modes[0])
    return Answering(
        client=whose.client,
        metadata=whose.metadata,
        redirect_uri=told,
        state=parameters.get("state", ""),
        response_mode=mode if mode in modes else modes[0],
    )


def modes_of(metadata: ClientMetadata) -> tuple[str, ...]:
    """The modes in which a client is answered, its usual one first: who registered an algorithm for signed answers is
    never answered unsigned (JARM §2.3), and nobody else signed.
    """
    return ("jwt", "query.jwt", "form_post.jwt") if metadata.authorization_alg else PLAIN_MODES
