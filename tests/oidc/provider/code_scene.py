"""A whole house with a client to which people log in: its doors, a browser with cookies, and the client's own side."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.app import service_of
from iam.domain.appointments import Grant, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.client_metadata import (
    NATIONAL_NUMBER,
    OFFLINE,
    OPENID,
    PERSON_SCOPES,
    PROFILE,
    ClientMetadata,
    GrantType,
)
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.logins import Circumstances, PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.persons import Person, PersonNumber
from iam.entrance import Entrance
from iam.house import House
from iam.outside.sealing import Sealer
from iam.services.client_metadata_rules import check_metadata
from iam.services.sessions import Held
from iam.settings import read_settings
from iam.storage.archive import SqlArchive
from iam.web.browser import SESSION_COOKIE
from oidc.provider.client_assertion import ASSERTION_TYPE
from policies.library import LawLibrary
from tests.oidc.provider.forgery import compact, ec_jwk, jwks, payload
from tests.oidc.provider.premises import EMPLOYER, ISSUER, NSSO, OTHER, PROVIDER, the_law
from tests.oidc.provider.wallet import Wallet
from tests.services.login_scenes import ChangingBook, provider
from tests.storage import records
from tests.storage.clocks import SetClock

PORTAL = f"declaration_service_procura_{NSSO}_portal0000"
CALLBACK = "https://portal.example/callback"
DECLARE, CONSULT = "scope:dimona:declaration:declare", "scope:dimona:declaration:consult"
VERIFIER = "v" * 43
MARIE = Niss.parse("85073003328")
BORN = None
PROVING = ("/oauth2/token", "/oauth2/par", "/oauth2/device_authorization")
_FIELD = re.compile(r'name="(csrf_token|shown)" value="([^"]*)"')


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class CodeScene:
    """The house, and what tests do with it.

    The client is one of the default profile: it pushes its requests, and its tokens are bound to the key of `wallet`.
    In the profile `older` it sends people with all parameters in the address, and its tokens are bearer tokens.
    """

    def __init__(self, archive: SqlArchive, clock: SetClock, folder: Path) -> None:
        self.archive, self.clock = archive, clock
        self.wallet, self.held_to = Wallet(clock), Profile.DEFAULT
        nowhere = folder / "nowhere.toml"
        nowhere.write_text("")
        settings = read_settings(
            {
                "PROCURA_ENVIRONMENT": "sandbox",
                "PROCURA_DATA": str(folder),
                "PROCURA_ISSUER": ISSUER,
                "PROCURA_ENTERPRISE_REGISTER": "http://127.0.0.1:9",
                "PROCURA_EMPLOYER_DIRECTORY": "http://127.0.0.1:9",
                "PROCURA_ADMINISTRATION": NSSO,
                "PROCURA_AUTHENTICATION_SOURCES": str(nowhere),
                "PROCURA_LOGIN_PROVIDERS": str(nowhere),
                "PROCURA_SEALING_KEY_VALUE": base64.urlsafe_b64encode(bytes(32)).decode(),
            }
        )
        library = LawLibrary(the_law(), lambda _instant: ("", ""))
        self.house = House(settings, clock, archive, library, Sealer(bytes(range(32))))
        self.house.key_rotation.ensure(clock.now())
        self.book = ChangingBook(provider("itsme"), provider("password", LoginKey.PASSWORD, highest=Assurance.LOW))
        self.service = service_of(self.house, self._entrance())
        self.settle()

    def _entrance(self) -> Entrance:
        entrance = Entrance(self.house)
        entrance.__dict__["providers"] = self.book
        self.entrance = entrance
        return entrance

    def settle(self) -> None:
        """Marie uses Dimona for the employer; the portal of the administration asks people for it."""
        capacity = Capacity.EMPLOYER
        self.marie = self.house.randomness.identifier()
        self.record(
            *(records.enterprise(one) for one in (EMPLOYER, PROVIDER, OTHER, NSSO)),
            records.capacity_held("c1"),
            records.capacity_held("c3", enterprise=NSSO, capacity=Capacity.ADMINISTRATION),
            self.client(),
            self.metadata(),
            Person(id=self.marie, known_since=self.clock.at),
            PersonNumber(niss=MARIE.value, person=self.marie, since=self.clock.at, first_person=self.marie),
            records.appointment("a1", person=self.marie, enterprise=EMPLOYER, capacity=capacity, role=Role.USER),
            records.grant(
                "g1", holder="a1", enterprise=EMPLOYER, capacity=capacity, service="dimona", actions=("declare",)
            ),
        )

    def client(self, profile: Profile = Profile.DEFAULT, **changed: Any) -> Client:
        told: dict[str, Any] = {
            "enterprise": NSSO,
            "capacity": Capacity.ADMINISTRATION,
            "kind": ClientKind.DECLARATION_SERVICE,
            "services": ("dimona",),
            "niss_services": ("dimona",),
            "jwks": jwks(ec_jwk(kid="k1")),
            "profile": profile,
            "profile_until": None if profile is Profile.DEFAULT else self.clock.at + timedelta(days=365),
        }
        return records.client(PORTAL, **{**told, **changed})

    def metadata(self, **changed: Any) -> ClientMetadata:
        scopes = (OPENID, PROFILE, OFFLINE, NATIONAL_NUMBER, DECLARE, CONSULT)
        plain = ClientMetadata(
            client=PORTAL,
            grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
            redirect_uris=(CALLBACK,),
            scopes=tuple(one for one in scopes if self.held_to is not Profile.OIDC_BASIC or one in PERSON_SCOPES),
            dpop_bound=self.pushes and not changed.get("certificate_bound"),
        )
        return replace(plain, **changed)

    def profile(self, profile: Profile, *, keys: str = "", **changed: Any) -> None:
        """Hold the client to another profile, by metadata that this profile takes; `keys` are others than its own."""
        self.held_to = profile
        client = self.client(profile, **({"jwks": keys} if keys else {}))
        metadata = self.metadata(**changed)
        check_metadata(client, metadata, self.house.library.current().catalogue, local=True)
        self.record(client, metadata)

    @property
    def pushes(self) -> bool:
        """Whether the client's profile is that in which requests are pushed and tokens bound."""
        return self.held_to is Profile.DEFAULT

    def record(self, *facts: object) -> None:
        with self.archive.writing() as uow:
            for fact in facts:
                uow.put(fact)
            uow.commit()

    def end_grant(self) -> None:
        """Take the use of Dimona from Marie."""
        with self.archive.writing() as uow:
            uow.remove(Grant, "g1")
            uow.commit()

    # ------------------------------------------------------------------ the person's side

    def browser(self) -> Browser:
        return Browser(self.service)

    def logged_in(self, level: Assurance = Assurance.HIGH, browser: Browser | None = None, **acting: Any) -> Browser:
        """A browser in which Marie logged in just now, acting for the employer unless told otherwise."""
        here = browser or self.browser()
        held = self.entrance.sign_in.enter(
            ProvenLogin(
                provider="itsme",
                key=LoginKey.ITSME,
                assurance=level,
                authenticated_at=self.clock.at,
                reference=self.house.randomness.identifier(),
                expires_at=self.clock.at + timedelta(minutes=10),
                niss=MARIE,
                personal=PersonalData(family_name="Peeters", given_name="Marie", born=BORN),
            ),
            Circumstances(),
        )
        assert isinstance(held, Held)
        told = {"enterprise": EMPLOYER, "capacity": Capacity.EMPLOYER, **acting}
        session = replace(held.session, **told)
        self.record(session)
        here.set_cookie(SESSION_COOKIE, held.secret, domain="procura.example", secure=True)
        self.session = session
        return here

    def visit(self, browser: Browser, address: str) -> TestResponse:
        return browser.get(address.removeprefix(ISSUER), base_url=ISSUER)

    def answer(self, browser: Browser, page: TestResponse, answer: str, **more: str) -> TestResponse:
        """Press a button of the page of the decision."""
        told = dict(_FIELD.findall(page.text))
        asked = dict(parse_qsl(urlsplit(page.request.url).query))
        form = {**told, "client_id": asked["client_id"], "request": asked["request"], "answer": answer, **more}
        return browser.post("/connect/decision", data=form, base_url=ISSUER, headers={"Origin": ISSUER})

    # ------------------------------------------------------------------ the client's side

    def parameters(self, **more: str) -> dict[str, str]:
        plain = {
            "client_id": PORTAL,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": f"openid {DECLARE}",
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**plain, **more}.items() if value}

    def authorize(self, **more: str) -> str:
        """The address to which the client sends a browser: after it pushed its request, where its profile asks that."""
        told = self.push(**more).get_json() if self.pushes else {}
        if "request_uri" not in told:
            return self.plain(**more)
        return f"/connect/authorize?{urlencode({'client_id': PORTAL, 'request_uri': told['request_uri']})}"

    def plain(self, **more: str) -> str:
        """The address with the request itself."""
        return f"/connect/authorize?{urlencode(self.parameters(**more))}"

    def authenticated(self, client_id: str = PORTAL, **claims: Any) -> dict[str, str]:
        now = int(self.clock.at.timestamp())
        plain = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60}
        told = {**plain, "jti": self.house.randomness.identifier(), **claims}
        assertion = compact({"alg": "ES256", "kid": "k1"}, told)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def post(self, path: str, parameters: Mapping[str, str], **headers: str) -> TestResponse:
        """A request of the client; in the default profile with a proof by `wallet`, unless `DPoP` is given ("": none),
        and once more, word for word, when the server asks for its nonce.
        """
        own = self.pushes and path in PROVING and "DPoP" not in headers

        def sent() -> TestResponse:
            proof = {"DPoP": self.wallet.proof("POST", ISSUER + path)} if own else {}
            told = {name: value for name, value in {**headers, **proof}.items() if value}
            return self.browser().post(path, data=dict(parameters), base_url=ISSUER, headers=told)

        return self.wallet.tried(sent) if own else sent()

    def push(self, **more: str) -> TestResponse:
        return self.post("/oauth2/par", {**self.parameters(**more), **self.authenticated()})

    def pushed(self, **more: str) -> str:
        """The address to which the client sends a browser after it pushed its request."""
        answer = self.push(**more)
        assert answer.status_code == 201, answer.text
        told = {"client_id": PORTAL, "request_uri": answer.get_json()["request_uri"]}
        return f"/connect/authorize?{urlencode(told)}"

    def code(self, browser: Browser | None = None, **more: str) -> str:
        """A code, by a person who says yes."""
        here = browser or self.logged_in()
        page = here.get(self.authorize(**more), base_url=ISSUER)
        while page.status_code == 303 and page.headers["Location"].startswith(("/", ISSUER)):
            page = self.visit(here, page.headers["Location"])
        answer = self.answer(here, page, "allow") if page.status_code == 200 else page
        assert answer.status_code == 303, answer.text
        return answer_of(answer)["code"]

    def redeem(self, code: str, **more: str) -> TestResponse:
        told = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        sent = {name: value for name, value in {**told, **self.authenticated(), **more}.items() if value}
        return self.post("/oauth2/token", sent)

    def tokens(self, **more: Any) -> dict[str, Any]:
        """The tokens of a code, by a person who says yes."""
        answer = self.redeem(self.code(**more))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def refresh(self, token: str, **more: str) -> TestResponse:
        told = {"grant_type": "refresh_token", "refresh_token": token, **self.authenticated(), **more}
        return self.post("/oauth2/token", told)

    def userinfo(self, token: str) -> TestResponse:
        """What the client is told of the person, by a token that is presented as it is bound."""
        return self.present("/oauth2/userinfo", token)

    def present(self, path: str, token: str, method: str = "GET", **more: Any) -> TestResponse:
        """A request to one of our own doors with an access token, presented as it is bound."""
        bound = token.count(".") == 2 and "jkt" in payload(token).get("cnf", {})

        def sent() -> TestResponse:
            told = {"Authorization": f"{'DPoP' if bound else 'Bearer'} {token}"}
            if bound:
                told["DPoP"] = self.wallet.proof(method, ISSUER + path, token)
            return self.browser().open(path, method=method, base_url=ISSUER, headers=told, **more)

        return self.wallet.tried(sent)


def answer_of(response: TestResponse) -> dict[str, str]:
    """What the client is told by the address that a browser is sent to."""
    parts = urlsplit(response.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return dict(parse_qsl(parts.query))


def claims(token: str) -> dict[str, Any]:
    """The claims of a token."""
    return payload(token)
