"""Steps in which the provider's software is registered, gets a token, and others look at what the token is worth."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from iam.sandbox.software import SandboxClient, new_private_jwk, public_set
from iam.sandbox.tour.guide import Guide, WrongTurn
from iam.sandbox.tour.narrator import picked

SOFTWARE = "software"
"""What the tour calls the provider's technical client."""
DECLARE, CONSULT = "scope:dimona:declaration:declare", "scope:dimona:declaration:consult"
FOREIGN = "scope:drs.unemployment:declaration:introduce"
INTROSPECT = "scope:authorization:token:introspect"
ALGORITHM = "ES256"


def register_software(guide: Guide) -> None:
    """The local manager registers software by its public key; the private one never leaves the provider."""
    private_jwk, capacity = new_private_jwk(ALGORITHM), Capacity.SERVICE_PROVIDER
    jwks = public_set(private_jwk)
    for member in ("x", "y", "kid"):
        guide.narrator.name(jwks["keys"][0][member], f"{member} of its key")
    body = {"capacity": capacity.value, "label": "Payroll software", "algorithm": ALGORITHM, "jwks": jwks}
    path = f"/enterprises/{guide.firm('accountants').number.value}/clients"
    answer = guide.act(
        "lars", "POST", path, body, status=201, show=("kind", "capacity", "label", "phase"), capacity=capacity
    )
    guide.clients[SOFTWARE] = SandboxClient(
        alias="Payroll software",
        client_id=guide.learn(SOFTWARE, answer.told["client_id"]),
        kind=ClientKind.TECHNICAL,
        enterprise=answer.told["enterprise"],
        capacity=capacity,
        algorithm=ALGORITHM,
        services=(),
        private_jwk=private_jwk,
    )


def get_token(guide: Guide) -> None:
    """The software asks for a token to act for its mandator; each scope is one decision."""
    answer = _ask(guide, f"{DECLARE} {CONSULT}")
    guide.must(answer, 200)
    token = answer.told["access_token"]
    guide.learn("access token", token)
    claims = _verified(guide, token)
    guide.learn("id of the token", claims["jti"])
    detail = claims["authorization_details"][0]
    for authority in detail["authority"]:
        _name_authority(guide, authority)
    guide.narrator.answer(answer.line, True, {"token_type": "Bearer", "expires_in": answer.told["expires_in"]})
    guide.narrator.say("The token as any declaration service reads it, verified with the published keys:")
    shown = picked(claims, "sub", "aud", "scope")
    shown["life"] = f"{claims['exp'] - claims['iat']} seconds"
    chain = picked(detail, "type", "mandator", "capacity", "enterprise", "employer")
    authority = {name: value for name, value in detail["authority"][0].items() if name != "decision"}
    guide.narrator.answer("at+jwt", True, {**shown, "authorization_details": {**chain, "authority": authority}})
    if claims["aud"] != "dimona" or detail["mandator"] != guide.firm("brewery").number.value:
        raise WrongTurn("the token is for another service or another mandator")


def ask_for_too_much(guide: Guide) -> None:
    """The software asks for a scope of another group: it is refused, never dropped in silence."""
    answer = _ask(guide, FOREIGN)
    shown = picked(answer.told, "error", "error_description", "error_uri")
    guide.narrator.answer(answer.line, answer.status == 400, shown)
    guide.must(answer, 400)
    if "error_uri" not in answer.told:
        raise WrongTurn(f"expected a reason with an explanation, got {answer.told}")


def introspect(guide: Guide, *, active: bool) -> None:
    """A declaration service asks whether the token is still good."""
    headers = {"Authorization": f"Bearer {guide.token('declarations', INTROSPECT)}"}
    guide.narrator.request("POST", "/oauth2/introspect", "declarations", {"token": guide.learned["access token"]})
    answer = guide.send("POST", "/oauth2/introspect", data={"token": guide.learned["access token"]}, headers=headers)
    guide.must(answer, 200)
    guide.narrator.answer(answer.line, True, picked(answer.told, "active", "sub", "aud", "scope"))
    if answer.told["active"] is not active:
        raise WrongTurn(f"expected active = {active}, got {answer.told}")


def _ask(guide: Guide, scope: str) -> Any:
    details = [
        {
            "type": "procura_mandator",
            "mandator": guide.firm("brewery").number.value,
            "capacity": Capacity.SERVICE_PROVIDER.value,
        }
    ]
    shown = {"grant_type": "client_credentials", "scope": scope, "authorization_details": details}
    guide.narrator.request("POST", "/oauth2/token", "the software, by private_key_jwt", shown)
    return guide.ask_token(SOFTWARE, scope, json.dumps(details))


def _verified(guide: Guide, token: str) -> dict[str, Any]:
    published = guide.send("GET", "/oauth2/jwks")
    guide.must(published, 200)
    decoded = jwt.decode(token, KeySet.import_key_set(published.told), algorithms=[ALGORITHM])
    if decoded.header.get("typ") != "at+jwt":
        raise WrongTurn(f"the token's type is {decoded.header.get('typ')}")
    return dict(decoded.claims)


def _name_authority(guide: Guide, authority: dict[str, Any]) -> None:
    """Name the recorded facts that a permit rests on, whose ids nobody can read."""
    for name, value in authority.items():
        known = value in guide.learned.values()
        if isinstance(value, str) and name not in ("scope", "mandate_version") and not known and len(value) > 12:
            guide.narrator.name(value, f"id of the {name.replace('_', ' ')}")
