"""Metadata of identity providers: read from a configured file, verified with pinned certificates, and read again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.x509.oid import NameOID
from lxml import etree

from saml.filter import documents
from saml.instants import parsed
from saml.names import ds, md
from saml.parties import Peer, Place
from saml.pinned_keys import PinnedKey, from_base64, from_pem
from saml.provider_settings import BINDINGS, Registration
from saml.refusals import SamlRefused
from saml.signature_check import signed_by

SANDBOX: Final = "Procura sandbox"
"""Whose certificates a production configuration refuses."""
_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def read_peer(octets: bytes, trusted: Iterable[PinnedKey] | None, *, smallest_rsa: int, production: bool) -> Peer:
    """An identity provider from its metadata (SAML Metadata §2.3.2, §2.4.3).

    Args:
        trusted: keys of which one must have signed the metadata; None where the file itself is trusted.
        smallest_rsa: bits of the shortest RSA key that is pinned.
        production: whether keys of the sandbox and plain http are refused.

    Raises:
        SamlRefused: what the filter and `signed_by` raise, `metadata_incomplete`, `sandbox_key`,
            `certificate_unreadable`, `key_too_weak`, `instant_unreadable`.
    """
    root = documents.metadata(octets)
    if trusted is not None:
        root = documents.again(signed_by(root, trusted))
    entity = root.get("entityID")
    descriptors = [each for each in root.findall(md("IDPSSODescriptor")) if _speaks_saml_2(each)]
    if not entity or len(descriptors) != 1:
        raise SamlRefused("metadata_incomplete")
    ends = [parsed(each) for each in (root.get("validUntil"), descriptors[0].get("validUntil")) if each]
    keys = tuple(_keys(descriptors[0], smallest_rsa))
    sign_on = {each: place.requests for each, place in _services(descriptors[0], "SingleSignOnService", production)}
    log_out = dict(_services(descriptors[0], "SingleLogoutService", production))
    if not keys or not sign_on:
        raise SamlRefused("metadata_incomplete")
    if production and any(_of_sandbox(key) for key in keys):
        raise SamlRefused("sandbox_key")
    return Peer(entity=entity, keys=keys, sign_on=sign_on, log_out=log_out, valid_until=min(ends, default=None))


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: tuple[tuple[int, int], ...]
    peer: Peer


class KnownPeers:
    """The identity providers whose metadata files are configured; a file is read again when it has changed."""

    def __init__(self, *, production: bool) -> None:
        self._production = production
        self._kept: dict[tuple[Path, Path | None, int], _Kept] = {}

    def peer(self, registration: Registration, now: datetime) -> Peer:
        """The identity provider of a registration.

        Raises:
            SamlRefused: as `read_peer`, `metadata_unreadable`, `metadata_expired`.
        """
        files = (registration.metadata, registration.metadata_certificates)
        name = (*files, registration.smallest_rsa)
        try:
            stamp = tuple(_stamp(file) for file in files if file is not None)
            kept = self._kept.get(name)
            if kept is None or kept.stamp != stamp:
                kept = self._kept[name] = _Kept(stamp, self._read(registration, now))
        except OSError:
            raise SamlRefused("metadata_unreadable") from None
        if kept.peer.valid_until is not None and now >= kept.peer.valid_until:
            raise SamlRefused("metadata_expired")
        return kept.peer

    def _read(self, registration: Registration, now: datetime) -> Peer:
        trusted = None
        if registration.metadata_certificates is not None:
            pinned = from_pem(registration.metadata_certificates.read_bytes(), registration.smallest_rsa)
            trusted = [key for key in pinned if key.in_force(now)]
        return read_peer(
            registration.metadata.read_bytes(),
            trusted,
            smallest_rsa=registration.smallest_rsa,
            production=self._production,
        )


def _stamp(file: Path) -> tuple[int, int]:
    status = os.stat(file)
    return status.st_mtime_ns, status.st_size


def _speaks_saml_2(descriptor: etree._Element) -> bool:
    return _PROTOCOL in (descriptor.get("protocolSupportEnumeration") or "").split()


def _keys(descriptor: etree._Element, smallest_rsa: int) -> Iterable[PinnedKey]:
    for key in descriptor.findall(md("KeyDescriptor")):
        if key.get("use", "signing") == "signing":
            for certificate in key.iter(ds("X509Certificate")):
                yield from_base64(certificate.text or "", smallest_rsa)


def _services(descriptor: etree._Element, name: str, production: bool) -> Iterable[tuple[str, Place]]:
    """Where it takes messages, by the bindings that we speak."""
    for service in descriptor.findall(md(name)):
        binding, location = service.get("Binding") or "", service.get("Location") or ""
        answers = service.get("ResponseLocation") or location
        if binding in BINDINGS.values() and all(_reachable(each, production) for each in (location, answers)):
            yield binding, Place(requests=location, answers=answers)


def _reachable(address: str, production: bool) -> bool:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in _LOCAL and not production
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _of_sandbox(key: PinnedKey) -> bool:
    names = key.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(name.value == SANDBOX for name in names)
