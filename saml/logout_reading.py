"""Reading of messages about log-outs: signed by the provider, filtered, for us, by it, and of now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from saml.checks import SKEW, check_issuer
from saml.filter import documents
from saml.instants import parsed
from saml.names import ds
from saml.parties import Peer
from saml.redirect_binding import carried
from saml.refusals import SamlRefused
from saml.signature_check import signed_by


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it reached us: by form its octets, by redirect the query as it came."""

    octets: bytes = b""
    query: str = ""
    relay_state: str = ""


def verified(
    sent: Sent, field: str, reader: Callable[[bytes], etree._Element], peer: Peer
) -> tuple[etree._Element, str]:
    """A message whose signature is the provider's, and its relay state.

    Args:
        field: `SAMLRequest` or `SAMLResponse`.
        reader: the filter's entrance for it.
        peer: with its keys that are in force.

    Raises:
        SamlRefused: what the filter, `carried` and `signed_by` raise, `signature_misplaced`.
    """
    if not sent.query:
        return documents.again(signed_by(reader(sent.octets), peer.keys)), sent.relay_state
    found = carried(sent.query, field, peer.keys)
    message = reader(found.octets)
    if message.find(ds("Signature")) is not None:
        raise SamlRefused("signature_misplaced")
    return message, found.relay_state


def check_addressed(message: etree._Element, peer: Peer, here: str, earliest: datetime, now: datetime) -> None:
    """Judge for whom a message is, whose, and of when.

    Raises:
        SamlRefused: `version`, `destination`, `issuer`, `message_time`.
    """
    if message.get("Version") != "2.0":
        raise SamlRefused("version")
    if message.get("Destination") != here:
        raise SamlRefused("destination")
    check_issuer(message, peer)
    if not earliest <= parsed(message.get("IssueInstant") or "") <= now + SKEW:
        raise SamlRefused("message_time")
