"""Card doors: Web eID and client certificates, put together from what they need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint

from iam.credentials.card_settings import certificate_settings, web_eid_settings
from iam.credentials.cards import Cards
from iam.credentials.certificate_door import certificate_blueprint
from iam.credentials.certificate_handover import Handover
from iam.credentials.certificate_login import CertificateLogin
from iam.credentials.revocation import Revocation
from iam.credentials.web_eid import WebEid
from iam.credentials.web_eid_door import web_eid_blueprint
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.ports import Archive, CertificateStatusServers, Clock, Randomness, Seal
from iam.web.hall import Hall
from iam.web.pages import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CardParts:
    """What the doors work with."""

    base_url: str
    """The portal's, as browsers reach it: cards sign for its origin."""
    production: bool
    servers: CertificateStatusServers
    archive: Archive
    seal: Seal
    clock: Clock
    randomness: Randomness


class CardDoors:
    """The doors by which people log in with their identity card, or with another certificate."""

    def __init__(self, parts: CardParts) -> None:
        self._parts = parts
        self._cards = Cards(Revocation(parts.servers, parts.clock, parts.randomness), parts.clock)
        self._web_eid = web_eid_settings(production=parts.production)
        self._certificate = certificate_settings(production=parts.production)

    def blueprints(self, hall: Hall) -> list[Blueprint]:
        """The doors; register each without a prefix."""
        parts, origin = self._parts, origin_of(self._parts.base_url)
        web_eid = WebEid(self._cards, self._web_eid, parts.clock, parts.randomness, origin)
        handover = Handover(parts.archive, parts.seal, parts.randomness)
        certificate = CertificateLogin(self._cards, self._certificate, handover, parts.randomness, origin)
        return [web_eid_blueprint(hall, web_eid), certificate_blueprint(hall, certificate)]

    def checks(self) -> Mapping[ProviderKind, Callable[[LoginProvider], None]]:
        """How the doors read the settings of their providers; each raises UnsafeSettings."""
        return {ProviderKind.WEB_EID: self._web_eid.check, ProviderKind.CERTIFICATE: self._certificate.check}
