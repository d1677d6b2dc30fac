"""The doors of logins, each connected to the hall and to what it needs of the house."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import urlsplit

from flask import Blueprint

from iam.credentials.activation_pages import activation_blueprint
from iam.credentials.card_settings import certificate_settings, web_eid_settings
from iam.credentials.cards import Cards
from iam.credentials.certificate_door import certificate_blueprint
from iam.credentials.certificate_handover import Handover
from iam.credentials.certificate_login import CertificateLogin
from iam.credentials.one_time_code import KEYS, one_time_code_blueprint
from iam.credentials.own_keys_pages import OwnKeysParts, own_keys_blueprint
from iam.credentials.own_login import OwnLogins, check_own_provider
from iam.credentials.passkey import passkey_blueprint
from iam.credentials.password import password_blueprint
from iam.credentials.revocation import Revocation
from iam.credentials.web_eid import WebEid
from iam.credentials.web_eid_door import web_eid_blueprint
from iam.credentials.webauthn_ceremonies import Ceremonies
from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.house import House
from iam.outside.certificate_status import HttpCertificateStatus
from iam.outside.guarded_web import GuardedWeb
from iam.outside.login_providers import Check
from iam.services.farewells import Way, opened_hint
from iam.services.own_keys import OwnKeys
from iam.services.passkeys import Passkeys
from iam.services.provider_logout import ProviderLogout
from iam.services.sessions import Sessions
from iam.web.browser_hall import BrowserHall
from iam.web.pages import origin_of
from oidc.relying_party.door import oidc_login_blueprint
from oidc.relying_party.logout import ProviderLogouts, farewell_address
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.registration import read_registration
from oidc.relying_party.relying_party import Parts, RelyingParty
from saml.door import saml_login_blueprint
from saml.farewells import SamlFarewells
from saml.logout_door import Logouts
from saml.logout_orders import LogoutOrders
from saml.own_keys import SamlKeys
from saml.peer_metadata import KnownPeers
from saml.provider_settings import registration
from saml.service_provider import ServiceProvider


class Doors:
    """Every way in, made when it is first asked for."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._production = not house.settings.sandbox
        self._web_eid = web_eid_settings(production=self._production)
        self._certificate = certificate_settings(production=self._production)

    def checks(self) -> Mapping[ProviderKind, Check]:
        """How each kind of door reads the settings of its providers."""
        return {
            ProviderKind.OIDC: self._check_oidc,
            ProviderKind.EIDAS: _check_saml,
            ProviderKind.SAML: _check_saml,
            ProviderKind.WEB_EID: self._web_eid.check,
            ProviderKind.CERTIFICATE: self._certificate.check,
            ProviderKind.PASSWORD: lambda one: check_own_provider(one, {LoginKey.PASSWORD}),
            ProviderKind.ONE_TIME_CODE: lambda one: check_own_provider(one, KEYS),
            ProviderKind.PASSKEY: lambda one: check_own_provider(one, {LoginKey.PASSKEY}),
        }

    def ways(self) -> Mapping[ProviderKind, Way]:
        """Where people log out at providers that support it."""
        return {
            ProviderKind.OIDC: lambda provider, hint: farewell_address(self.relying_party, provider, hint),
            ProviderKind.SAML: self._saml_farewells.way,
        }

    def blueprints(self, hall: BrowserHall, sessions: Sessions) -> list[Blueprint]:
        """All of them, to be given to the portal."""
        house = self._house
        obey = ProviderLogout(house.archive, sessions).obey
        logouts = ProviderLogouts(self.relying_party, obey)
        orders = LogoutOrders(
            self._service_provider.correspondence, obey, lambda session: opened_hint(session, house.sealer)
        )
        return [
            oidc_login_blueprint(hall, self.relying_party, logouts),
            saml_login_blueprint(hall, self._service_provider, Logouts(self._saml_farewells, orders)),
            *self._of_cards(hall),
            *self._of_own_keys(hall),
        ]

    @cached_property
    def relying_party(self) -> RelyingParty:
        """We, as client of OpenID Providers."""
        house = self._house
        return RelyingParty(
            Parts(
                base_url=house.settings.issuer,
                production=self._production,
                web=GuardedWeb(public_only=self._production),
                keys=RelyingPartyKeys(house.archive, house.chest, house.sealer, house.clock),
                clock=house.clock,
                randomness=house.randomness,
            )
        )

    @cached_property
    def saml_keys(self) -> SamlKeys:
        """The keys that SAML identity providers know us by."""
        house = self._house
        name = urlsplit(house.settings.issuer).hostname or ""
        return SamlKeys(house.archive, house.chest, house.sealer, house.clock, name)

    @cached_property
    def _service_provider(self) -> ServiceProvider:
        house, peers = self._house, KnownPeers(production=self._production)
        return ServiceProvider(house.settings.issuer, self.saml_keys, peers, house.clock, house.randomness)

    @cached_property
    def _saml_farewells(self) -> SamlFarewells:
        return SamlFarewells(self._service_provider.correspondence, self._house.sealer)

    def _of_cards(self, hall: BrowserHall) -> list[Blueprint]:
        house = self._house
        origin = origin_of(house.settings.issuer)
        servers = HttpCertificateStatus(public_only=self._production)
        cards = Cards(Revocation(servers, house.clock, house.randomness), house.clock)
        web_eid = WebEid(cards, self._web_eid, house.clock, house.randomness, origin)
        handover = Handover(house.archive, house.sealer, house.randomness)
        certificate = CertificateLogin(cards, self._certificate, handover, house.randomness, origin)
        return [web_eid_blueprint(hall, web_eid), certificate_blueprint(hall, certificate)]

    def _of_own_keys(self, hall: BrowserHall) -> list[Blueprint]:
        house, passwords, codes = self._house, self._house.desk.passwords, self._house.desk.one_time_codes
        passkeys = Passkeys(house.archive, house.clock, house.randomness)
        ceremonies = Ceremonies(house.settings.issuer)
        logins = OwnLogins(house.clock, house.randomness)
        site = urlsplit(house.settings.issuer).hostname or ""
        parts = OwnKeysParts(
            own=OwnKeys(house.archive),
            passwords=passwords,
            codes=codes,
            passkeys=passkeys,
            ceremonies=ceremonies,
            site=site,
        )
        return [
            password_blueprint(hall, passwords, logins, house.randomness),
            one_time_code_blueprint(hall, passwords, codes, logins),
            passkey_blueprint(hall, passkeys, ceremonies, logins, house.randomness),
            activation_blueprint(house.desk.activation_codes, codes, hall.here, site),
            own_keys_blueprint(parts),
        ]

    def _check_oidc(self, provider: LoginProvider) -> None:
        read_registration(provider, production=self._production)


def _check_saml(provider: LoginProvider) -> None:
    registration(provider)
