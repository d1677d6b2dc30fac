"""Access tokens as others see them: the claims of RFC 9068, with the whole chain of authority in one place."""

from __future__ import annotations

from typing import Final

from iam.domain.tokens import IssuedToken
from iam.services.scope_judgement import JudgedScope
from iam.services.tokens import Standing
from oidc import jose
from oidc.provider.authorization_details import MANDATOR, OWN_ENTERPRISE
from oidc.signing_keys import SigningKey

TYPE: Final = "at+jwt"


def sign_access_token(standing: Standing, issuer: str, key: SigningKey) -> str:
    """The signed token, of type `at+jwt` (RFC 9068 §2.1)."""
    return jose.sign(claims_of(standing, issuer), key, typ=TYPE)


def claims_of(standing: Standing, issuer: str) -> dict[str, object]:
    """The claims of a token (RFC 9068 §2.2); `sub` is who acts, and `aud` the code of the one service it is for."""
    token = standing.token
    return {
        "iss": issuer,
        "sub": token.client,
        "client_id": token.client,
        "aud": token.service,
        "scope": " ".join(token.scopes),
        "jti": token.jti,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "authorization_details": details_of(standing),
    }


def details_of(standing: Standing) -> list[dict[str, object]]:
    """For whom the client acts, and for each scope the decision and the recorded facts that it rests on.

    One element (RFC 9396 §7): `employer` is the employer concerned; `enterprise` and `capacity` are the client's own;
    `authority` has one entry a scope: the decision's id, its rules, the ids of what it rests on, and in `on_condition`
    the resource properties that each check must bring because no token can know them.
    """
    token, first = standing.token, standing.scopes[0].decision
    return [
        {
            **_for_whom(token),
            "capacity": token.capacity.value,
            "enterprise": token.enterprise,
            "employer": token.mandator or token.enterprise,
            "client": token.client,
            "authority": [_authority(one) for one in standing.scopes],
            "book": first.book,
            "revision": first.revision,
        }
    ]


def _for_whom(token: IssuedToken) -> dict[str, object]:
    return {"type": MANDATOR, "mandator": token.mandator} if token.mandator else {"type": OWN_ENTERPRISE}


def _authority(judged: JudgedScope) -> dict[str, object]:
    decision = judged.decision
    told: dict[str, object] = {
        "scope": judged.scope,
        "decision": decision.id,
        "rules": list(decision.rules),
        **dict(decision.authority),
    }
    return told | ({"on_condition": list(judged.on_condition)} if judged.on_condition else {})
