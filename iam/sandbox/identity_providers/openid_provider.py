"""An OpenID Provider of the sandbox: its addresses, its page to choose who logs in, and its tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as AnyResponse

from iam.ports import Clock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.openid_keys import ALGORITHM, TIMEOUT_SECONDS, ClientKeys, ProviderKeys, unsigned
from iam.sandbox.identity_providers.openid_logins import Asked, Granted, Logins
from iam.sandbox.identity_providers.openid_profiles import CLIENT_ID, ENCRYPTION, OpenIdProfile, configuration
from iam.sandbox.identity_providers.openid_tricks import WORDS, Trick

DOOR = "/sign-in/oidc"


class OpenIdProvider:
    """One provider, with the one client that it knows."""

    def __init__(self, profile: OpenIdProfile, url: str, client_url: str, country: Country, clock: Clock) -> None:
        """`url`: of the server on which it stands. `client_url`: of the service that asks it."""
        self.profile = profile
        self.issuer = url + profile.path
        self._client_url = client_url
        self._door = f"{client_url}{DOOR}/{profile.id}"
        self._keys = ProviderKeys(profile.id)
        self._client_keys = ClientKeys(f"{self._door}/jwks")
        self._logins = Logins(profile, country, clock)
        self._country = country

    def blueprint(self) -> Blueprint:
        """Its addresses, below the path of its issuer."""
        blueprint = Blueprint(f"openid_{self.profile.id}", __name__, template_folder="templates")
        path = self.profile.path
        views: dict[str, Callable[[], Any]] = {
            "/.well-known/openid-configuration": self._metadata,
            "/jwks": lambda: jsonify(self._keys.jwks()),
            "/authorize": self._page,
            "/userinfo": self._userinfo,
            "/logout": self._logout,
            "/sessions": self._sessions,
        }
        for end, view in views.items():
            blueprint.add_url_rule(path + end, end.strip("/.").replace("/", "_"), view)
        blueprint.add_url_rule(f"{path}/authorize", "decide", self._decide, methods=["POST"])
        blueprint.add_url_rule(f"{path}/token", "token", self._token, methods=["POST"])
        blueprint.add_url_rule(f"{path}/sessions", "end_sessions", self._end_sessions, methods=["POST"])
        return blueprint

    def configuration(self) -> str:
        """As PROCURA_LOGIN_PROVIDERS describes it, in TOML."""
        return configuration(self.profile, self.issuer)

    def told(self) -> dict[str, str]:
        """Where it is, by name, for programs that drive the sandbox."""
        return {self.profile.id: self.issuer}

    def _metadata(self) -> Response:
        encryption = {
            "id_token_encryption_alg_values_supported": ["RSA-OAEP-256"],
            "id_token_encryption_enc_values_supported": [ENCRYPTION],
        }
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            jwks_uri=f"{self.issuer}/jwks",
            end_session_endpoint=f"{self.issuer}/logout",
            scopes_supported=list(self.profile.scopes),
            response_types_supported=["code"],
            subject_types_supported=["pairwise"],
            acr_values_supported=list(self.profile.levels),
            id_token_signing_alg_values_supported=[ALGORITHM],
            userinfo_signing_alg_values_supported=[ALGORITHM],
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=True,
            backchannel_logout_supported=True,
            backchannel_logout_session_supported=True,
            **(encryption if self.profile.encrypted else {}),
        )

    def _page(self) -> str:
        asked = self._asked()
        return render_template(
            "openid_login.html",
            profile=self.profile,
            personas=self._logins.personas(),
            levels=list(self.profile.levels),
            chosen=asked.level,
            tricks=[(trick.value, words) for trick, words in WORDS.items()],
        )

    def _decide(self) -> AnyResponse:
        asked = self._asked()
        if request.form.get("answer") != "log_in":
            return self._answer(asked, error="access_denied")
        persona = self._country.personas.get(request.form.get("persona", ""))
        level, trick = request.form.get("level", ""), request.form.get("trick", Trick.NONE)
        if persona is None or level not in self.profile.levels or trick not in tuple(Trick):
            abort(400)
        code = self._logins.grant(asked, persona, level, Trick(trick))
        state = {"state": "another-state"} if trick == Trick.OTHER_STATE else {}
        issuer = {"iss": "https://another.example"} if trick == Trick.OTHER_ISSUER else {}
        return self._answer(asked, code=code, **state, **issuer)

    def _asked(self) -> Asked:
        """The request; 400 for one that this client would never make."""
        told = {name: request.args.getlist(name) for name in ("client_id", "redirect_uri", "state", "nonce", "scope")}
        told |= {name: request.args.getlist(name) for name in ("code_challenge", "code_challenge_method")}
        if any(len(values) != 1 for values in told.values()):
            abort(400, "Each parameter of a request stands once.")
        one = {name: values[0] for name, values in told.items()}
        if one["client_id"] != CLIENT_ID or one["redirect_uri"] != f"{self._door}/callback":
            abort(400, "No such client, or not its address.")
        if one["code_challenge_method"] != "S256" or set(one["scope"].split()) != set(self.profile.scopes):
            abort(400, "Ask with S256, for the scopes that were agreed.")
        asked_levels = request.args.get("acr_values", "").split()
        known = [level for level in asked_levels if level in self.profile.levels]
        return Asked(
            client_id=one["client_id"],
            redirect_uri=one["redirect_uri"],
            state=one["state"],
            nonce=one["nonce"],
            challenge=one["code_challenge"],
            level=known[0] if known else next(iter(self.profile.levels)),
        )

    def _answer(self, asked: Asked, **parameters: str) -> AnyResponse:
        told = {"state": asked.state, "iss": self.issuer, **parameters}
        return redirect(f"{asked.redirect_uri}?{urlencode(told)}", 303)

    def _token(self) -> AnyResponse:
        form = request.form
        if not self._is_client(form.get("client_assertion", "")):
            return _error("invalid_client", 401)
        found = self._logins.redeem(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
        if form.get("grant_type") != "authorization_code" or found is None:
            return _error("invalid_grant", 400)
        granted, access_token = found
        claims = self._logins.id_token_claims(granted, self.issuer, access_token)
        id_token = unsigned(claims) if granted.trick is Trick.UNSIGNED else self._keys.signed(claims)
        answer = jsonify(
            access_token=access_token,
            token_type="Bearer",  # noqa: S106 - a kind of token
            expires_in=300,
            id_token=self._wrapped(id_token, granted),
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _is_client(self, assertion: str) -> bool:
        try:
            claims = self._client_keys.claims_of(assertion)
        except (JoseError, ValueError):
            return False
        named = claims.get("iss") == claims.get("sub") == CLIENT_ID and claims.get("aud") == f"{self.issuer}/token"
        return named and self._logins.first_use(str(claims.get("jti", "")))

    def _userinfo(self) -> AnyResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        granted = self._logins.behind(token) if scheme == "Bearer" else None
        if granted is None:
            return _error("invalid_token", 401)
        signed = self._keys.signed(self._logins.userinfo_claims(granted, self.issuer))
        return Response(self._wrapped(signed, granted), content_type="application/jwt")

    def _wrapped(self, signed: str, granted: Granted) -> str:
        if not self.profile.encrypted or granted.trick is Trick.NOT_ENCRYPTED:
            return signed
        return self._client_keys.encrypted(signed)

    def _logout(self) -> AnyResponse:
        """End the session here; who logs out at the service comes by this way."""
        with suppress(JoseError, ValueError):
            hint = self._keys.claims_of(request.args.get("id_token_hint", ""))
            self._logins.sessions.pop(str(hint["sid"]), None)
        back = request.args.get("post_logout_redirect_uri", "")
        return redirect(back if back.startswith(f"{self._client_url}/") else f"{self.issuer}/sessions", 303)

    def _sessions(self) -> str:
        return render_template("login_sessions.html", profile=self.profile, sessions=self._logins.sessions)

    def _end_sessions(self) -> AnyResponse:
        """Log somebody out behind the browser's back."""
        session = request.form.get("session", "")
        claims = self._logins.logout_claims(session, self.issuer, CLIENT_ID)
        token = self._keys.signed(claims, "logout+jwt")
        told = requests.post(f"{self._door}/logout", data={"logout_token": token}, timeout=TIMEOUT_SECONDS)
        if request.accept_mimetypes.best == "application/json":
            return jsonify(status=told.status_code)
        return redirect(f"{self.issuer}/sessions", 303)


def _error(code: str, status: int) -> Response:
    body: dict[str, Any] = {"error": code}
    return Response(json.dumps(body), status, content_type="application/json")
