"""Client metadata in the words of RFC 7591 and OpenID Connect: read from JSON values, and written as such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from iam.domain.client_metadata import (
    NATIONAL_NUMBER,
    OFFLINE,
    PERSON_SCOPES,
    SECRET_METHODS,
    ApplicationType,
    AuthMethod,
    ClientMetadata,
    GrantType,
)
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.errors import InvalidInput
from iam.services.client_metadata_rules import TLS_SUBJECTS

LONGEST_TEXT: Final = 2_048
LONGEST_LIST: Final = 50
MOST_CONTACTS: Final = 5
_TEXTS: Final[Mapping[str, str]] = {
    "id_token_signed_response_alg": "id_token_alg",
    "userinfo_signed_response_alg": "userinfo_alg",
    "authorization_signed_response_alg": "authorization_alg",
    "introspection_signed_response_alg": "introspection_alg",
    "request_object_signing_alg": "request_object_alg",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "frontchannel_logout_uri": "frontchannel_logout_uri",
    "sector_identifier_uri": "sector_identifier_uri",
    "client_uri": "client_uri",
    "policy_uri": "policy_uri",
    "tos_uri": "tos_uri",
    "logo_uri": "logo_uri",
    "initiate_login_uri": "initiate_login_uri",
    "jwks_uri": "jwks_uri",
    "software_id": "software_id",
    "software_version": "software_version",
}
_LISTS: Final = ("redirect_uris", "post_logout_redirect_uris", "grant_types")
_FLAGS: Final[Mapping[str, str]] = {
    "dpop_bound_access_tokens": "dpop_bound",
    "tls_client_certificate_bound_access_tokens": "certificate_bound",
    "require_pushed_authorization_requests": "pushed_only",
    "require_signed_request_object": "signed_request_only",
}
_SESSION_FLAGS: Final = ("backchannel_logout_session_required", "frontchannel_logout_session_required")
_ENCRYPTED: Final[Mapping[str, str]] = {
    "id_token": "id_token_encryption",
    "userinfo": "userinfo_encryption",
}
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,189}")
_PRINTABLE: Final = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMetadata:
    """What was told of a client; its `client` and its secret are still to be given."""

    metadata: ClientMetadata
    label: str
    algorithm: str
    jwks: object
    """JSON values; None where nothing was told."""
    contacts: tuple[str, ...]


def read_metadata(told: Mapping[str, object], kind: ClientKind, profile: Profile, services: Any = ()) -> ToldMetadata:
    """Read what was told, with the defaults of the client's kind and profile for what was not.

    Members that are not known are ignored, and null says nothing (RFC 7591 §2); so nothing here can give a client what
    a registration alone decides: enterprise, profile, services, legal ground. `services` gives those of the catalogue
    that a declaration service registered: their scopes are its default.

    Raises:
        InvalidInput: `invalid_client_metadata` for a member of another type, or that asks for what there is not.
    """
    given = {name: value for name, value in told.items() if value is not None}
    values: dict[str, Any] = {attribute: _text(given, name) for name, attribute in _TEXTS.items() if name in given}
    values |= {attribute: _flag(given, name) for name, attribute in _FLAGS.items() if name in given}
    values |= {name: _texts(given, name) for name in _LISTS if name in given}
    for name in _SESSION_FLAGS:
        _flag(given, name)
    _check_answers(given)
    values.setdefault("grant_types", (_usual_grant(kind),))
    values["auth_method"] = _method(given, profile)
    values["application_type"] = _one_of(given, "application_type", ApplicationType, ApplicationType.WEB)
    values["tls_subject"] = _tls_subject(given)
    values["default_max_age"] = _seconds(given, "default_max_age")
    values |= _encryptions(given)
    values.setdefault("id_token_alg", "ES256" if profile is Profile.DEFAULT else "RS256")
    draft = ClientMetadata(client="", **values)
    scopes = tuple(_text(given, "scope").split()) if "scope" in given else _usual_scopes(draft, profile, services)
    return ToldMetadata(
        metadata=ClientMetadata(client="", **values, scopes=tuple(dict.fromkeys(scopes))),
        label=_text(given, "client_name"),
        algorithm=_algorithm(given, profile),
        jwks=given.get("jwks"),
        contacts=_contacts(given),
    )


def written_metadata(client: Client, metadata: ClientMetadata) -> dict[str, object]:
    """A registration in the same words, as the client may send it back; keys and contacts are told beside it."""
    told: dict[str, object] = {"client_name": client.label, "scope": " ".join(metadata.scopes)}
    plain = ClientMetadata(client="")
    told |= {
        name: getattr(metadata, one) for name, one in _TEXTS.items() if getattr(metadata, one) or getattr(plain, one)
    }
    told |= {name: getattr(metadata, one) for name, one in _FLAGS.items()}
    told |= {name: list(getattr(metadata, name)) for name in _LISTS if getattr(metadata, name)}
    told["application_type"] = metadata.application_type.value
    told["token_endpoint_auth_method"] = metadata.auth_method.value
    if metadata.auth_method is AuthMethod.PRIVATE_KEY_JWT:
        told["token_endpoint_auth_signing_alg"] = client.algorithm
    if GrantType.AUTHORIZATION_CODE in metadata.grant_types:
        told |= {"response_types": ["code"], "subject_type": "pairwise"}
    if metadata.tls_subject:
        name, _, value = metadata.tls_subject.partition(":")
        told[name] = value
    for family, attribute in _ENCRYPTED.items():
        if getattr(metadata, attribute):
            alg, _, enc = getattr(metadata, attribute).partition(" ")
            told |= {f"{family}_encrypted_response_alg": alg, f"{family}_encrypted_response_enc": enc}
    if metadata.default_max_age >= 0:
        told["default_max_age"] = metadata.default_max_age
    return told


def refused(field: str, detail: str) -> InvalidInput:
    """The refusal of a member."""
    return InvalidInput("invalid_client_metadata", detail, field=field)


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise refused(name, f"{name} is a text of at most {LONGEST_TEXT} characters.")
    if name != "client_name" and _PRINTABLE.fullmatch(value) is None:
        raise refused(name, f"{name} is written in printable ASCII characters.")
    return value


def _texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = given.get(name, [])
    if not isinstance(value, list) or len(value) > LONGEST_LIST or not all(isinstance(one, str) for one in value):
        raise refused(name, f"{name} is a list of at most {LONGEST_LIST} texts.")
    if any(one.split() != [one] or len(one) > LONGEST_TEXT for one in value):
        raise refused(name, f"{name} holds texts without blanks, of at most {LONGEST_TEXT} characters.")
    return tuple(value)


def _flag(given: Mapping[str, object], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise refused(name, f"{name} is true or false.")
    return value


def _seconds(given: Mapping[str, object], name: str) -> int:
    value = given.get(name, -1)
    if not isinstance(value, int) or isinstance(value, bool) or (name in given and not 0 <= value <= 10**9):
        raise refused(name, f"{name} is a number of seconds.")
    return value


def _one_of(given: Mapping[str, object], name: str, kind: Any, otherwise: Any) -> Any:
    value = _text(given, name)
    if value and value not in list(kind):
        raise refused(name, f"{name} is one of {', '.join(kind)}.")
    return kind(value) if value else otherwise


def _usual_grant(kind: ClientKind) -> str:
    services = kind is ClientKind.DECLARATION_SERVICE
    return GrantType.AUTHORIZATION_CODE if services else GrantType.CLIENT_CREDENTIALS


def _method(given: Mapping[str, object], profile: Profile) -> AuthMethod:
    secret = profile is Profile.OIDC_BASIC
    usual = AuthMethod.CLIENT_SECRET_BASIC if secret else AuthMethod.PRIVATE_KEY_JWT
    method: AuthMethod = _one_of(given, "token_endpoint_auth_method", AuthMethod, usual)
    return method


def _check_answers(given: Mapping[str, object]) -> None:
    """Refuse what we do not answer by: other response types than `code`, and subjects that all services share."""
    if set(_texts(given, "response_types")) - {"code"}:
        raise refused("response_types", "The one response type is code.")
    if _text(given, "subject_type") not in ("", "pairwise"):
        raise refused("subject_type", "Subjects are pairwise.")


def _tls_subject(given: Mapping[str, object]) -> str:
    told = [name for name in TLS_SUBJECTS if name in given]
    if len(told) > 1:
        raise refused(told[1], "Register one expected subject (RFC 8705 §2.1.2).")
    return f"{told[0]}:{_text(given, told[0])}" if told else ""


def _encryptions(given: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for family, attribute in _ENCRYPTED.items():
        alg, enc = (_text(given, f"{family}_encrypted_response_{part}") for part in ("alg", "enc"))
        if enc and not alg:
            raise refused(f"{family}_encrypted_response_enc", "An encryption is told with its key management (alg).")
        found[attribute] = f"{alg} {enc or 'A128CBC-HS256'}" if alg else ""
    return found


def _usual_scopes(metadata: ClientMetadata, profile: Profile, services: Any) -> tuple[str, ...]:
    if not metadata.signs_in:
        return ()
    about = PERSON_SCOPES - {NATIONAL_NUMBER}
    if GrantType.REFRESH_TOKEN not in metadata.grant_types:
        about -= {OFFLINE}
    declarations = () if profile is Profile.OIDC_BASIC else services
    return (*sorted(about), *sorted(action.scope for one in declarations for action in one.actions.values()))


def _algorithm(given: Mapping[str, object], profile: Profile) -> str:
    """The algorithm of the client's assertions: as told, as its first key to sign with says, or the usual one."""
    told = _text(given, "token_endpoint_auth_signing_alg")
    jwks = given.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    listed = keys if isinstance(keys, list) else []
    first = next((one for one in listed if isinstance(one, Mapping) and one.get("use") != "enc"), {})
    if told or isinstance(first.get("alg"), str):
        return told or str(first["alg"])
    if first.get("kty") == "RSA" or (not first and profile is Profile.OIDC_BASIC):
        return "PS256" if profile is Profile.DEFAULT else "RS256"
    return "ES256"


def _contacts(given: Mapping[str, object]) -> tuple[str, ...]:
    told = _texts(given, "contacts")
    if len(told) > MOST_CONTACTS or not all(_EMAIL.fullmatch(one) for one in told):
        raise refused("contacts", f"contacts holds at most {MOST_CONTACTS} e-mail addresses.")
    return told


def takes_secret(metadata: ClientMetadata) -> bool:
    """Whether a client authenticates with a secret."""
    return metadata.auth_method in SECRET_METHODS
