"""Portfolios at the door: for which of a provider's mandators a person or software may act."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.grants import Holder
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import PREFIX, Cbe, EndInput, PeriodInput, PhaseAsked, Validity, told
from iam.domain.appointments import Portfolio, PortfolioKind
from iam.domain.instants import format_instant
from iam.services.grant_views import GivenFilter, GrantViews
from iam.services.portfolios import NewPortfolio
from iam.services.readings import Phase
from iam.web.markers import requires
from iam.web.models import Identifier
from iam.web.paging import Page
from iam.web.routes import Answer, Api


class PortfolioInput(PeriodInput):
    """Which mandators a holder is to act for: all, those of a group, or all but those of a group."""

    holder: Holder
    kind: PortfolioKind
    group: Identifier | None = None


class PortfolioShown(Validity):
    """For which mandators a holder may act."""

    id: str
    holder: str
    enterprise: str
    kind: PortfolioKind
    group: str | None
    given_by: Annotated[str, Field(description="The appointment of the manager.")]


class PortfolioQuery(ListingQuery):
    """Filters of the listing."""

    holder: Holder | None = None
    phase: PhaseAsked = PhaseAsked.RUNNING


def portfolios_api(parts: Collaborators) -> Api:
    """Giving and taking back portfolios."""
    api = Api("Portfolios", prefix=PREFIX, about="For which of a provider's mandators people and software act.")
    _declare_reading(api, parts, GrantViews(parts.readings, parts.judge))
    _declare_giving(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators, views: GrantViews) -> None:
    @api.get(
        "/enterprises/<enterprise>/portfolios",
        summary="List portfolios",
        query=PortfolioQuery,
        answers={200: Page[PortfolioShown]},
    )
    @requires(Person("access_management"))
    def list_portfolios(caller: PersonCall, enterprise: Cbe, query: PortfolioQuery) -> Page[PortfolioShown]:
        """For managers, in the capacity acted in; for everybody, those that they hold: name the own appointment."""
        actor = parts.acting.insider(caller, enterprise)
        wanted = GivenFilter(holder=query.holder, phase=query.phase.phase)
        found = views.portfolios(actor, wanted, query.part(parts.once.revision))
        return listed(Page[PortfolioShown], found, lambda one: _shown(*one))

    @api.get(
        "/enterprises/<enterprise>/portfolios/<portfolio>",
        summary="Read a portfolio",
        query=MomentQuery,
        answers={200: PortfolioShown},
    )
    @requires(Person("access_management"))
    def read_portfolio(
        caller: PersonCall, enterprise: Cbe, portfolio: Identifier, query: MomentQuery
    ) -> PortfolioShown:
        """For managers, in the capacity acted in, and for the holder."""
        return _shown(*views.portfolio(parts.acting.insider(caller, enterprise), portfolio, query.moment()))


def _declare_giving(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/portfolios",
        summary="Give a portfolio",
        body=PortfolioInput,
        answers={201: PortfolioShown},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def give_portfolio(caller: PersonCall, enterprise: Cbe, body: PortfolioInput) -> Answer:
        """To act for a mandator everybody needs a portfolio that holds it, beside a grant and the mandate."""
        actor = parts.acting.insider(caller, enterprise)
        order = NewPortfolio(holder=body.holder, kind=body.kind, group=body.group, start=body.since, end=body.until)
        given = parts.portfolios.give(actor, order)
        where = f"{PREFIX}/enterprises/{given.enterprise}/portfolios/{given.id}"
        return Answer(_shown(given, Phase.of(given.valid, parts.clock.now())), location=where)

    @api.post(
        "/enterprises/<enterprise>/portfolios/<portfolio>/end",
        summary="Take back a portfolio",
        body=EndInput,
        answers={204: None},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def end_portfolio(caller: PersonCall, enterprise: Cbe, portfolio: Identifier, body: EndInput) -> None:
        """Now, or at an instant ahead."""
        parts.portfolios.take_back(parts.acting.insider(caller, enterprise), portfolio, body.at)


def _shown(portfolio: Portfolio, phase: Phase) -> PortfolioShown:
    return PortfolioShown(
        id=portfolio.id,
        holder=portfolio.holder,
        enterprise=portfolio.enterprise,
        kind=portfolio.kind,
        group=portfolio.group,
        given_by=portfolio.given_by,
        since=format_instant(portfolio.valid.start),
        until=told(portfolio.valid.end),
        phase=phase,
    )
