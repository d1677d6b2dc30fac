"""For whom do I act: as citizen, for an enterprise in a capacity, or for a mandator of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.collaborators import PageParts
from admin.form_reading import LONGEST, read_form
from admin.visitors import visitor
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, InvalidInput, Refusal, StepUpRequired
from iam.domain.identifiers import CbeNumber
from iam.domain.sessions import Acting, Session
from iam.services.mandator_choice import Mandators
from iam.web import error_pages, pages
from iam.web.entry import SIGN_IN_PATH, Asks, SignedIn
from iam.web.markers import requires

PATH = "/act-as"


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The choice, and each way to make it."""

    @blueprint.get(PATH)
    @requires(SignedIn())
    def act_as() -> Response:
        """Thousands of mandators are searched: only the first of them are listed."""
        return _page(parts, visitor().session, request.args.get("mandator", "")[:LONGEST].strip())

    @blueprint.post(PATH)
    @requires(SignedIn())
    def choose() -> AnyResponse:
        """The session gets another identifier; whether the choice is allowed is judged now."""
        return _change(parts, _chosen(read_form("enterprise", "capacity", "mandator")))

    _add_representing(blueprint, parts)


def _add_representing(blueprint: Blueprint, parts: PageParts) -> None:
    @blueprint.get(f"{PATH}/representative")
    @requires(Asks("access_managers", "designate"))
    def representative() -> Response:
        """Where a stronger login leads back to, with the number that was typed before it."""
        (typed, *_) = (parts.hall.kept_form() or {}).get("enterprise", [""])
        return _page(parts, visitor().session, "", represented=typed)

    @blueprint.post(f"{PATH}/representative")
    @requires(Asks("access_managers", "designate"))
    def represent() -> AnyResponse:
        """The register of enterprises is asked now; what it refuses is told beside the number."""
        written = read_form("enterprise")["enterprise"]
        try:
            parts.hall.represent(CbeNumber.parse(written))
        except Refusal as refusal:
            error_pages.note(error_pages.status_of(refusal), refusal.code)
            return _page(parts, visitor().session, "", represented=written, not_represented=refusal)
        return redirect("/", 303)


def _change(parts: PageParts, acting: Acting) -> AnyResponse:
    """Act as chosen; where only a stronger login is lacking, lead to one and back to the mandator."""
    try:
        parts.hall.act_as(acting)
    except StepUpRequired as weak:
        asked = {name: str((weak.cure or {})[name]) for name in ("service", "action")}
        parts.hall.arrive(return_to=f"{PATH}?mandator={acting.mandator}", **asked)
        return redirect(SIGN_IN_PATH, 303)
    return redirect("/", 303)


def _page(
    parts: PageParts,
    session: Session,
    written: str,
    *,
    represented: str = "",
    not_represented: Refusal | None = None,
) -> Response:
    found, refused = Mandators(numbers=(), complete=True), ""
    if session.capacity in MANDATARY_CAPACITIES:
        try:
            found = parts.contexts.mandators(session, written)
        except InvalidInput as refusal:
            refused = refusal.code
    return pages.show(
        "act_as.html",
        error_pages.status_of(not_represented) if not_represented else 400 if refused else 200,
        session=session,
        offers=parts.contexts.offered(session.person),
        searchable=session.capacity in MANDATARY_CAPACITIES,
        found=found,
        written=written,
        refused=refused,
        represented=represented,
        not_represented=not_represented.code if not_represented else "",
    )


def _chosen(form: Mapping[str, str]) -> Acting:
    """What a button of the page stands for. InvalidInput as `CbeNumber.parse`; Forbidden for an unknown capacity."""
    if form["capacity"] and form["capacity"] not in list(Capacity):
        raise Forbidden("context_not_yours", "You cannot act for this enterprise in this way.")
    return Acting(
        enterprise=CbeNumber.parse(form["enterprise"]).value if form["enterprise"] else None,
        capacity=Capacity(form["capacity"]) if form["capacity"] else None,
        mandator=CbeNumber.parse(form["mandator"]).value if form["mandator"] else None,
    )
