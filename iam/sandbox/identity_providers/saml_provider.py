"""A SAML identity provider of the sandbox: its metadata, its page to choose who logs in, and its answers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from flask import Blueprint, Response, abort, redirect, render_template, request
from lxml import etree
from werkzeug.wrappers import Response as AnyResponse

from iam.ports import Clock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.saml_foreigners import FOREIGNERS, attributes_of
from iam.sandbox.identity_providers.saml_keys import ec_pair, rsa_pair
from iam.sandbox.identity_providers.saml_logout import SessionsHere, logout_request, logout_response
from iam.sandbox.identity_providers.saml_messages import TRANSIENT, UNSPECIFIED, Said, Testimony, refusal
from iam.sandbox.identity_providers.saml_metadata import (
    ServiceProviderMetadata,
    identity_provider_metadata,
    read_service_provider,
)
from iam.sandbox.identity_providers.saml_profiles import SamlProfile, configuration
from iam.sandbox.identity_providers.saml_protection import signed
from iam.sandbox.identity_providers.saml_requests import (
    BadRequest,
    SamlRequest,
    check_form,
    check_query,
    issuer_of,
    parsed,
    read,
)
from iam.sandbox.identity_providers.saml_tricks import WORDS, SamlTrick, answered

TIMEOUT_SECONDS = 5.0
Fetch = Callable[[str], bytes]


class SamlProvider:
    """One provider, with the one service that asks it."""

    def __init__(
        self,
        profile: SamlProfile,
        url: str,
        client_url: str,
        country: Country,
        clock: Clock,
        fetch: Fetch,
    ) -> None:
        """`url`: of the server on which it stands. `client_url`: of the service that asks it. `fetch`: gets a page."""
        self.profile = profile
        self.entity = f"{url}{profile.path}/metadata"
        self._sign_on = f"{url}{profile.path}/sso"
        self._log_out = f"{url}{profile.path}/slo" if profile.ends_sessions else ""
        self._sessions = SessionsHere()
        self._client_metadata = f"{client_url}/sign-in/{profile.kind}/{profile.id}/metadata"
        self._country = country
        self._clock = clock
        self._fetch = fetch
        self._pair = rsa_pair(profile.id, clock.now())
        self._stranger = ec_pair(profile.id, clock.now())
        self._folder = TemporaryDirectory(prefix="procura-saml-")
        self._last = b""

    def blueprint(self) -> Blueprint:
        """Its addresses."""
        blueprint = Blueprint(f"saml_{self.profile.id.replace('-', '_')}", __name__, template_folder="templates")
        path = self.profile.path
        blueprint.add_url_rule(f"{path}/metadata", "metadata", self._metadata)
        blueprint.add_url_rule(f"{path}/sso", "page", self._page, methods=["GET", "POST"])
        blueprint.add_url_rule(f"{path}/answer", "answer", self._answer, methods=["POST"])
        if self.profile.ends_sessions:
            blueprint.add_url_rule(f"{path}/slo", "log_out", self._logged_out, methods=["GET", "POST"])
            blueprint.add_url_rule(f"{path}/sessions", "sessions", self._who_is_here)
            blueprint.add_url_rule(f"{path}/sessions", "end_session", self._end_session, methods=["POST"])
        return blueprint

    def configuration(self) -> str:
        """As PROCURA_LOGIN_PROVIDERS describes it, in TOML; writes the files that it names."""
        folder = Path(self._folder.name)
        (folder / "metadata.xml").write_bytes(self._signed_metadata())
        (folder / "certificates.pem").write_bytes(self._pair.certificate_pem)
        return configuration(self.profile, str(folder / "metadata.xml"), str(folder / "certificates.pem"))

    def told(self) -> dict[str, str]:
        """Where it is, by name."""
        return {self.profile.id: self.entity}

    def _metadata(self) -> Response:
        return Response(self._signed_metadata(), content_type="application/samlmetadata+xml")

    def _signed_metadata(self) -> bytes:
        told = identity_provider_metadata(self.entity, self._sign_on, self._pair, log_out=self._log_out)
        return etree.tostring(signed(told, self._pair))

    def _page(self) -> str:
        """The page on which somebody is chosen; the request was verified."""
        asked = self._asked()
        chosen = request.form.get("country", "")
        return render_template(
            "saml_login.html",
            profile=self.profile,
            answer=f"{self.profile.path}/answer",
            asked=asked,
            people=self._people(chosen),
            levels=list(self.profile.levels),
            chosen=asked.levels[0],
            tricks=list(WORDS.items()),
        )

    def _people(self, country: str) -> list[tuple[str, str]]:
        if self.profile.kind == "eidas":
            return [(one.alias, f"{one.name} ({one.country})") for one in FOREIGNERS if country in ("", one.country)]
        return [(one.alias, f"{one.name}: {one.part}") for one in self._country.personas.values()]

    def _asked(self) -> SamlRequest:
        try:
            tree, asker = self._verified("SAMLRequest")
            return read(tree, _told(), asker)
        except BadRequest as error:
            abort(400, str(error))

    def _verified(self, field: str) -> tuple[etree._Element, ServiceProviderMetadata]:
        """A message of the one service, by form or by query, and what its metadata says. BadRequest."""
        told = _told()
        tree = parsed(told.get(field, ""), packed=request.method == "GET")
        asker = self._asker(tree)
        if request.method == "POST":
            check_form(tree, asker)
        else:
            query = request.query_string.decode()
            check_query(query, told.get("Signature", ""), told.get("SigAlg", ""), asker)
        return tree, asker

    def _asker(self, tree: etree._Element) -> ServiceProviderMetadata:
        """Who asks, as their metadata tells; this provider knows one service only."""
        asker = read_service_provider(self._fetch(self._client_metadata))
        if issuer_of(tree) != asker.entity:
            raise BadRequest("nobody known here asks")
        return asker

    def _answer(self) -> str:
        """What the browser carries back: a page whose form posts the answer."""
        asker = read_service_provider(self._fetch(self._client_metadata))
        told = self._testimony(asker)
        if request.form.get("answer") == "deny":
            message = etree.tostring(signed(_alone(refusal(told, "RequestDenied", "The person declined.")), self._pair))
        elif request.form.get("trick") == SamlTrick.REPLAY and self._last:
            message = self._last
        else:
            trick = SamlTrick(request.form.get("trick", SamlTrick.NONE))
            message = answered(told, trick, self._pair, self._stranger, asker.encryption)
        self._last = message
        fields = {"SAMLResponse": b64encode(message).decode(), "RelayState": request.form.get("relay_state", "")}
        return render_template("saml_answer.html", profile=self.profile, address=asker.acs, fields=fields)

    def _logged_out(self) -> AnyResponse | str:
        """End what the service names, and answer; or take its answer to what was asked of it."""
        if "SAMLResponse" in _told():
            return redirect(f"{self.profile.path}/sessions", 303)
        try:
            tree, asker = self._verified("SAMLRequest")
        except BadRequest as error:
            abort(400, str(error))
        self._sessions.end_named(tree)
        answer = logout_response(self.entity, asker.logged_out, self._clock.now(), tree.get("ID") or "")
        fields = {"SAMLResponse": self._signed(answer), "RelayState": _told().get("RelayState", "")}
        return render_template("saml_answer.html", profile=self.profile, address=asker.logged_out, fields=fields)

    def _who_is_here(self) -> str:
        known = {index: self._country.personas[one.person] for index, one in self._sessions.known().items()}
        return render_template("login_sessions.html", profile=self.profile, sessions=known)

    def _end_session(self) -> str:
        """Log somebody out, and let the browser tell the service."""
        index = request.form.get("session", "")
        session = self._sessions.end(index) or abort(404)
        asker = read_service_provider(self._fetch(self._client_metadata))
        message = logout_request(self.entity, asker.log_out, self._clock.now(), session, index)
        fields = {"SAMLRequest": self._signed(message)}
        return render_template("saml_answer.html", profile=self.profile, address=asker.log_out, fields=fields)

    def _signed(self, message: etree._Element) -> str:
        return b64encode(etree.tostring(signed(_alone(message), self._pair))).decode()

    def _testimony(self, asker: ServiceProviderMetadata) -> Testimony:
        alias = request.form.get("person", "")
        attributes, session, name = self._attributes(alias), "", f"{self.profile.id}-{alias}"
        if self.profile.ends_sessions and request.form.get("answer") == "log_in":
            session, name = self._sessions.begin(alias)
        return Testimony(
            issuer=self.entity,
            destination=asker.acs,
            audience=asker.entity,
            in_response_to=request.form.get("request", ""),
            at=self._clock.now(),
            level=request.form.get("level", ""),
            name_id=name,
            name_format=TRANSIENT if session else UNSPECIFIED,
            session=session,
            attributes=attributes,
        )

    def _attributes(self, alias: str) -> list[Said]:
        if self.profile.kind == "eidas":
            [person] = [one for one in FOREIGNERS if one.alias == alias] or abort(400)
            return attributes_of(person, enterprise=request.form.get("enterprise") == "yes")
        persona = self._country.personas.get(alias) or abort(400)
        given, _, family = persona.name.partition(" ")
        return [
            Said("egovNRN", persona.niss.value),
            Said("givenName", given),
            Said("surname", family or given),
            Said("urn:be:fedict:iam:attr:fedid", f"sandbox-{alias}"),
        ]


def fetched(address: str) -> bytes:
    """A page on this machine."""
    return requests.get(address, timeout=TIMEOUT_SECONDS).content


def _told() -> Mapping[str, str]:
    return request.form if request.method == "POST" else request.args


def _alone(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))
