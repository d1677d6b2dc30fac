"""What is refused at each door: a login begun and led to its last step, with something wrong in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import requests

from iam.sandbox.identity_providers.openid_profiles import ITSME
from iam.sandbox.identity_providers.openid_tricks import Trick as OpenIdTrick
from iam.sandbox.identity_providers.saml_profiles import EIDAS, FEDERAL
from iam.sandbox.identity_providers.saml_tricks import SamlTrick
from iam.sandbox.identity_providers.software_card import Trick as CardTrick
from tests.credentials.software_authenticator import SoftwareAuthenticator
from tests.flows.doors import WORDS
from tests.flows.gates import SECONDS, Caller, Gates

LENA = "lena.sandbox"


@dataclass(frozen=True)
class Attempt:
    """A request that must be refused."""

    send: Callable[[], requests.Response]
    secrets: list[str] = field(default_factory=list)
    asks: bool = False
    """Whether the house may ask the identity providers before it refuses."""


@dataclass
class Owner:
    """Lena, with every key of our own."""

    app: pyotp.TOTP
    paper: list[str]
    device: SoftwareAuthenticator


Input = Callable[[Gates, Owner], Attempt]


def own_keys(gates: Gates) -> Owner:
    """Lena logs in by itsme and adds each key."""
    caller = Caller(gates)
    caller.get(to_the_callback(caller, OpenIdTrick.NONE))
    assert caller.led_to() == f"{gates.portal}/"
    assert caller.post("/my/keys/password", user_name=LENA, password=WORDS, again=WORDS).status_code == 303
    caller.get("/my/keys/one-time-device")
    hidden = caller.form("/one-time-device")[1]
    app, earlier = pyotp.TOTP(hidden["secret"]), gates.house.clock.now() - timedelta(seconds=30)
    assert caller.send("/one-time-device", code=app.at(earlier), label="phone").status_code == 303
    paper = re.findall(r"<code>([^<]+)</code>", caller.post("/my/keys/paper-codes").text)
    device = SoftwareAuthenticator(gates.portal, urlsplit(gates.portal).hostname or "")
    caller.get("/my/keys/passkey")
    made = caller.send("/my/keys/passkey", credential=device.create(challenge_of(caller)), label="phone")
    assert made.status_code == 303
    return Owner(app, paper, device)


def challenge_of(caller: Caller) -> str:
    """The challenge of the page for passkeys that is open."""
    [told] = re.findall(r'data-passkey="([^"]*)"', caller.page.text)
    return str(json.loads(unescape(told))["challenge"])


def to_the_callback(caller: Caller, trick: OpenIdTrick, provider: str = "itsme", level: str = "") -> str:
    """Log in at an OpenID Provider; where it leads back to."""
    caller.post(f"/sign-in/oidc/{provider}/start")
    caller.get(caller.led_to())
    chosen = {"persona": "lena", "level": level or next(iter(ITSME.levels)), "trick": trick.value}
    caller.send("", answer="log_in", **chosen)
    return caller.led_to()


def at_the_callback(trick: OpenIdTrick) -> Input:
    """itsme misbehaves."""

    def led_back(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        address = to_the_callback(caller, trick)
        return Attempt(lambda: caller.get(address), [*_told(address), *caller.secrets, _number(gates)], asks=True)

    return led_back


def changed(*, elsewhere: bool = False, twice: bool = False, **parameters: str | None) -> Input:
    """itsme behaves, and somebody changes what comes back, or brings it in another browser or twice."""

    def led_back(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        address = to_the_callback(caller, OpenIdTrick.NONE)
        place, query = address.split("?", 1)
        told = {name: values[0] for name, values in parse_qs(query).items()} | parameters
        sent = f"{place}?{urlencode({name: value for name, value in told.items() if value is not None})}"
        if twice:
            caller.get(sent)
        arriving = Caller(gates) if elsewhere else caller
        return Attempt(lambda: arriving.get(sent), [*_told(address), *caller.secrets, _number(gates)])

    return led_back


def brought_to(provider: str) -> Input:
    """The answer of itsme is brought to the callback of another provider."""

    def led_back(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        address = to_the_callback(caller, OpenIdTrick.NONE)
        other = address.replace("/sign-in/oidc/itsme/", f"/sign-in/oidc/{provider}/")
        return Attempt(lambda: caller.get(other), [*_told(address), *caller.secrets])

    return led_back


def at_the_acs(trick: SamlTrick, *, eidas: bool = False) -> Input:
    """FAS or the eIDAS node misbehaves."""

    def posted(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        if trick is SamlTrick.REPLAY:
            caller.go(*_filled(caller, SamlTrick.NONE, eidas=eidas))
            caller = Caller(gates)
        address, fields = _filled(caller, trick, eidas=eidas)
        return Attempt(lambda: caller.go(address, fields), [*fields.values(), *caller.secrets, _number(gates)])

    return posted


def _filled(caller: Caller, trick: SamlTrick, *, eidas: bool) -> tuple[str, dict[str, str]]:
    """Log in at a SAML identity provider; where its answer is posted, and what."""
    profile = EIDAS if eidas else FEDERAL
    if eidas:
        caller.post("/sign-in/eidas/eidas/country", country="NL", whom="self")
    else:
        caller.post("/sign-in/saml/fas-saml/start")
    caller.send("")
    level, who = next(iter(profile.levels)), "sanne" if eidas else "lena"
    caller.send("/answer", person=who, level=level, trick=trick.value, answer="log_in")
    return caller.form()


def posted_instead(**fields: str) -> Input:
    """Somebody posts something else than what FAS answers."""

    def posted(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        address, told = _filled(caller, SamlTrick.NONE, eidas=False)
        sent = {name: value for name, value in {**told, **fields}.items() if value}
        return Attempt(lambda: caller.go(address, sent), [*told.values(), *caller.secrets])

    return posted


def by_card(trick: CardTrick, *, elsewhere: bool = False, garbled: str = "") -> Input:
    """A card that is not in order, another browser's challenge, or no token at all."""

    def signed(gates: Gates, _: Owner) -> Attempt:
        caller, other = Caller(gates), Caller(gates)
        caller.post("/sign-in/web-eid/eid/start")
        hidden = caller.form("/token")[1]
        order = {"persona": "lena", "kind": "P-384", "trick": trick.value, "challenge": hidden["challenge"]}
        headers = {"Origin": gates.portal}
        made = requests.post(f"{gates.identities.url}/cards/sign", json=order, headers=headers, timeout=SECONDS)
        assert made.ok, made.text
        fields = {"challenge": hidden["challenge"], "token": garbled or made.text}
        arriving = other if elsewhere else caller
        send = lambda: arriving.post("/sign-in/web-eid/eid/token", **fields)  # noqa: E731
        return Attempt(send, [*fields.values(), *caller.secrets, _number(gates)], asks=True)

    return signed


