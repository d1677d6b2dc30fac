"""The doors of the sandbox's citizen authority: the status of cards, and the software card for the portal's page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iam.ports import Clock
from iam.sandbox.country import Country, Persona
from iam.sandbox.identity_providers.card_status import OCSP_TYPE, CardStatus
from iam.sandbox.identity_providers.citizen_authority import LOGIN_POLICY, CardKind, CitizenAuthority
from iam.sandbox.identity_providers.software_card import Trick, token

CARDS = "/cards"
PROVIDER = "eid"
_LABELS = {"nl": "Identiteitskaart (eID)", "fr": "Carte d'identité (eID)", "de": "Personalausweis (eID)"}


class CitizenCards:
    """The authority with its responder and everybody's cards, at an address of the sandbox."""

    def __init__(self, server: str, portal: str, country: Country, clock: Clock) -> None:
        """`server` is where the sandbox's identity providers are reached; `portal` the portal's origin."""
        self.url = url = server + CARDS
        self.portal = portal
        self.people: Mapping[str, Persona] = country.personas
        self.authority = CitizenAuthority(clock, f"{url}/ocsp")
        self.status = CardStatus(self.authority, clock)

    def blueprint(self) -> Blueprint:
        """The addresses of the authority and of the software card."""
        return citizen_cards_door(self)

    def told(self) -> dict[str, str]:
        """Where to learn which cards there are."""
        return {"citizen_cards": f"{self.url}/offer"}

    def configuration(self) -> str:
        """The table of PROCURA_LOGIN_PROVIDERS by which people log in with these cards, in TOML."""
        labels = _LABELS | {"en": "Identity card (eID)"}
        return "\n".join(
            [
                f"[providers.{PROVIDER}]",
                'kind = "web_eid"',
                'key = "eid"',
                'highest = "high"',
                f'levels = {{ "{LOGIN_POLICY}" = "high" }}',
                f"labels = {{ {', '.join(f'{name} = {json.dumps(text)}' for name, text in labels.items())} }}",
                f"[providers.{PROVIDER}.settings]",
                f"authorities = {json.dumps(self.authority.pem)}",
                f"roots = {json.dumps(self.authority.root_pem)}",
                f'software_card = "{self.url}/software_card.js"',
                "",
            ]
        )


def card_players(server: str, portal: str, country: Country, clock: Clock) -> Sequence[CitizenCards]:
    """The citizen authority, who plays with its cards."""
    return [CitizenCards(server, portal, country, clock)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    persona: str
    kind: CardKind = CardKind.P384
    trick: Trick = Trick.NONE
    challenge: str = Field(min_length=1, max_length=200)


def citizen_cards_door(cards: CitizenCards) -> Blueprint:
    """The doors under `CARDS`."""
    door = Blueprint("citizen_cards", __name__, url_prefix=CARDS)

    @door.post("/ocsp")
    def status() -> Response:
        try:
            return Response(cards.status.answer(request.get_data()), content_type=OCSP_TYPE)
        except ValueError:
            abort(400)

    @door.get("/software_card.js")
    def script() -> Response:
        code = files(__package__).joinpath("static/software_card.js").read_bytes()
        return Response(code, content_type="text/javascript; charset=utf-8")

    @door.get("/offer")
    def offer() -> Response:
        people = [{"alias": one.alias, "name": one.name, "part": one.part} for one in cards.people.values()]
        return jsonify(people=people, kinds=list(CardKind), tricks=list(Trick))

    @door.post("/sign")
    def sign() -> Response:
        """Sign for the page that asks: its origin is what the browser says, as with the real extension."""
        order, persona = _order(cards)
        if request.headers.get("Origin") != cards.portal:
            abort(403)
        told = token(cards.authority, cards.status, persona, order.kind, order.trick, cards.portal, order.challenge)
        return jsonify(told)

    @door.after_request
    def let_the_portal_read(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = cards.portal
        response.headers["Vary"] = "Origin"
        return response

    return door


def _order(cards: CitizenCards) -> tuple[_Order, Persona]:
    try:
        order = _Order.model_validate_json(request.get_data())
    except ValidationError:
        abort(400)
    persona = cards.people.get(order.persona)
    return (order, persona) if persona is not None else abort(404)
