"""Messages about log-outs that are forged, stale, for others or used before end nothing and confirm nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from iam.domain.login_providers import LoginProviders
from iam.sandbox.identity_providers.saml_messages import written
from tests.saml import premises as p
from tests.saml.conftest import Watch
from tests.saml.door_scene import BASE, FAS_ENTITY, request_of
from tests.saml.logout_scene import PLACE, LogoutScene, enveloped, query_of

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
Order = Callable[[LogoutScene], etree._Element]
Query = Callable[[LogoutScene], str]


@pytest.fixture
def scene(tmp_path: Path) -> LogoutScene:
    return LogoutScene(tmp_path)


def _says(**changes: str | None) -> Order:
    return lambda scene: scene.order(changes=changes)


def _at(distance: timedelta, name: str = "IssueInstant") -> Order:
    return lambda scene: scene.order(changes={name: written(scene.clock.at + distance)})


def _with(change: Callable[[etree._Element], object]) -> Order:
    def make(scene: LogoutScene) -> etree._Element:
        order = scene.order()
        change(order)
        return order

    return make


def _encrypted_name(order: etree._Element) -> None:
    order[1].tag = str(order[1].tag).replace("NameID", "EncryptedID")


def _issued_by(name: str) -> Order:
    return _with(lambda order: setattr(order[0], "text", name))


FORGED = {
    "destination with slash": (_says(Destination=f"{PLACE}/logout/"), "destination"),
    "destination of answers": (_says(Destination=f"{PLACE}/logged-out"), "destination"),
    "destination elsewhere": (_says(Destination="https://other.example.org/logout"), "destination"),
    "destination left out": (_says(Destination=None), "attribute_missing"),
    "issuer": (_issued_by("https://other.example.org/metadata"), "issuer"),
    "issuer with slash": (_issued_by(f"{FAS_ENTITY}/"), "issuer"),
    "version": (_says(Version="1.1"), "version"),
    "too old": (_at(-5 * MINUTE - SECOND), "message_time"),
    "ahead of time": (_at(11 * SECOND), "message_time"),
    "over": (_at(timedelta(), "NotOnOrAfter"), "expired"),
    "instant with offset": (_says(IssueInstant="2026-11-22T10:00:00+01:00"), "instant_unreadable"),
    "two names": (_with(lambda order: order.insert(2, p.again(order[1]))), "element_repeated"),
    "name with blank": (_with(lambda order: setattr(order[1], "text", " _name")), "text_not_allowed"),
    "no name": (_with(lambda order: order.remove(order[1])), "element_missing"),
    "encrypted name": (_with(_encrypted_name), "element_not_allowed"),
    "many sessions": (
        _with(lambda order: order.extend([p.again(order[2]) for _ in range(20)])),
        "element_repeated",
    ),
    "extensions": (
        _with(lambda order: order.insert(1, etree.Element(order.tag.replace("LogoutRequest", "Extensions")))),
        "element_not_allowed",
    ),
    "a login": (_with(lambda order: setattr(order, "tag", order.tag.replace("Logout", "Authn"))), "not_about_a_logout"),
}


@pytest.mark.attack("S01", "S07", "S09")
@pytest.mark.parametrize("binding", ["form", "redirect"])
@pytest.mark.parametrize("name", FORGED)
def test_a_signed_request_that_is_not_for_us_or_not_of_now_ends_nothing(
    scene: LogoutScene, name: str, binding: str
) -> None:
    login = scene.enter()
    make, code = FORGED[name]
    order = make(scene)
    if binding == "form":
        answer = scene.by_form("logout", enveloped(order))
    else:
        answer = scene.by_redirect("logout", query_of(order, "SAMLRequest"))
    assert (answer.status_code, scene.refused) == (400, ("saml_logout_refused", code))
    assert answer.location is None
    assert scene.lives(login)


@pytest.mark.attack("S02", "S03", "S04", "S06")
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (lambda scene: scene.order(), "unsigned"),
        (lambda scene: enveloped(scene.order(), p.STRANGER), "signature_invalid"),
        (lambda scene: enveloped(scene.order(), p.NODE_EC), "signature_invalid"),
        (lambda scene: enveloped(scene.order(), p.NODE, SHA1), "signature_algorithm_not_allowed"),
        (lambda scene: p.replaced(enveloped(scene.order()), (b">_name<", b">_nam2<")), "signature_invalid"),
        (lambda scene: b"<!DOCTYPE r>" + p.octets(enveloped(scene.order())), "doctype"),
        (lambda scene: p.replaced(enveloped(scene.order()), (b">_name<", b">_na<!---->me<")), "comment"),
    ],
    ids=["unsigned", "stranger", "another kind of key", "SHA-1", "changed", "doctype", "comment"],
)
def test_a_form_that_the_provider_did_not_sign_ends_nothing(scene: LogoutScene, sent: Order, code: str) -> None:
    login = scene.enter()
    assert scene.by_form("logout", sent(scene)).status_code == 400
    assert scene.refused == ("saml_logout_refused", code)
    assert scene.lives(login)


def _query(**raw: str) -> Query:
    return lambda scene: query_of(scene.order(), "SAMLRequest", state="s", raw=raw)


def _tail(text: str) -> Query:
    return lambda scene: _query()(scene) + text


def _without(name: str) -> Query:
    return lambda scene: "&".join(each for each in _query()(scene).split("&") if not each.startswith(f"{name}="))


def _of(message: Callable[[LogoutScene], etree._Element | bytes], key: str = "NODE") -> Query:
    return lambda scene: query_of(message(scene), "SAMLRequest", key=getattr(p, key))


QUERIES: dict[str, tuple[Query, str]] = {
    "unsigned": (_without("Signature"), "unsigned"),
    "no algorithm": (_without("SigAlg"), "unsigned"),
    "nothing": (lambda _: "", "query_malformed"),
    "no message": (_without("SAMLRequest"), "query_malformed"),
    "state taken away": (_without("RelayState"), "signature_invalid"),
    "state changed": (_query(RelayState="t"), "signature_invalid"),
    "stranger": (_of(lambda scene: scene.order(), "STRANGER"), "signature_invalid"),
    "another kind of key": (_of(lambda scene: scene.order(), "NODE_EC"), "signature_invalid"),
    "other algorithm": (_query(SigAlg=SHA1), "signature_algorithm_not_allowed"),
    "no such algorithm": (_query(SigAlg="none"), "signature_algorithm_not_allowed"),
    "algorithm of another kind": (
        _query(SigAlg="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        "signature_invalid",
    ),
    "signature cut": (_query(Signature="AAAA"), "signature_invalid"),
    "signature that is no Base64": (_query(Signature="A!"), "not_base64"),
    "second message behind": (_tail("&SAMLRequest=AAAA"), "query_malformed"),
    "second state": (_tail("&RelayState=x"), "query_malformed"),
    "an answer beside": (_tail("&SAMLResponse=AAAA"), "query_malformed"),
    "another parameter": (_tail("&x=1"), "query_malformed"),
    "name written otherwise": (_tail("&%53AMLRequest=AAAA"), "query_malformed"),
    "another encoding": (_tail("&SAMLEncoding=urn:x"), "query_malformed"),
    "signature inside, too": (_of(lambda scene: enveloped(scene.order())), "signature_misplaced"),
    "bomb": (_of(lambda _: b"<a>" + b" " * 5_000_000 + b"</a>"), "too_large"),
    "not packed": (_query(SAMLRequest="AAAA"), "signature_invalid"),
}


@pytest.mark.attack("S02", "S03", "S04", "S13")
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_the_provider_did_not_sign_as_it_stands_ends_nothing(scene: LogoutScene, name: str) -> None:
    login = scene.enter()
    make, code = QUERIES[name]
    answer = scene.by_redirect("logout", make(scene))
    assert (answer.status_code, scene.refused) == (400, ("saml_logout_refused", code))
    assert scene.lives(login)


@pytest.mark.attack("S13")
@pytest.mark.parametrize("packed", [b"", b"\x00", b"<a/>", b"\xff" * 100])
def test_a_signed_query_that_cannot_be_unpacked_is_refused(
    scene: LogoutScene, packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unpacked:
        def compress(self, _: bytes) -> bytes:
            return packed

        def flush(self) -> bytes:
            return b""

    monkeypatch.setattr("tests.saml.logout_scene.zlib.compressobj", lambda *_: Unpacked())
    query = query_of(scene.order(), "SAMLRequest")
    monkeypatch.undo()
    assert scene.by_redirect("logout", query).status_code == 400
    assert scene.refused[1] == "not_packed"


@pytest.mark.attack("S13")
def test_a_bomb_that_nobody_signed_is_never_unpacked(scene: LogoutScene, watch: Watch) -> None:
    query = query_of(b"<a>" + b" " * 5_000_000 + b"</a>", "SAMLRequest", key=p.STRANGER)
    watch.reached.clear()
    scene.by_redirect("logout", query)
    assert (scene.refused[1], watch.reached) == ("signature_invalid", [])


@pytest.mark.attack("S10")
@pytest.mark.parametrize("binding", ["form", "redirect"])
def test_a_request_is_obeyed_once_whoever_has_logged_in_since(scene: LogoutScene, binding: str) -> None:
    scene.enter()
    order = scene.order()
    form, query = enveloped(order), query_of(order, "SAMLRequest")
    first = scene.by_form("logout", form) if binding == "form" else scene.by_redirect("logout", query)
    assert first.status_code == 303, scene.hall.turned
    later = scene.enter()
    scene.by_form("logout", form)
    assert scene.refused == ("saml_logout_refused", "logout_replayed")
    scene.by_redirect("logout", query)
    assert scene.refused == ("saml_logout_refused", "logout_replayed")
    assert scene.lives(later)


@pytest.mark.attack("S03", "S12")
def test_keys_and_metadata_that_are_over_end_nothing(scene: LogoutScene) -> None:
    login, order = scene.enter(), enveloped(scene.order())
    fas = scene.folder / "fas.xml"
    good = fas.read_bytes()
    root = etree.fromstring(good)
    root.set("validUntil", written(scene.clock.at))
    fas.write_bytes(etree.tostring(root))
    scene.by_form("logout", order)
    assert scene.refused[1] == "metadata_expired"
    fas.write_bytes(good.replace(p.NODE.certificate_base64.encode(), p.STRANGER.certificate_base64.encode()))
    scene.by_form("logout", order)
    assert scene.refused[1] == "signature_invalid"
    assert scene.lives(login)


@pytest.mark.attack("S10")
def test_a_provider_that_is_switched_off_is_not_heard(scene: LogoutScene) -> None:
    order = enveloped(scene.order())
    scene.hall.providers = LoginProviders({"node": scene.eidas()})
    for place in ("logout", "logged-out", "farewell"):
        assert scene.by_form(place, order).status_code in (404, 405)
        assert scene.get(f"/sign-in/saml/fas/{place}").status_code == 404


CONFIRMATIONS: dict[str, tuple[Callable[[etree._Element], etree._Element], str]] = {
    "unsigned": (lambda message: message, "unsigned"),
    "stranger": (lambda message: enveloped(message, p.STRANGER), "signature_invalid"),
    "another request": (lambda message: enveloped(_set(message, "InResponseTo", "_other")), "in_response_to"),
    "no request": (lambda message: enveloped(_unset(message, "InResponseTo")), "attribute_missing"),
    "destination": (lambda message: enveloped(_set(message, "Destination", f"{PLACE}/logout")), "destination"),
    "failed there": (lambda message: enveloped(_status(message, "Responder")), "not_ended_there"),
    "partly": (lambda message: enveloped(_status(message, "Success", "PartialLogout")), "not_ended_there"),
    "an order": (lambda message: enveloped(_tag(message, "LogoutRequest")), "not_about_a_logout"),
}


def _set(message: etree._Element, name: str, value: str) -> etree._Element:
    message.set(name, value)
    return message


def _unset(message: etree._Element, name: str) -> etree._Element:
    del message.attrib[name]
    return message


def _tag(message: etree._Element, name: str) -> etree._Element:
    message.tag = message.tag.replace("LogoutResponse", name)
    return message


def _status(message: etree._Element, first: str, second: str = "") -> etree._Element:
    code = message[1][0]
    code.set("Value", f"urn:oasis:names:tc:SAML:2.0:status:{first}")
    if second:
        etree.SubElement(code, code.tag).set("Value", f"urn:oasis:names:tc:SAML:2.0:status:{second}")
    return message


@pytest.mark.attack("S02", "S03", "S09")
@pytest.mark.parametrize("name", CONFIRMATIONS)
def test_a_confirmation_that_is_none_is_told_as_such(scene: LogoutScene, name: str) -> None:
    fields = scene.left(scene.enter())
    change, code = CONFIRMATIONS[name]
    message = change(scene.confirmation(request_of(fields).get("ID") or ""))
    answer = scene.by_form("logged-out", message, fields["RelayState"])
    assert (answer.status_code, scene.refused) == (400, ("saml_logout_unconfirmed", code))


@pytest.mark.attack("S10")
def test_a_confirmation_counts_once_in_the_browser_that_asked(scene: LogoutScene) -> None:
    fields = scene.left(scene.enter())
    message = enveloped(scene.confirmation(request_of(fields).get("ID") or ""))
    scene.hall.other_browser = True
    scene.by_form("logged-out", message, fields["RelayState"])
    assert scene.refused[1] == "not_begun_here"
    scene.hall.other_browser = False
    assert scene.by_form("logged-out", message, fields["RelayState"]).status_code == 303
    scene.by_form("logged-out", message, fields["RelayState"])
    assert scene.refused[1] == "not_begun_here"


@pytest.mark.attack("S09", "S10")
def test_a_login_is_no_answer_to_a_log_out_nor_the_other_way_round(scene: LogoutScene) -> None:
    login = scene.leave_to_fas()
    confirmation = enveloped(scene.confirmation(request_of(login).get("ID") or ""))
    scene.by_form("logged-out", confirmation, login["RelayState"])
    assert scene.refused == ("saml_logout_unconfirmed", "not_begun_here")
    log_out = scene.left(scene.enter())
    asking = scene.leave_to_fas() | {"RelayState": log_out["RelayState"]}
    scene.answer(asking, scene.response(scene.told(asking, issuer=FAS_ENTITY)), "saml/fas")
    assert scene.refused == ("saml_not_begun_here", "not_begun_here")


@pytest.mark.parametrize("spoil", [lambda told: told[:-4] + "AAAA", lambda _: "", lambda _: "é", lambda _: "AAAA"])
def test_a_farewell_that_we_did_not_write_leads_nowhere(scene: LogoutScene, spoil: Callable[[str], str]) -> None:
    way = scene.behind.way_out(scene.enter().held.session)
    assert way is not None
    told = way.partition("=")[2]
    answer = scene.client.get("/sign-in/saml/fas/farewell", query_string={"told": spoil(told)}, base_url=BASE)
    assert (answer.status_code, scene.refused[1]) == (400, "farewell_unreadable")


def test_a_farewell_leads_there_for_five_minutes(scene: LogoutScene) -> None:
    login = scene.enter()
    way = scene.behind.way_out(login.held.session)
    assert way is not None
    scene.clock.at += 5 * MINUTE
    assert scene.get(way.removeprefix(BASE)).status_code == 400
    assert scene.refused == ("saml_logout_unconfirmed", "farewell_too_old")
