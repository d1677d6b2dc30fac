"""Whatever is refused at a door of logins leaves one event with its reason in the log, and nothing else anywhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import requests
import structlog

from iam.sandbox.identity_providers.openid_tricks import Trick as OpenIdTrick
from iam.sandbox.identity_providers.saml_tricks import SamlTrick
from iam.sandbox.identity_providers.software_card import Trick as CardTrick
from tests import engines
from tests.flows.gates import SECONDS, Caller, Gates, open_gates
from tests.flows.refused_inputs import (
    Input,
    Owner,
    activated,
    at_the_acs,
    at_the_callback,
    begun_at,
    brought_to,
    by_card,
    changed,
    garbled_passkey,
    own_keys,
    posted_instead,
    to_the_callback,
    told_to_log_out,
    typed,
    unlinked,
    with_passkey,
)
from tests.refusals import nothing_happens

NOT_BEGUN, NOT_BELIEVED = "oidc_not_begun_here", "oidc_not_believed"
OPENID = {
    OpenIdTrick.OTHER_STATE: NOT_BEGUN,
    OpenIdTrick.LEVEL_TOO_LOW: "oidc_level_unknown",
    OpenIdTrick.STALE_LOGIN: "oidc_not_recent",
    **dict.fromkeys(
        [
            OpenIdTrick.OTHER_ISSUER,
            OpenIdTrick.WRONG_NONCE,
            OpenIdTrick.EXPIRED,
            OpenIdTrick.OTHER_AUDIENCE,
            OpenIdTrick.UNSIGNED,
            OpenIdTrick.OTHER_SUBJECT,
            OpenIdTrick.NOT_ENCRYPTED,
        ],
        NOT_BELIEVED,
    ),
}
FORGED = "saml_not_believed"
SAML = {
    SamlTrick.UNKNOWN_LEVEL: "saml_level_unknown",
    SamlTrick.STALE_LOGIN: "saml_not_recent",
    **dict.fromkeys(
        [
            SamlTrick.EXPIRED,
            SamlTrick.OTHER_AUDIENCE,
            SamlTrick.OTHER_REQUEST,
            SamlTrick.UNSIGNED_MESSAGE,
            SamlTrick.UNSIGNED_ASSERTION,
            SamlTrick.OTHER_KEY,
            SamlTrick.NOT_ENCRYPTED,
            SamlTrick.COMMENT,
            SamlTrick.DOCTYPE,
            SamlTrick.REPLAY,
        ],
        FORGED,
    ),
}
UNREACHABLE = "certificate_status_unreachable"
CARDS = {
    CardTrick.REVOKED: "certificate_revoked",
    CardTrick.UNKNOWN: "certificate_status_unknown",
    CardTrick.STALE: UNREACHABLE,
    CardTrick.SILENT: UNREACHABLE,
    CardTrick.WRONG_RESPONDER: UNREACHABLE,
    CardTrick.EXPIRED: "certificate_expired",
    CardTrick.SIGNATURE_CERTIFICATE: "certificate_purpose",
    CardTrick.OTHER_ORIGIN: "web_eid_signature",
}
REFUSED: dict[str, tuple[Input, str]] = {
    **{f"itsme: {trick}": (at_the_callback(trick), code) for trick, code in OPENID.items()},
    "itsme: no state": (changed(state=None), NOT_BEGUN),
    "itsme: another state": (changed(state="x" * 43), NOT_BEGUN),
    "itsme: no code": (changed(code=None), NOT_BELIEVED),
    "itsme: declined": (changed(code=None, error="access_denied"), "oidc_cancelled"),
    "itsme: no issuer": (changed(iss=None), NOT_BELIEVED),
    "itsme: twice": (changed(twice=True), NOT_BEGUN),
    "itsme: in another browser": (changed(elsewhere=True), NOT_BEGUN),
    "itsme: at the callback of MyGov": (brought_to("mygov"), NOT_BEGUN),
    "itsme: at the callback of FAS": (brought_to("fas"), NOT_BEGUN),
    "itsme: at the callback of nobody": (brought_to("nobody"), "not_found"),
    **{f"eIDAS: {trick}": (at_the_acs(trick, eidas=True), code) for trick, code in SAML.items()},
    "eIDAS: other_country": (at_the_acs(SamlTrick.OTHER_COUNTRY, eidas=True), "saml_other_country"),
    "eIDAS: no_name": (at_the_acs(SamlTrick.NO_NAME, eidas=True), "saml_data_missing"),
    **{f"FAS: {trick}": (at_the_acs(trick), code) for trick, code in SAML.items()},
    "FAS: no answer": (posted_instead(SAMLResponse=""), FORGED),
    "FAS: no XML": (posted_instead(SAMLResponse="aGVsbG8="), FORGED),
    "FAS: another relay state": (posted_instead(RelayState="x" * 43), "saml_not_begun_here"),
    **{f"card: {trick}": (by_card(trick), code) for trick, code in CARDS.items()},
    "card: in another browser": (by_card(CardTrick.NONE, elsewhere=True), "web_eid_challenge"),
    "card: no token": (by_card(CardTrick.NONE, garbled="{}" * 60), "web_eid_token_malformed"),
    "password: wrong": (typed("password/password", password="not this one"), "wrong_password"),
    "password: nobody's": (typed("password/password", user_name="nobody.sandbox"), "wrong_password"),
    "app: wrong code": (typed("one-time-code/totp", code="000000"), "wrong_code"),
    "app: wrong password": (typed("one-time-code/totp", password="not this one", code="000000"), "wrong_code"),
    "paper: wrong code": (typed("one-time-code/paper-codes", code="aaaa-aaaa"), "wrong_code"),
    "passkey: in another browser": (with_passkey(lambda one: one, elsewhere=True), "wrong_passkey"),
    "passkey: nobody's": (with_passkey(lambda one: replace(one, id=bytes(32))), "wrong_passkey"),
    "passkey: of another site": (with_passkey(lambda one: replace(one, origin="https://x.example")), "wrong_passkey"),
    "passkey: copied": (with_passkey(lambda one: replace(one, counter=0, counts=False)), "copied_passkey"),
    "passkey: nobody verified": (with_passkey(lambda one: replace(one, flags=1)), "wrong_passkey"),
    "passkey: no answer": (garbled_passkey("{}"), "wrong_passkey"),
    "activation: wrong code": (activated(code="aaaa-aaaa-aaaa"), "wrong_activation_code"),
    "activation: used": (activated(used=True), "activation_unusable"),
    "activation: never sent": (activated(link="/activation/" + "x" * 43), "activation_unusable"),
    "activation: no link": (activated(link="/activation/x"), "activation_unusable"),
    "from abroad: no Belgian key": (unlinked("link"), "belgian_key_needed"),
    "from abroad: wrong code": (unlinked("code", number="{number}", code="aaaa-aaaa-aaaa"), "code_unusable"),
    "log-out: no token": (told_to_log_out("x.y.z"), "logout_token_refused"),
    "no such provider": (begun_at("/sign-in/oidc/nobody/start"), "not_found"),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gates]:
    """The portal on either storage."""
    data = tmp_path_factory.mktemp("gates")
    if request.param == "sqlite":
        with open_gates(data, f"sqlite:///{data / 'procura.db'}") as opened:
            yield opened
        return
    server = request.getfixturevalue("postgresql_url")
    database = engines.fresh_database(server)
    with open_gates(data, database) as opened:
        yield opened
    engines.drop_database(server, database)


@pytest.fixture(scope="module")
def owner(gates: Gates) -> Owner:
    return own_keys(gates)


@pytest.mark.attack("L02")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_one_event_and_nothing_else(gates: Gates, owner: Owner, name: str) -> None:
    prepare, code = REFUSED[name]
    attempt = prepare(gates, owner)
    may_ask = {gates.players} if attempt.asks else set()
    with nothing_happens(gates.house, secrets=attempt.secrets, may_ask=may_ask) as watched:
        answer = attempt.send()
    assert watched.code == code
    assert answer.status_code == 503 if code == UNREACHABLE else 400 <= answer.status_code < 500


def logged_in(gates: Gates) -> None:
    caller = Caller(gates)
    caller.get(to_the_callback(caller, OpenIdTrick.NONE))
    structlog.get_logger().warning("refused", code="told")


def told(**event: str) -> Callable[[Gates], None]:
    return lambda _: structlog.get_logger().warning("refused", **event)


def told_twice(_: Gates) -> None:
    told(code="once")(_)
    told(code="again")(_)


def asked_elsewhere(gates: Gates) -> None:
    asking = threading.Thread(target=lambda: requests.get(gates.identities.url, timeout=SECONDS))
    asking.start()
    asking.join()
    told(code="told")(gates)


@pytest.mark.parametrize(
    ("planted", "wrong"),
    [
        (lambda _: None, "not one event"),
        (told_twice, "not one event"),
        (told(code="BadAnswer"), "no stable reason code"),
        (logged_in, "these tables changed"),
        (asked_elsewhere, "it asked"),
        (told(code="told", detail="a-word-that-nobody-may-read"), "a secret stands in the log"),
    ],
)
def test_a_planted_consequence_of_a_refusal_is_noticed(
    gates: Gates, planted: Callable[[Gates], None], wrong: str
) -> None:
    secrets = ["a-word-that-nobody-may-read"]
    with pytest.raises(AssertionError, match=wrong), nothing_happens(gates.house, secrets=secrets):
        planted(gates)
