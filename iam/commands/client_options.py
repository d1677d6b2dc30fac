"""What the options of `procura client` say: metadata, keys, orders and changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from iam.domain.client_metadata import ApplicationType, AuthMethod, GrantType
from iam.domain.clients import ClientKind, Profile
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import parse_instant
from iam.house import House
from iam.services.client_changes import Change
from iam.services.client_metadata_wire import read_metadata, takes_secret
from iam.services.client_orders import NewDeclarationService
from iam.services.fingerprints import fingerprint
from iam.web.strict_json import MalformedJson, loads
from oidc.client_certificates import UnusableCertificate, read_pem

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_TOLD: Final = (
    ("--redirect-uri", "redirect_uris", "Address to which people return; repeatable."),
    ("--post-logout-redirect-uri", "post_logout_redirect_uris", "Where people return after a log-out; repeatable."),
    ("--scope", "scopes", "What it may ask people for; repeatable."),
    ("--grant-type", "grant_types", "How it gets tokens; repeatable."),
    ("--contact", "contacts", "E-mail address of the technical contact; repeatable."),
)
_ADDRESSES: Final = (
    ("--jwks-uri", "jwks_uri", "Where it publishes its keys itself."),
    ("--backchannel-logout-uri", "backchannel_logout_uri", "Where we tell it of log-outs."),
    ("--frontchannel-logout-uri", "frontchannel_logout_uri", "Where browsers tell it of log-outs."),
    ("--client-uri", "client_uri", "Its own page."),
    ("--policy-uri", "policy_uri", "What it does with data of people."),
    ("--tos-uri", "tos_uri", "Its terms."),
    ("--logo-uri", "logo_uri", "Its logo, which we never fetch."),
)


def metadata_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `add` and `set` share."""
    for option, name, about in _TOLD:
        command = click.option(option, name, multiple=True, help=about)(command)
    for option, name, about in _ADDRESSES:
        command = click.option(option, name, help=about)(command)
    for option, name, kind in (
        ("--auth-method", "auth_method", AuthMethod),
        ("--application-type", "application_type", ApplicationType),
        ("--profile", "profile", Profile),
    ):
        command = click.option(option, name, type=click.Choice([one.value for one in kind]))(command)
    command = click.option("--profile-until", help="Instant at which a weaker profile ends (RFC 3339).")(command)
    command = click.option("--certificate", type=_FILE, help="Certificate in PEM, in the enterprise's name.")(command)
    return click.option("--jwks", type=_FILE, help="JWK Set.")(command)


def _told(given: dict[str, Any]) -> dict[str, object]:
    """The metadata among the options, in the words of RFC 7591."""
    names = {"auth_method": "token_endpoint_auth_method", "scopes": "scope"}
    told: dict[str, object] = {}
    for name in ("auth_method", "application_type", "software_id", *(name for _, name, _ in (*_TOLD, *_ADDRESSES))):
        value = given.get(name)
        if value:
            told[names.get(name, name)] = list(value) if isinstance(value, tuple) else value
    if "scope" in told:
        told["scope"] = " ".join(given["scopes"])
    return told


def order_of(here: House, given: dict[str, Any]) -> tuple[NewDeclarationService, str]:
    """What is to be registered, and its secret where it has one."""
    keys, told, law = keys_of(given), _told(given), here.library.current()
    profile = Profile(given["profile"] or Profile.DEFAULT)
    algorithm = given["algorithm"] or algorithm_of(keys, "ES256")
    services = [law.catalogue.services[one] for one in given["services"] if one in law.catalogue.services]
    secret, read = "", None
    if set(told) - {"contacts"}:
        if given["redirect_uris"] or given["grant_types"]:
            read = read_metadata(told, ClientKind.DECLARATION_SERVICE, profile, services).metadata
        else:
            alone = {**told, "grant_types": [GrantType.CLIENT_CREDENTIALS]}
            read = read_metadata(alone, ClientKind.DECLARATION_SERVICE, profile, services).metadata
        secret = here.randomness.secret() if takes_secret(read) else ""
        read = replace(read, secret_hash=fingerprint(secret) if secret else "")
    order = NewDeclarationService(
        enterprise=CbeNumber.parse(given["enterprise"] or here.settings.administration).value,
        label=given["label"],
        jwks=keys,
        algorithm=algorithm,
        services=tuple(given["services"]),
        niss_services=tuple(given["niss_services"]),
        profile=profile,
        profile_until=parse_instant(given["profile_until"]) if given["profile_until"] else None,
        metadata=read,
        contacts=tuple(given["contacts"]),
    )
    return order, secret


def names_keys(given: dict[str, Any]) -> bool:
    """Whether keys are named, or the client is to prove itself without any of its own."""
    keyless = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST, AuthMethod.NONE)
    method = given["auth_method"] or (keyless[0] if given["profile"] == Profile.OIDC_BASIC else "")
    return method in keyless or bool(given["jwks"] or given["certificate"] or given["jwks_uri"])


def change_of(given: dict[str, Any]) -> Change:
    """What is to become otherwise. Raises InvalidInput for files and instants that cannot be read."""
    keys, uri = keys_of(given), given["jwks_uri"] or ""
    algorithm = given["algorithm"] or (algorithm_of(keys, "") if keys is not None else "")
    return Change(
        jwks=keys,
        jwks_uri=uri,
        algorithm=algorithm,
        told=_told({**given, "jwks_uri": None}),
        label=given["label"],
        services=given["services"] or None,
        niss_services=given["niss_services"] or None,
        profile=Profile(given["profile"]) if given["profile"] else None,
        profile_until=parse_instant(given["profile_until"]) if given["profile_until"] else None,
        vendor=given["vendor"],
        new_secret=given["new_secret"],
    )


def keys_of(given: dict[str, Any]) -> object:
    """The key set in the files that were named, as JSON values; None for none. InvalidInput for what is none."""
    if given.get("certificate"):
        try:
            read = read_pem(given["certificate"].read_bytes())
        except UnusableCertificate as fault:
            raise InvalidInput("invalid_client_metadata", f"The certificate cannot be used: {fault}.") from None
        return {"keys": [{**read.jwk, "x5c": [read.der]}]}
    return _json_in(given["jwks"]) if given.get("jwks") else None


def algorithm_of(keys: object, otherwise: str) -> str:
    """What the first key for signatures says of its algorithm, or what is usual for its type."""
    found = keys.get("keys") if isinstance(keys, dict) else None
    told = found if isinstance(found, list) else []
    first = next((one for one in told if isinstance(one, dict) and one.get("use") != "enc"), {})
    usual = "PS256" if first.get("kty") == "RSA" else "ES256" if first else otherwise
    return str(first.get("alg", usual))


def _json_in(file: Path) -> object:
    """The content of a JSON file. Raises InvalidInput (`malformed_json`)."""
    try:
        return loads(file.read_bytes())
    except MalformedJson as fault:
        raise InvalidInput("malformed_json", f"The file cannot be read as JSON: {fault.detail}.") from None
