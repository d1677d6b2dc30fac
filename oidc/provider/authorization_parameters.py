"""The parameters of a request for authorization, read for one client by the rules of its profile."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iam.domain.assurance import Assurance
from iam.domain.client_metadata import ClientMetadata, GrantType
from iam.domain.clients import Profile
from iam.domain.enterprises import Capacity
from iam.ports import Law
from iam.services.authorization_grants import Asked
from oidc.provider.asked_scopes import read_asked_mandator, read_scopes, read_target
from oidc.provider.authorization_answering import MODES, Registered, modes_of
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.claims_parameter import RequestedClaims, read_claims
from oidc.provider.levels import assurance_of

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")
_THUMBPRINT: Final = _CHALLENGE
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
LONGEST_STATE: Final = 1_024
LONGEST_NONCE: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the client says of the person whom it sends."""

    ui_locales: tuple[str, ...]
    login: str
    """The way to log in that it suggests."""
    id_token: str

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Hints:
        """The hints of a request, empty for none."""
        return cls(
            ui_locales=tuple(parameters.get("ui_locales", "").split()),
            login=parameters.get("login_hint", ""),
            id_token=parameters.get("id_token_hint", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationParameters:
    """A request that was read and found good."""

    asked: Asked
    state: str
    response_mode: str
    prompt: frozenset[str]
    max_age: int | None
    level: Assurance
    """What the request asks of the login, `LOW` without."""
    essential: bool
    """Whether the level was asked as essential: without it there is no answer but an error."""
    claims: RequestedClaims
    hints: Hints
    mandator: tuple[str, Capacity] | None
    """For whom the person is to act, as `authorization_details` say."""

    @property
    def silent(self) -> bool:
        """Whether nothing may be shown to the person."""
        return "none" in self.prompt


def read_parameters(
    parameters: Mapping[str, str], whose: Registered, *, issuer: str, law: Law, pushed: bool, key_thumbprint: str = ""
) -> AuthorizationParameters:
    """Read a request, in these steps:

    (1) the client may ask people at all, and by this way: who must push its requests has pushed this one;
    (2) `response_type` is `code`, `response_mode` one of ours;
    (3) the challenge is there, method S256 (RFC 7636 §4.4.1), save in the profile `oidc-basic`;
    (4) the scopes are the client's own; the national number takes a recorded legal ground;
    (5) `resource` is the service of the scopes (RFC 8707), `authorization_details` name one mandator (RFC 9396);
    (6) `prompt`, `max_age`, `acr_values` and `claims` say what is asked of the login, `dpop_jkt` which key signed.

    Parameters that we do not know are ignored (RFC 6749 §3.1). Raises AuthorizationRefused.
    """
    _may_ask(parameters, whose, pushed)  # (1)
    mode, challenge = _mode(parameters, whose.metadata), _challenge(parameters, whose)  # (2) (3)
    scopes = read_scopes(parameters, whose, law)  # (4)
    claims = read_claims(parameters.get("claims"), whose.metadata.scopes)
    read_target(parameters, scopes, issuer, law)  # (5)
    level, essential = _level(parameters, claims)  # (6)
    return AuthorizationParameters(
        asked=_asked(
            parameters,
            whose,
            scopes,
            challenge=challenge,
            claims=claims.written,
            key_thumbprint=key_thumbprint,
        ),
        state=_bounded(parameters, "state", LONGEST_STATE),
        response_mode=mode,
        prompt=_prompt(parameters),
        max_age=_max_age(parameters, whose.metadata),
        level=level,
        essential=essential,
        claims=claims,
        hints=Hints.of(parameters),
        mandator=read_asked_mandator(parameters, scopes, law),
    )


def _asked(
    parameters: Mapping[str, str], whose: Registered, scopes: tuple[str, ...], *, key_thumbprint: str, **more: str
) -> Asked:
    return Asked(
        client=whose.client,
        redirect_uri=parameters["redirect_uri"],
        scopes=scopes,
        nonce=_bounded(parameters, "nonce", LONGEST_NONCE),
        key_thumbprint=_thumbprint(parameters, key_thumbprint),
        **more,
    )


def _may_ask(parameters: Mapping[str, str], whose: Registered, pushed: bool) -> None:
    if GrantType.AUTHORIZATION_CODE not in whose.metadata.grant_types:
        raise _refused(AuthorizationFault.UNAUTHORIZED_CLIENT, "no_code_flow", "The client is not registered for it.")
    if (whose.metadata.pushed_only or whose.client.profile is Profile.DEFAULT) and not pushed:
        detail = "This client pushes its requests first (RFC 9126)."
        raise _refused(AuthorizationFault.INVALID_REQUEST, "not_pushed", detail)
    if "registration" in parameters:
        detail = "Clients are registered before they ask."
        raise _refused(AuthorizationFault.REGISTRATION_NOT_SUPPORTED, "registration_not_supported", detail)


def _mode(parameters: Mapping[str, str], metadata: ClientMetadata) -> str:
    kind = parameters.get("response_type")
    if kind is None:
        raise _refused(AuthorizationFault.INVALID_REQUEST, "parameter_missing", "Send the parameter response_type.")
    if kind != "code":
        detail = "The response type is 'code'."
        raise _refused(AuthorizationFault.UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type", detail)
    modes = modes_of(metadata)
    mode = parameters.get("response_mode", modes[0])
    if mode not in MODES:
        raise _refused(AuthorizationFault.INVALID_REQUEST, "unknown_response_mode", f"Use one of {', '.join(modes)}.")
    if mode not in modes:
        reason = "unsigned_response_mode" if metadata.authorization_alg else "signed_response_mode"
        detail = f"This client is answered by one of {', '.join(modes)}."
        raise _refused(AuthorizationFault.INVALID_REQUEST, reason, detail)
    return mode


def _challenge(parameters: Mapping[str, str], whose: Registered) -> str:
    challenge = parameters.get("code_challenge", "")
    if not challenge and whose.client.profile is Profile.OIDC_BASIC and "code_challenge_method" not in parameters:
        return ""
    if parameters.get("code_challenge_method") != "S256" or _CHALLENGE.fullmatch(challenge) is None:
        detail = "Send code_challenge with code_challenge_method=S256 (RFC 7636)."
        raise _refused(AuthorizationFault.INVALID_REQUEST, "challenge_missing", detail)
    return challenge


def _prompt(parameters: Mapping[str, str]) -> frozenset[str]:
    prompt = frozenset(parameters.get("prompt", "").split())
    if not prompt <= _PROMPTS or ("none" in prompt and len(prompt) > 1):
        detail = "prompt is none alone, or some of login, consent and select_account."
        raise _refused(AuthorizationFault.INVALID_REQUEST, "unknown_prompt", detail)
    return prompt


def _max_age(parameters: Mapping[str, str], metadata: ClientMetadata) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return metadata.default_max_age if metadata.default_max_age >= 0 else None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _refused(AuthorizationFault.INVALID_REQUEST, "malformed_max_age", "max_age is a number of seconds.")
    return int(text)


def _level(parameters: Mapping[str, str], claims: RequestedClaims) -> tuple[Assurance, bool]:
    """The level that is asked: essential by `claims`, else the first of `acr_values` that we know."""
    if claims.levels:
        found = [level for one in claims.levels if (level := assurance_of(one)) is not None]
        if claims.level_essential and not found:
            fault = AuthorizationFault.UNMET_AUTHENTICATION_REQUIREMENTS
            raise _refused(fault, "unknown_level", "None of the levels asked for is one of ours.")
        return min(found, default=Assurance.LOW), claims.level_essential and bool(found)
    voluntary = (assurance_of(one) for one in parameters.get("acr_values", "").split())
    return next((one for one in voluntary if one is not None), Assurance.LOW), False


def _thumbprint(parameters: Mapping[str, str], proven: str) -> str:
    told = parameters.get("dpop_jkt", "")
    if told and (_THUMBPRINT.fullmatch(told) is None or (proven and told != proven)):
        raise _refused(AuthorizationFault.INVALID_REQUEST, "other_key", "dpop_jkt is not the key that signed.")
    return told or proven


def _bounded(parameters: Mapping[str, str], name: str, longest: int) -> str:
    text = parameters.get(name, "")
    if len(text) > longest:
        detail = f"{name} has at most {longest} characters."
        raise _refused(AuthorizationFault.INVALID_REQUEST, "parameter_too_long", detail)
    return text


def _refused(fault: AuthorizationFault, reason: str, description: str) -> AuthorizationRefused:
    return AuthorizationRefused(fault, reason, description)


def written(parameters: Mapping[str, str]) -> str:
    """Parameters as canonical JSON, to be kept."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"))
