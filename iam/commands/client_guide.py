"""The guide of `procura client add`: asks one thing after the other, says why, and writes nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from iam.domain.client_metadata import OFFLINE, PERSON_SCOPES, AuthMethod, GrantType
from iam.domain.clients import Profile
from iam.ports import Law

WHY: Final[Mapping[str, str]] = {
    "label": "People read this name when they log in, and find it again among what they allowed.",
    "services": "A declaration service may ask and be asked about these services alone.",
    "people": "Say yes if people log in to it in a browser; without them it only asks for decisions.",
    "profile": "The default is FAPI 2.0: pushed requests, bound tokens. 'older' and 'oidc-basic' ask less and end.",
    "profile_until": "After this day every call of the service is refused, so change to the default profile before it.",
    "auth_method": "How the service proves itself: with a key, a certificate, or in 'oidc-basic' also with a secret.",
    "keys": "Its public keys: an address at which it publishes them, or a file with a JWK Set or a certificate in PEM.",
    "redirect_uris": "People return to these addresses and to no other; they are compared character for character.",
    "scopes": "What it may ask people for; each is judged again for the person and the enterprise that they act for.",
    "refresh": "With refresh tokens it may go on working for a person who is no longer there.",
    "contacts": "Whom we write when its certificate or its profile comes to its end.",
}


def guided(given: Mapping[str, Any], law: Law) -> dict[str, Any]:
    """What was given as options, with an answer for everything else. Raises click.Abort where somebody stops."""
    told = dict(given)
    _ask(told, "label", lambda: click.prompt("Name", err=True))
    known = sorted(law.catalogue.services)
    _ask(told, "services", lambda: _several("Service", known))
    people = bool(told["redirect_uris"]) or _yes("people", "Do people log in to it?", default=True)
    if not told["profile"]:
        told["profile"] = _one("profile", "Profile", list(Profile), Profile.DEFAULT) if people else Profile.DEFAULT
    if told["profile"] != Profile.DEFAULT:
        _ask(told, "profile_until", lambda: click.prompt("Ends at (RFC 3339, as 2027-06-30T00:00:00+02:00)", err=True))
    if people:
        _ask_of_people(told, law)
    if told["auth_method"] not in (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST, AuthMethod.NONE):
        _ask_keys(told)
    _ask(told, "contacts", lambda: _several("E-mail address of the technical contact", least=0))
    return told


def _ask_of_people(told: dict[str, Any], law: Law) -> None:
    basic = told["profile"] == Profile.OIDC_BASIC
    if not told["auth_method"]:
        usual = AuthMethod.CLIENT_SECRET_BASIC if basic else AuthMethod.PRIVATE_KEY_JWT
        offered = [AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST] if basic else []
        offered += [AuthMethod.PRIVATE_KEY_JWT, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH]
        told["auth_method"] = _one("auth_method", "Authenticates by", offered, usual)
    _ask(told, "redirect_uris", lambda: _several("Address to return to"))
    services = [law.catalogue.services[one] for one in told["services"] if one in law.catalogue.services]
    declarations = [] if basic else sorted(action.scope for one in services for action in one.actions.values())
    _ask(told, "scopes", lambda: _several("Scope", [*sorted(PERSON_SCOPES - {OFFLINE}), *declarations]))
    if not told["grant_types"]:
        renewed = _yes("refresh", "May it ask for refresh tokens?", default=False)
        told["grant_types"] = (GrantType.AUTHORIZATION_CODE, *((GrantType.REFRESH_TOKEN,) if renewed else ()))
        told["scopes"] = (*told["scopes"], *((OFFLINE,) if renewed else ()))


def _ask_keys(told: dict[str, Any]) -> None:
    if told["jwks"] or told["jwks_uri"] or told["certificate"]:
        return
    _say("keys")
    where = click.prompt("Address or file", err=True)
    if "://" in where:
        told["jwks_uri"] = where
    elif where.endswith((".pem", ".crt", ".cer")):
        told["certificate"] = Path(where)
    else:
        told["jwks"] = Path(where)


def _ask(told: dict[str, Any], name: str, answer: Any) -> None:
    if not told[name]:
        _say(name)
        told[name] = answer()


def _say(name: str) -> None:
    click.echo(WHY[name], err=True)


def _yes(name: str, question: str, *, default: bool) -> bool:
    _say(name)
    return click.confirm(question, default=default, err=True)


def _one(name: str, question: str, offered: list[Any], usual: Any) -> str:
    _say(name)
    return str(click.prompt(question, type=click.Choice([str(one) for one in offered]), default=str(usual), err=True))


def _several(question: str, offered: Iterable[str] = (), least: int = 1) -> tuple[str, ...]:
    """Answers until an empty one; only what is offered counts, where anything is."""
    choices = list(offered)
    if choices:
        click.echo(f"There are: {' '.join(choices)}", err=True)
    found: list[str] = []
    while True:
        more = click.prompt(
            f"{question}{' (empty to go on)' if found else ''}", default="", show_default=False, err=True
        )
        if not more and len(found) >= least:
            return tuple(found)
        if more and (not choices or more in choices):
            found.append(more)
        else:
            click.echo("That is not one of them.", err=True)