def typed(door: str, **fields: str) -> Input:
    """Something wrong beside what is right, at a door of our own."""

    def sent(gates: Gates, owner: Owner) -> Attempt:
        caller = Caller(gates)
        right = {"user_name": LENA, "password": WORDS}
        caller.get(f"/sign-in/{door}/")
        wrong = {name: value.format(used=owner.paper[0]) for name, value in fields.items()}
        told = right | wrong
        return Attempt(lambda: caller.post(f"/sign-in/{door}/answer", **told), [*told.values(), *caller.secrets])

    return sent


def with_passkey(spoil: Callable[[SoftwareAuthenticator], SoftwareAuthenticator], *, elsewhere: bool = False) -> Input:
    """A device that is not in order, or a challenge that another browser was given."""

    def shown(gates: Gates, owner: Owner) -> Attempt:
        caller, other = Caller(gates), Caller(gates)
        caller.get("/sign-in/passkey/passkey/")
        answer = spoil(owner.device).get(challenge_of(caller))
        arriving = other if elsewhere else caller
        send = lambda: arriving.post("/sign-in/passkey/passkey/answer", credential=answer)  # noqa: E731
        return Attempt(send, [answer, *caller.secrets])

    return shown


def garbled_passkey(answer: str) -> Input:
    """What no device answers."""

    def shown(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        caller.get("/sign-in/passkey/passkey/")
        return Attempt(lambda: caller.post("/sign-in/passkey/passkey/answer", credential=answer), caller.secrets)

    return shown


def activated(*, used: bool = False, link: str = "", **wrong: str) -> Input:
    """A link that is used or was never sent, a code that is wrong, or a key that cannot be."""

    def opened(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        path, code = gates.activation("ugo")
        right = {"code": code, "user_name": "ugo.sandbox", "password": WORDS, "again": WORDS}
        right |= {"secret": pyotp.random_base32(), "device_code": "", "label": ""}
        if used:
            assert caller.post(path, **right).status_code == 200
        told = right | wrong
        secrets = [told["code"], told["password"], path.rpartition("/")[2], *caller.secrets]
        return Attempt(lambda: caller.post(link or path, **told), secrets)

    return opened


def unlinked(action: str, **fields: str) -> Input:
    """Sanne, whom nobody knows, proves nothing about a Belgian number."""

    def asked(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        caller.go(*_filled(caller, SamlTrick.NONE, eidas=True))
        assert caller.led_to().endswith("/sign-in/registration")
        told = {name: value.format(number=_number(gates)) for name, value in fields.items()}
        return Attempt(
            lambda: caller.post(f"/sign-in/registration/{action}", **told), [*told.values(), *caller.secrets]
        )

    return asked


def told_to_log_out(token: str) -> Input:
    """A provider's server tells of a log-out, and proves nothing."""

    def told(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        return Attempt(lambda: caller.go("/sign-in/oidc/itsme/logout", {"logout_token": token}), [token], asks=True)

    return told


def begun_at(path: str) -> Input:
    """A way to log in that there is not."""

    def begun(gates: Gates, _: Owner) -> Attempt:
        caller = Caller(gates)
        return Attempt(lambda: caller.post(path), caller.secrets)

    return begun


def _told(address: str) -> list[str]:
    """The values in an address that are secret."""
    told = parse_qs(urlsplit(address).query)
    return [value for name in ("code", "state") for value in told.get(name, []) if value != "another-state"]


def _number(gates: Gates) -> str:
    return gates.country.niss_of("lena").value
