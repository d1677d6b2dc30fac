"""Access tokens as others see them: the claims of RFC 9068, with the whole chain of authority in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from iam.domain.tokens import IssuedToken
from iam.services.scope_judgement import JudgedScope
from iam.services.subjects import Subjects
from iam.services.token_issue import Standing
from oidc import jose
from oidc.provider.authorization_details import CITIZEN, MANDATOR, OWN_ENTERPRISE
from oidc.provider.levels import acr_of
from oidc.signing_keys import SigningKey

TYPE: Final = "at+jwt"


def sign_access_token(standing: Standing, issuer: str, key: SigningKey, names: Subjects) -> str:
    """The signed token, of type `at+jwt` (RFC 9068 §2.1)."""
    return jose.sign(claims_of(standing, issuer, names), key, typ=TYPE)


def subject_of(standing: Standing, names: Subjects) -> str:
    """Who acts with a token: the client itself, or a person by the name that the sector knows."""
    person = standing.token.person
    software = standing.token.software or standing.token.client
    return software if person is None else names.sub_for(person, standing.sector)


def claims_of(standing: Standing, issuer: str, names: Subjects) -> dict[str, object]:
    """The claims of a token (RFC 9068 §2.2); `aud` is the code of the one service that it is for, or our own issuer."""
    token = standing.token
    told: dict[str, object] = {
        "iss": issuer,
        "sub": subject_of(standing, names),
        "client_id": token.client,
        "aud": token.service or issuer,
        "scope": " ".join(token.scopes),
        "jti": token.jti,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    if standing.login is not None:
        told |= {"acr": acr_of(standing.login.assurance), "auth_time": int(standing.login.authenticated_at.timestamp())}
    if token.actors:
        told["act"] = acting(token.actors)
    if token.binding:
        told["cnf"] = confirmation(token.binding)
    if standing.scopes:
        told["authorization_details"] = details_of(standing)
    return told


def acting(actors: Sequence[str]) -> dict[str, object]:
    """The clients through which a token came, the last one outermost (RFC 8693 §4.1)."""
    told: dict[str, object] = {}
    for actor in reversed(actors):
        told = {"sub": actor, **({"act": told} if told else {})}
    return told


def confirmation(binding: str) -> dict[str, str]:
    """To what a token is bound (RFC 9449 §6.1, RFC 8705 §3.1)."""
    kind, _, thumbprint = binding.partition(":")
    return {"x5t#S256" if kind == "x5t" else "jkt": thumbprint}


def binding_of(claims: Mapping[str, object]) -> str:
    """To what a token with these claims is bound, as `IssuedToken.binding`; empty for a bearer token."""
    told = claims.get("cnf")
    if not isinstance(told, Mapping):
        return ""
    return f"x5t:{told['x5t#S256']}" if "x5t#S256" in told else f"jkt:{told.get('jkt', '')}"


def token_type_of(token: IssuedToken) -> str:
    """How the token is presented (RFC 6750, RFC 9449 §5)."""
    return "DPoP" if token.binding.startswith("jkt:") else "Bearer"


def details_of(standing: Standing) -> list[dict[str, object]]:
    """For whom the subject acts, and for each scope the decision and the recorded facts that it rests on.

    One element (RFC 9396 §7): `employer` is the employer concerned; `enterprise` and `capacity` are the subject's own;
    `authority` has one entry a scope: the decision's id, its rules, the ids of what it rests on, and in `on_condition`
    the resource properties that each check must bring because no token can know them.
    """
    token, first = standing.token, standing.scopes[0].decision
    own = {"capacity": token.capacity, "enterprise": token.enterprise, "employer": token.mandator or token.enterprise}
    return [
        {
            **_for_whom(token),
            **{name: str(value) for name, value in own.items() if value},
            "client": token.client,
            "authority": [_authority(one) for one in standing.scopes],
            "book": first.book,
            "revision": first.revision,
        }
    ]


def _for_whom(token: IssuedToken) -> dict[str, object]:
    if token.mandator:
        return {"type": MANDATOR, "mandator": token.mandator}
    return {"type": OWN_ENTERPRISE if token.enterprise else CITIZEN}


def _authority(judged: JudgedScope) -> dict[str, object]:
    decision = judged.decision
    told: dict[str, object] = {
        "scope": judged.scope,
        "decision": decision.id,
        "rules": list(decision.rules),
        **dict(decision.authority),
    }
    return told | ({"on_condition": list(judged.on_condition)} if judged.on_condition else {})
