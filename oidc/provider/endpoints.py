"""The endpoints of the authorization server, as one blueprint that takes what it works with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from flask import Blueprint, Flask, Response, abort, current_app, request

from iam.web.limits import set_largest_body
from iam.web.markers import public
from oidc.provider.client_configuration import add_configuration
from oidc.provider.client_registration import add_registration
from oidc.provider.device_authorization import DEVICE_PATH, ask_for_device
from oidc.provider.exchange import Exchange, read_exchange
from oidc.provider.exchange_door import Act, stand_in_front
from oidc.provider.explanations import as_json, as_page
from oidc.provider.introspection import JSON, JWT
from oidc.provider.metadata import metadata
from oidc.provider.possession import PROOF
from oidc.provider.pushed_requests import push
from oidc.provider.replies import Reply
from oidc.provider.server import INTROSPECTION_PATH, TOKEN_PATH, Parts, Provider
from oidc.provider.signed_metadata import SignedMetadata
from oidc.provider.software_requests import add_software_requests
from oidc.provider.userinfo import userinfo

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

NAME: Final = "oauth2"
KEYS_KEPT_FOR: Final = 300
"""Seconds for which anybody may keep the key set: well within the time between a key's publication and first use."""
TEXTS_KEPT_FOR: Final = 3600
LARGEST_ANSWERED: Final = 4_194_304
"""Bytes of a body up to which a request gets an OAuth error; beyond, the house refuses it as too large."""

_BY_ITSELF: Final = public("the request authenticates its client itself")
_FOR_ALL: Final = public("what everybody must know to verify tokens or to understand a refusal")


def provider_blueprint(parts: Parts) -> Blueprint:
    """The endpoints; register the blueprint without a prefix, at the root of the issuer."""
    provider = Provider(parts)
    blueprint = Blueprint(NAME, __name__)
    _add_posts(blueprint, provider)
    _add_userinfo(blueprint, provider)
    _add_gets(blueprint, provider)
    add_registration(blueprint, provider)
    add_configuration(blueprint, provider)
    add_software_requests(blueprint, provider)
    return blueprint


def _add_posts(blueprint: Blueprint, provider: Provider) -> None:
    """What is asked by POST with a form: answered at the door; the views are what routes and metadata know of it."""

    def at(path: str, act: Callable[[Exchange], Reply], *media_types: str) -> None:
        def reply(environ: WSGIEnvironment) -> Reply:
            url = provider.parts.possession.base_of(environ) + path
            told = provider.guarded(lambda: act(read_exchange(environ, url, media_types)))
            return _with_nonce(provider, environ, told)

        def view() -> Response:
            return reply(request.environ).response()

        acts[path] = reply
        set_largest_body(view, LARGEST_ANSWERED)
        blueprint.add_url_rule(path, path.rpartition("/")[2], _BY_ITSELF(view), methods=["POST"])

    acts: dict[str, Act] = {}
    at(TOKEN_PATH, provider.token_response, JSON)
    at(INTROSPECTION_PATH, lambda exchange: provider.endpoint_response("introspection", exchange), JSON, JWT)
    at("/oauth2/revoke", lambda exchange: provider.endpoint_response("revocation", exchange), JSON)
    at("/oauth2/par", lambda exchange: push(provider, exchange), JSON)
    at(DEVICE_PATH, lambda exchange: ask_for_device(provider, exchange), JSON)
    blueprint.record_once(lambda state: stand_in_front(cast(Flask, state.app), acts, LARGEST_ANSWERED))


def _add_userinfo(blueprint: Blueprint, provider: Provider) -> None:
    def told() -> Response:
        reply = provider.guarded(lambda: userinfo(provider))
        return _with_nonce(provider, request.environ, reply).response()

    by_token = public("the request proves itself by its access token")
    blueprint.add_url_rule("/oauth2/userinfo", "userinfo", by_token(told), methods=["GET", "POST"])


def _add_gets(blueprint: Blueprint, provider: Provider) -> None:
    signed = SignedMetadata(provider.parts.keys, provider.parts.clock)

    def jwks() -> Response:
        document = provider.parts.keys.published()
        return _kept(json.dumps(document, sort_keys=True), "application/jwk-set+json", KEYS_KEPT_FOR)

    def server_metadata() -> Response:
        prefix = f"{NAME}."
        rules = [rule for rule in current_app.url_map.iter_rules() if rule.endpoint.startswith(prefix)]
        paths = {rule.endpoint.removeprefix(prefix): rule.rule for rule in rules}
        catalogue = provider.parts.library.current().catalogue
        certificates = provider.parts.possession.certificates
        at = certificates.address if certificates else ""
        told, content = signed.told(metadata(provider.issuer, paths, provider.grant_types, catalogue, at))
        return _kept(json.dumps(told), "application/json", KEYS_KEPT_FOR, content)

    def explanation(reason: str) -> Response:
        try:
            texts = provider.parts.library.current().texts(reason)
        except KeyError:
            abort(404)
        kind = request.accept_mimetypes.best_match((JSON, "text/html"), JSON)
        written = as_page(reason, texts) if kind == "text/html" else as_json(reason, texts)
        return _kept(written, "text/html; charset=utf-8" if kind == "text/html" else JSON, TEXTS_KEPT_FOR)

    blueprint.add_url_rule("/oauth2/jwks", "jwks", _FOR_ALL(jwks))
    blueprint.add_url_rule("/.well-known/oauth-authorization-server", "metadata", _FOR_ALL(server_metadata))
    blueprint.add_url_rule("/.well-known/openid-configuration", "openid", server_metadata)
    blueprint.add_url_rule("/explanations/<reason>", "explanation", _FOR_ALL(explanation))


def _with_nonce(provider: Provider, environ: WSGIEnvironment, reply: Reply) -> Reply:
    """A reply to a request with a proof hands out the nonce for the next one (RFC 9449 §8.2)."""
    if PROOF not in environ or reply.status >= 300:
        return reply
    nonce = ("DPoP-Nonce", provider.parts.possession.proofs.nonces.current())
    return reply._replace(headers=[*reply.headers, nonce])


def _kept(written: str, media_type: str, seconds: int, content: str = "") -> Response:
    """An answer that may be kept for a while, and asked for again by its tag (RFC 9110 §8.8.3).

    `content` is what the tag is made from, where that is not what is written.
    """
    answer = Response(written, content_type=media_type)
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.headers["Vary"] = "Accept"
    answer.set_etag(hashlib.sha256((content or written).encode()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
