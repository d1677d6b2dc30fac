"""The entrance: the portal of pages with its hall and every door of logins, connected to the house behind it."""

from __future__ import annotations

from functools import cached_property

from flask import Blueprint, Flask, request

from admin.collaborators import PageParts
from admin.newcomers.collaborators import NewcomerParts
from admin.newcomers.newcomer_pages import newcomers_blueprint
from admin.portal_pages import portal_blueprint
from iam.domain.sessions import SessionRules
from iam.doors import Doors
from iam.house import House
from iam.outside.guarded_web import GuardedWeb
from iam.outside.login_providers import FileProviderBook
from iam.services.contexts import Contexts
from iam.services.farewells import Farewells
from iam.services.identity_matching import IdentityMatching
from iam.services.login_ends import LoginEnds
from iam.services.login_history import LoginHistory
from iam.services.logout_notices import LogoutNotices
from iam.services.mandator_choice import MandatorChoice
from iam.services.permissions import Permissions
from iam.services.sessions import Sessions
from iam.services.sign_in import SignIn
from iam.services.signal_concerns import Names
from iam.services.signal_listeners import SessionListeners
from iam.services.visits import Visits
from iam.web.browser_hall import BrowserHall, HallParts
from iam.web.entry import PageGuard
from iam.web.leaving import Farewell
from iam.web.portal import PortalParts, create_portal
from iam.web.texts import chosen_language
from oidc.provider.authorization_door import authorization_blueprint
from oidc.provider.authorization_response import Responses
from oidc.provider.authorization_standing import AuthorizationParts
from oidc.provider.backchannel_logout import BackchannelLogout
from oidc.provider.device_pages import device_blueprint
from oidc.provider.end_session import EndSessionParts, end_session_blueprint
from oidc.provider.frontchannel_logout import ToldServices
from oidc.provider.id_tokens import OwnIdTokens
from oidc.provider.registration_pages import RegistrationPages, registration_blueprint


class Entrance:
    """Everything behind the pages, built once a process."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.doors = Doors(house)

    @cached_property
    def providers(self) -> FileProviderBook:
        """The login providers as configured now. Raises UnsafeSettings or OSError when it is first asked for."""
        settings = self.house.settings
        return FileProviderBook(settings.login_providers, production=not settings.sandbox, checks=self.doors.checks())

    @cached_property
    def sessions(self) -> Sessions:
        """Who is logged in."""
        house = self.house
        return Sessions(house.archive, house.clock, house.randomness, self.providers, SessionRules())

    @cached_property
    def visits(self) -> Visits:
        """Who is about to log in."""
        return Visits(self.house.archive, self.house.clock, self.house.randomness)

    @cached_property
    def sign_in(self) -> SignIn:
        """Where every login becomes a session."""
        house = self.house
        return SignIn(house.archive, house.randomness, self.sessions, self.providers, IdentityMatching(), house.sealer)

    @cached_property
    def contexts(self) -> Contexts:
        """For whom people may act."""
        house = self.house
        mandators = MandatorChoice(house.archive, house.judge, house.library, house.clock)
        return Contexts(house.archive, house.clock, house.representations, mandators)

    @cached_property
    def login_history(self) -> LoginHistory:
        """What people read of their logins."""
        return LoginHistory(self.house.archive, self.house.clock)

    @cached_property
    def farewells(self) -> Farewells:
        """Where people log out at their providers."""
        return Farewells(self.providers, self.house.sealer, self.doors.ways())

    @cached_property
    def login_ends(self) -> LoginEnds:
        """Logins that end by time."""
        return LoginEnds(self.house.archive, self.house.clock)

    @cached_property
    def logout_notices(self) -> LogoutNotices:
        """Clients that are still to be told of a log-out."""
        return LogoutNotices(self.house.archive, self.house.clock)

    @cached_property
    def teller(self) -> BackchannelLogout:
        """How they are told."""
        house = self.house
        return BackchannelLogout(
            issuer=house.settings.issuer,
            keys=house.keys,
            clock=house.clock,
            subjects=house.subjects,
            registrations=house.token_desk.registrations,
            web=GuardedWeb(public_only=not house.settings.sandbox),
        )

    @cached_property
    def hall(self) -> BrowserHall:
        """Where every door leads."""
        return BrowserHall(
            HallParts(
                sessions=self.sessions,
                visits=self.visits,
                sign_in=self.sign_in,
                contexts=self.contexts,
                farewells=self.farewells,
                providers=self.providers,
                library=self.house.library,
                clock=self.house.clock,
                language=lambda: chosen_language(request),
            )
        )

    def portal(self) -> Flask:
        """The pages as one application."""
        parts = PortalParts(
            base_url=self.house.settings.issuer,
            randomness=self.house.randomness,
            guard=PageGuard(self.hall, self.house.library, self.house.clock),
            present=self.hall.session,
        )
        return create_portal(parts, self._rooms())

    def _rooms(self) -> list[Blueprint]:
        """The pages of each room and the doors of logins."""
        pages = PageParts(
            hall=self.hall,
            contexts=self.contexts,
            sessions=self.sessions,
            history=self.login_history,
            farewells=self.farewells,
            farewell=Farewell(self.farewells, self.providers),
            told=self._told.of,
            permissions=Permissions(self.house.archive, self.house.clock),
            providers=self.providers,
            library=self.house.library,
            represents_abroad=lambda person: bool(self.house.desk.representations_said.own(person)),
        )
        own = [portal_blueprint(pages), newcomers_blueprint(self._newcomers())]
        desk, law = self.house.token_desk, self.house.library
        software = registration_blueprint(RegistrationPages(requests=desk.software_requests, library=law))
        asking = self._authorization()
        clients = [authorization_blueprint(asking), end_session_blueprint(self._end_session()), software]
        clients.append(device_blueprint(asking, desk.devices))
        return [*own, *clients, *self.doors.blueprints(self.hall, self.sessions)]

    def _authorization(self) -> AuthorizationParts:
        house = self.house
        return AuthorizationParts(
            hall=self.hall,
            registrations=house.token_desk.registrations,
            requests=house.token_desk.requests,
            grants=house.token_desk.grants,
            contexts=self.contexts,
            subjects=house.subjects,
            responses=Responses(issuer=house.settings.issuer, keys=house.keys, clock=house.clock),
            providers=self.providers,
            library=house.library,
            clock=house.clock,
        )

    @cached_property
    def _told(self) -> ToldServices:
        house = self.house
        names = Names(issuer=house.settings.issuer, subjects=house.subjects)
        return ToldServices(house.archive, names.issuer, SessionListeners(names=names, clock=house.clock))

    def _end_session(self) -> EndSessionParts:
        house = self.house
        return EndSessionParts(
            hall=self.hall,
            registrations=house.token_desk.registrations,
            own_id_tokens=OwnIdTokens(house.settings.issuer, house.keys),
            subjects=house.subjects,
            told=self._told,
            farewell=Farewell(self.farewells, self.providers),
        )

    def _newcomers(self) -> NewcomerParts:
        desk = self.house.desk
        return NewcomerParts(
            hall=self.hall,
            visits=self.visits,
            registrations=desk.registrations,
            foreign_enterprises=desk.foreign_enterprises,
            invitations=desk.invitations,
            said=desk.representations_said,
            entry_proposals=desk.entry_proposals,
        )
