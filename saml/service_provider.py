"""The service provider: a login begins here with a request, and ends here with what the answer proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from iam.domain.assurance import Assurance
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.logins import ProvenLogin
from iam.ports import Clock, Randomness
from iam.web.hall import Wanted
from saml import levels
from saml.correspondence import Correspondence, Leaving
from saml.eidas_identity import eidas_identity
from saml.federal_identity import federal_identity
from saml.name_ids import SessionThere
from saml.own_keys import SamlKeys
from saml.own_metadata import own_metadata
from saml.parties import Asked
from saml.peer_metadata import KnownPeers
from saml.provider_settings import BINDINGS, Registration, registration
from saml.reception import Parties, accept
from saml.refusals import SamlRefused
from saml.requests import Request, eidas_request, federal_request
from saml.statements import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the person chose before they left for an eIDAS node."""

    country: str = ""
    enterprise: bool = False


class ServiceProvider:
    """We, as identity providers see us."""

    def __init__(self, base_url: str, keys: SamlKeys, peers: KnownPeers, clock: Clock, randomness: Randomness) -> None:
        self.correspondence = Correspondence(base_url, keys, peers, clock, randomness)
        """How it writes to them, of log-outs as well."""

    def leave(self, provider: LoginProvider, wanted: Wanted, chosen: Chosen) -> Leaving:
        """Write the request for a login that begins. SamlRefused: `level_not_configured`, or about the metadata."""
        told, now = registration(provider), self.correspondence.now()
        peer = self.correspondence.peer(told)
        binding = BINDINGS[told.binding]
        if binding not in peer.sign_on:
            raise SamlRefused("metadata_incomplete", "it offers no such binding")
        request = self._request(provider, told, wanted, chosen, peer.sign_on[binding], now)
        details = {
            "request": request.id,
            "at": now.isoformat(),
            "minimum": wanted.minimum.label,
            "again": "yes" if request.again else "",
            "country": chosen.country,
            "enterprise": "yes" if chosen.enterprise else "",
        }
        if provider.kind is ProviderKind.EIDAS:
            message = eidas_request(request, sector=told.sector, enterprise=chosen.enterprise)
        else:
            message = federal_request(request)
        leaving = (request.destination, self.correspondence.new_state())
        sent = self.correspondence.sent(message, told, field="SAMLRequest", binding=binding, leaving=leaving)
        return replace(sent, details=details)

    def come_back(self, provider: LoginProvider, details: Mapping[str, str], response: etree._Element) -> ProvenLogin:
        """What a response proves that passed the filter. SamlRefused, with the code of what is wrong with it."""
        told, now = registration(provider), self.correspondence.now()
        parties = Parties(
            peer=self.correspondence.peer(told),
            ourselves=self.correspondence.ourselves(provider, told),
            demands=told.demands,
        )
        asked = self._asked(provider, told, details)
        _still_offered(asked, told)
        statement = accept(response, parties, asked, now)
        there = SessionThere(name=statement.name, index=statement.session)
        proven = ProvenLogin(
            provider=provider.id,
            key=provider.key,
            assurance=asked.levels[statement.level],
            authenticated_at=statement.authenticated_at,
            reference=statement.id,
            expires_at=max(statement.confirmed_until, statement.not_on_or_after),
            provider_session=statement.name.key,
            logout_hint=there.written() if provider.kind is ProviderKind.SAML else "",
        )
        return _named(proven, provider.kind, statement, asked, told)

    def metadata(self, provider: LoginProvider) -> bytes:
        """What the identity provider is to know of us, signed."""
        told = registration(provider)
        post = self.correspondence
        ends_sessions = provider.kind is ProviderKind.SAML
        return own_metadata(
            told, post.ourselves(provider, told), post.keys, post.new_id(), post.now(), ends_sessions=ends_sessions
        )

    def _request(
        self,
        provider: LoginProvider,
        told: Registration,
        wanted: Wanted,
        chosen: Chosen,
        destination: str,
        now: datetime,
    ) -> Request:
        notified = chosen.country not in told.not_notified
        known = levels.admitted(provider, notified=notified)
        ourselves = self.correspondence.ourselves(provider, told)
        return Request(
            id=self.correspondence.new_id(),
            at=now,
            issuer=ourselves.entity,
            destination=destination,
            acs=ourselves.acs,
            provider_name=told.provider_name,
            levels=levels.asked_for(known, wanted.minimum, ordered=notified),
            comparison="minimum" if notified else "exact",
            again=wanted.again or provider.kind is ProviderKind.EIDAS,
        )

    def _asked(self, provider: LoginProvider, told: Registration, details: Mapping[str, str]) -> Asked:
        country = details["country"]
        return Asked(
            request=details["request"],
            at=datetime.fromisoformat(details["at"]),
            minimum=Assurance.parse(details["minimum"]),
            levels=levels.admitted(provider, notified=country not in told.not_notified),
            again=bool(details["again"]),
            country=country,
            enterprise=bool(details["enterprise"]),
        )


def _still_offered(asked: Asked, told: Registration) -> None:
    """What was switched off since the login began is off for its answer, too."""
    if asked.country and asked.country not in told.countries:
        raise SamlRefused("country_off")
    if asked.enterprise and not told.enterprises:
        raise SamlRefused("enterprises_off")


def _named(
    proven: ProvenLogin, kind: ProviderKind, statement: Statement, asked: Asked, told: Registration
) -> ProvenLogin:
    if kind is ProviderKind.EIDAS:
        foreign = eidas_identity(statement.attributes, asked)
        return replace(
            proven,
            subject=foreign.subject,
            issued_in=asked.country,
            personal=foreign.personal,
            enterprise=foreign.enterprise,
        )
    known = federal_identity(statement.attributes, told.attributes)
    return replace(proven, niss=known.niss, subject=known.subject, personal=known.personal)
