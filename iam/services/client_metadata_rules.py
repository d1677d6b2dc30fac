"""What a client may register of itself, by its kind and profile: one place for every door."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from iam.domain.applications import Catalogue
from iam.domain.client_metadata import (
    NATIONAL_NUMBER,
    PERSON_SCOPES,
    SECRET_METHODS,
    ApplicationType,
    AuthMethod,
    ClientMetadata,
    GrantType,
)
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.errors import InvalidInput
from iam.domain.redirect_uris import acceptable

MOST_ADDRESSES: Final = 20
OWN_SIGNATURES: Final = ("ES256", "RS256")
"""With which we sign what we say to clients."""
FAPI_ALGORITHMS: Final = ("ES256", "PS256")
"""With which clients sign what they say to us, in the default profile (FAPI 2.0 Security Profile §5.4)."""
CLIENT_ALGORITHMS: Final = (*FAPI_ALGORITHMS, "RS256")
KEY_MANAGEMENT: Final[Mapping[str, str]] = {"RSA-OAEP-256": "RSA", "ECDH-ES": "EC"}
"""How content keys of what we say reach a client (RFC 7518 §4), each with the key type it takes."""
CONTENT_ENCRYPTIONS: Final = ("A128CBC-HS256", "A256GCM")
TLS_SUBJECTS: Final = tuple(
    f"tls_client_auth_{kind}" for kind in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")
)
"""The metadata names of RFC 8705 §2.1.2, of which a client registers one."""
NAMING: Final = "urn:be:fgov:kbo-bce:organization:cbe-number:"
"""How a unit in the subject of a certificate names the enterprise, before its ten digits."""
_APART: Final = re.compile(r"(?<!\\)[,+]")
_RENEWED: Final = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE})
_BY_ITSELF: Final = frozenset({GrantType.CLIENT_CREDENTIALS, GrantType.TOKEN_EXCHANGE})
_OF_PAGES: Final = ("client_uri", "policy_uri", "tos_uri", "logo_uri", "initiate_login_uri")
_OF_SERVERS: Final = ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "frontchannel_logout_uri")
_PLACES: Final = (
    "an address is https on a named host with a path (/ is one), and without user, fragment or segments that climb; "
    "a native client may also name http://127.0.0.1 or http://[::1]."
)
_Faults = Iterator[tuple[str, str]]


def check_metadata(client: Client, metadata: ClientMetadata, catalogue: Catalogue, *, local: bool = False) -> None:
    """Refuse what the client's kind, its profile or the services of its registration do not allow.

    `local` lets addresses be on this machine itself, as the sandbox's are.

    Raises:
        InvalidInput: `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2), with the field at fault.
    """
    kind = ApplicationType.NATIVE if local else metadata.application_type
    for field, detail in _address_faults(metadata, kind):
        raise InvalidInput("invalid_redirect_uri", detail, field=field)
    for faults in (_method_faults, _binding_faults, _grant_faults, _scope_faults, _algorithm_faults):
        for field, detail in faults(client, metadata, catalogue):
            raise InvalidInput("invalid_client_metadata", detail, field=field)
    for field, detail in _place_faults(metadata, ApplicationType.NATIVE if local else ApplicationType.WEB):
        raise InvalidInput("invalid_client_metadata", detail, field=field)


def _address_faults(metadata: ClientMetadata, kind: ApplicationType) -> _Faults:
    for field, told in (
        ("redirect_uris", metadata.redirect_uris),
        ("post_logout_redirect_uris", metadata.post_logout_redirect_uris),
    ):
        if len(told) > MOST_ADDRESSES or len(set(told)) < len(told):
            yield field, f"Register at most {MOST_ADDRESSES} addresses, each once."
        for one in told:
            if not acceptable(one, kind):
                yield field, f"{_shown(one)} cannot be registered: {_PLACES}"


def _method_faults(client: Client, metadata: ClientMetadata, _catalogue: Catalogue) -> _Faults:
    basic, method = client.profile is Profile.OIDC_BASIC, metadata.auth_method
    secret = method in SECRET_METHODS
    field = "token_endpoint_auth_method"
    if secret and not basic:
        yield field, "Secrets are for the profile 'oidc-basic': authenticate with private_key_jwt or a certificate."
    if secret != bool(metadata.secret_hash):
        yield field, "A secret goes with a method that uses it."
    if metadata.public and (basic or metadata.application_type is not ApplicationType.NATIVE):
        yield field, "Only native clients, and none of the profile 'oidc-basic', are without authentication."
    if metadata.public and _BY_ITSELF & set(metadata.grant_types):
        yield "grant_types", "A client without authentication gets tokens for people alone."
    if (method is AuthMethod.TLS_CLIENT_AUTH) != bool(metadata.tls_subject):
        yield "tls_client_auth_subject_dn", "The expected subject goes with tls_client_auth, and with no other method."
    keyed = method in (AuthMethod.PRIVATE_KEY_JWT, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH)
    if keyed and bool(metadata.jwks_uri) == ('"kty"' in client.jwks):
        yield "jwks", "Register keys by jwks or by jwks_uri: one of them, not both."


def _binding_faults(client: Client, metadata: ClientMetadata, _catalogue: Catalogue) -> _Faults:
    """The default profile is for clients with keys or certificates, whose tokens are bound (FAPI 2.0 SP §5.3.2.1)."""
    fapi = client.profile is Profile.DEFAULT
    if metadata.dpop_bound and metadata.certificate_bound:
        yield "dpop_bound_access_tokens", "Tokens are bound to a DPoP key or to a certificate, not to both."
    if metadata.public and fapi:
        yield "token_endpoint_auth_method", "The default profile takes clients with keys or certificates only."
    if not fapi and client.profile_until is None:
        yield "profile", "A weaker profile has an end date."
    name, _, value = metadata.tls_subject.partition(":")
    if metadata.tls_subject and (name not in TLS_SUBJECTS or not value.strip()):
        yield "tls_client_auth_subject_dn", f"Register one of {', '.join(TLS_SUBJECTS)}."
    if metadata.tls_subject and client.kind is ClientKind.TECHNICAL and _named(name, value) != [client.enterprise]:
        yield "tls_client_auth_subject_dn", f"The subject has one unit OU={NAMING}{client.enterprise}."
    by_own_certificate = metadata.auth_method is AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH
    if by_own_certificate and not metadata.jwks_uri and '"x5c"' not in client.jwks:
        yield "jwks", "self_signed_tls_client_auth goes with a key that has its certificate in x5c."


def _grant_faults(client: Client, metadata: ClientMetadata, _catalogue: Catalogue) -> _Faults:
    asked = set(metadata.grant_types)
    if not asked or not asked <= set(GrantType):
        yield "grant_types", f"Ask some of these: {', '.join(GrantType)}."
    if (GrantType.AUTHORIZATION_CODE in asked) != bool(metadata.redirect_uris):
        yield "redirect_uris", "Addresses to return to go with the grant authorization_code, and with no other."
    if GrantType.REFRESH_TOKEN in asked and not asked & _RENEWED:
        yield "grant_types", "refresh_token goes with a grant of people."
    if client.profile is Profile.OIDC_BASIC and not asked <= {
        GrantType.AUTHORIZATION_CODE,
        GrantType.REFRESH_TOKEN,
    }:
        yield "grant_types", "The profile 'oidc-basic' is for people who log in: authorization_code and refresh_token."
    if metadata.vendor and client.kind is not ClientKind.TECHNICAL:
        yield "vendor", "A vendor's client is a technical client of the vendor's enterprise."


def _scope_faults(client: Client, metadata: ClientMetadata, catalogue: Catalogue) -> _Faults:
    declarations = set(metadata.scopes) - PERSON_SCOPES
    if client.kind is ClientKind.DECLARATION_SERVICE:
        named = [catalogue.services[one] for one in client.services if one in catalogue.services]
        known = {action.scope for service in named for action in service.actions.values()}
    else:
        known = {one for one in declarations if catalogue.service_of_scope(one) is not None}
    if not declarations <= known:
        yield "scope", "Scopes are those of the catalogue, for a declaration service of the services it registered."
    if declarations and client.profile is Profile.OIDC_BASIC:
        yield "scope", "The profile 'oidc-basic' has no scopes of declaration services."
    if NATIONAL_NUMBER in metadata.scopes and not client.niss_services:
        yield "scope", f"{NATIONAL_NUMBER} takes a recorded legal ground to name persons by NISS."


def _algorithm_faults(client: Client, metadata: ClientMetadata, _catalogue: Catalogue) -> _Faults:
    fapi = client.profile is Profile.DEFAULT
    ours = OWN_SIGNATURES[:1] if fapi else OWN_SIGNATURES
    for field, told in (
        ("id_token_signed_response_alg", metadata.id_token_alg),
        ("userinfo_signed_response_alg", metadata.userinfo_alg or ours[0]),
        ("authorization_signed_response_alg", metadata.authorization_alg or ours[0]),
        ("introspection_signed_response_alg", metadata.introspection_alg),
    ):
        if told not in ours:
            yield field, f"In the profile '{client.profile}' we sign with {' or '.join(ours)}."
    for family, told in (("id_token", metadata.id_token_encryption), ("userinfo", metadata.userinfo_encryption)):
        alg, _, enc = told.partition(" ")
        if told and alg not in KEY_MANAGEMENT:
            yield f"{family}_encrypted_response_alg", f"We encrypt with {' or '.join(KEY_MANAGEMENT)}."
        if told and enc not in CONTENT_ENCRYPTIONS:
            yield f"{family}_encrypted_response_enc", f"We encrypt with {' or '.join(CONTENT_ENCRYPTIONS)}."
    theirs = FAPI_ALGORITHMS if fapi else CLIENT_ALGORITHMS
    if metadata.auth_method is AuthMethod.PRIVATE_KEY_JWT and client.algorithm not in theirs:
        yield "token_endpoint_auth_signing_alg", f"In the profile '{client.profile}' sign with {' or '.join(theirs)}."
    if metadata.request_object_alg and metadata.request_object_alg not in theirs:
        yield "request_object_signing_alg", f"In the profile '{client.profile}' sign with {' or '.join(theirs)}."


def _place_faults(metadata: ClientMetadata, kind: ApplicationType) -> _Faults:
    for field in (*_OF_PAGES, *_OF_SERVERS):
        told = getattr(metadata, field)
        if told and not acceptable(told, kind):
            yield (
                field,
                f"{field} is an https address on a named host with a path (/ is one), no user and no fragment.",
            )
    told = metadata.frontchannel_logout_uri
    if told and _origin(told) not in {_origin(one) for one in metadata.redirect_uris}:
        yield "frontchannel_logout_uri", "frontchannel_logout_uri is on the same origin as one of the redirect_uris."
    if metadata.default_max_age < -1:
        yield "default_max_age", "It is a number of seconds."


def _shown(address: str) -> str:
    """The beginning of an address, in signs that every terminal and log can show."""
    return repr(address[:100].encode("ascii", "backslashreplace").decode())


def _named(name: str, subject: str) -> list[str]:
    """The numbers of enterprises that a subject names, as RFC 4514 writes it; none in any other name."""
    units = _APART.split(subject) if name == TLS_SUBJECTS[0] else []
    return [one.removeprefix(f"OU={NAMING}") for one in units if one.startswith(f"OU={NAMING}")]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
