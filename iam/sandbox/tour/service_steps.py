"""Steps in which a person logs in to a declaration service, and the service gets a token to act for an employer."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from iam.sandbox.declaration_service.code_flow import CodeFlow
from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.messages import jwt_claims
from iam.sandbox.tour.guide import Guide, WrongTurn
from iam.sandbox.tour.login_steps import Browser
from iam.sandbox.tour.narrator import picked
from iam.sandbox.tour.software_steps import DECLARE

SERVICE: Final = "dimona_web"
DECISION: Final = "/connect/decision"


def log_in_to_dimona(guide: Guide) -> None:
    """Ugo logs in to Dimona and lets it declare for the brewery; the service redeems the code."""
    client = guide.clients[SERVICE]
    login = client.login
    if login is None:
        raise WrongTurn("people do not log in to this client")
    flow = CodeFlow(client, guide.base_url, guide.clock, login.redirect_uris[0])
    try:
        guide.narrator.request(
            "POST", "/oauth2/par", f"{login.label}, by private_key_jwt", {"scope": f"openid {DECLARE}"}
        )
        flow.discover()
        address = flow.begin(f"openid {DECLARE}")
        browser = _decided(guide, address, flow.redirect_uri)
        flow.come_back(dict(parse_qsl(urlsplit(browser.sent_to).query)))
        guide.narrator.request(
            "POST", "/oauth2/token", f"{login.label}, by private_key_jwt", {"grant_type": "authorization_code"}
        )
        tokens = flow.redeem()
    except FlowBroken as broken:
        raise WrongTurn(str(broken)) from None
    claims, person = jwt_claims(tokens["access_token"]), jwt_claims(tokens["id_token"])
    guide.narrator.name(claims["sub"], "name of Ugo for this service")
    detail = claims["authorization_details"][0]
    shown = {
        **picked(claims, "sub", "aud", "scope"),
        **picked(detail, "enterprise", "capacity"),
        **picked(person, "acr"),
    }
    good = detail["enterprise"] == guide.firm("brewery").number.value and claims["sub"] == person["sub"]
    guide.narrator.answer("200 OK", good, shown)
    if not good:
        raise WrongTurn(f"the token is for another enterprise or person: {detail}")


def _decided(guide: Guide, address: str, redirect_uri: str) -> Browser:
    """Ugo's browser, from the service to us, through the login and the decision, and back."""
    ugo, brewery = guide.person("ugo").name, guide.firm("brewery").number.value
    browser = Browser(guide)
    browser.end = redirect_uri
    browser.open(address)
    browser.send("/sign-in/oidc/itsme/start", "chooses itsme")
    browser.send("", f"{ugo}, on the pages of itsme", persona="ugo", answer="log_in")
    if browser.page is not None and f'value="{brewery}"' in browser.page.text:
        browser.send(DECISION, f"{ugo}, who chooses for whom", f'value="{brewery}"', answer="act_as")
    browser.must_be_at(DECISION, "Dimona on the web asks for your consent")
    browser.send(DECISION, f"{ugo} allows it", 'value="allow"', answer="allow")
    if not browser.sent_to:
        raise WrongTurn("the browser is not sent back to the service")
    return browser
