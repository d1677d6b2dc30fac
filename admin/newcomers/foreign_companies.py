"""My foreign companies: for which companies other countries said that the reader logs in, and what to propose of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.form_reading import read_form
from admin.newcomers.collaborators import NewcomerParts
from admin.newcomers.contact_reading import read_email, read_line, read_phone
from admin.visitors import visitor
from iam.domain.errors import Refusal
from iam.domain.foreign_identities import ForeignRepresentation
from iam.domain.identifiers import CbeNumber
from iam.services.entry_proposals import Proposer
from iam.services.foreign_enterprises import NewRequest
from iam.web import pages
from iam.web.devices import address_of
from iam.web.entry import SignedIn
from iam.web.markers import requires
from iam.web.texts import chosen_language

COMPANIES_PATH: Final = "/my/foreign-companies"
REACHED: Final = ("contact_name", "email", "phone")
ASKED: Final = ("representation", "address", "purpose", *REACHED)
PROPOSED: Final = ("representation", "number", *REACHED)
NOTHING: Final[Mapping[str, str]] = dict.fromkeys((*ASKED, "number"), "")


def add(blueprint: Blueprint, parts: NewcomerParts) -> None:
    """The list, the proposals that can be made from it, and what comes after them."""

    @blueprint.get(COMPANIES_PATH)
    @requires(SignedIn())
    def foreign_companies() -> Response:
        return _page(parts)

    @blueprint.post(f"{COMPANIES_PATH}/ask")
    @requires(SignedIn())
    def ask_for_company() -> AnyResponse:
        """Name, country and number are those that the login said, whatever the form says of them."""
        form = read_form(*ASKED)
        return _done(parts, form, lambda: _ask(parts, form))

    @blueprint.post(f"{COMPANIES_PATH}/propose")
    @requires(SignedIn())
    def propose_entry() -> AnyResponse:
        """The answer is the same whether or not the number is anybody's here."""
        form = read_form(*PROPOSED)
        return _done(parts, form, lambda: _propose(parts, form))

    @blueprint.get(f"{COMPANIES_PATH}/proposed")
    @requires(SignedIn())
    def company_proposed() -> Response:
        return pages.show("foreign_company_proposed.html")


def _done(parts: NewcomerParts, form: Mapping[str, str], act: Callable[[], object]) -> AnyResponse:
    try:
        act()
    except Refusal as refusal:
        return _page(parts, {**NOTHING, **form}, refusal.code)
    return redirect(f"{COMPANIES_PATH}/proposed", 303)


def _ask(parts: NewcomerParts, form: Mapping[str, str]) -> None:
    said = parts.said.own_one(visitor().session.person, form["representation"])
    country, _, registered_as = said.identifier.split("/", 2)
    parts.foreign_enterprises.ask(
        NewRequest(
            name=said.name,
            country=country,
            registered_as=registered_as,
            address=read_line(form["address"], "address"),
            purpose=read_line(form["purpose"], "purpose"),
            contact_name=read_line(form["contact_name"], "contact_name"),
            email=read_email(form["email"]),
            phone=read_phone(form["phone"]),
            language=chosen_language(request),
            representation=said.id,
        ),
        address_of(request),
    )


def _propose(parts: NewcomerParts, form: Mapping[str, str]) -> None:
    proposer = Proposer(
        name=read_line(form["contact_name"], "contact_name"),
        email=read_email(form["email"]),
        phone=read_phone(form["phone"]),
        language=chosen_language(request),
    )
    number = CbeNumber.parse(form["number"])
    parts.entry_proposals.propose(visitor().session.person, form["representation"], number, proposer)


def _page(parts: NewcomerParts, written: Mapping[str, str] = NOTHING, refused: str = "") -> Response:
    said: list[ForeignRepresentation] = parts.said.own(visitor().session.person)
    return pages.show("foreign_companies.html", 403 if refused else 200, said=said, written=written, refused=refused)
