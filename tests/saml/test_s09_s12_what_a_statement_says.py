"""What a statement says: for us alone, about this browser's login, now, fresh, and sure enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from iam.domain.assurance import Assurance
from iam.sandbox.identity_providers.saml_messages import refusal as negative
from iam.sandbox.identity_providers.saml_messages import response
from iam.sandbox.identity_providers.saml_protection import encrypted, signed
from saml.parties import Asked
from tests.saml import premises as p
from tests.saml.conftest import Watch

SECOND = timedelta(seconds=1)


def _set(path: str, name: str, value: str) -> Callable[[etree._Element], None]:
    def change(assertion: etree._Element) -> None:
        found = assertion.find(path)
        assert found is not None
        if name == "text":
            found.text = value
        else:
            found.set(name, value)

    return change


_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
_CONFIRMATION = ".//{*}SubjectConfirmationData"
CHANGED = {
    "audience": (_set(".//{*}Audience", "text", "https://other.example.org"), {"audience", "library_refused"}),
    "audience with slash": (_set(".//{*}Audience", "text", p.OURSELVES.entity + "/"), {"library_refused"}),
    "recipient": (_set(_CONFIRMATION, "Recipient", "https://other.example.org/acs"), {"library_refused"}),
    "recipient that begins like ours": (_set(_CONFIRMATION, "Recipient", p.OURSELVES.acs + "/x"), {"recipient"}),
    "recipient that ends like ours": (
        _set(_CONFIRMATION, "Recipient", "https://evil.example/?" + p.OURSELVES.acs),
        {"recipient"},
    ),
    "other request": (_set(_CONFIRMATION, "InResponseTo", "_other"), {"library_refused"}),
    "issuer": (_set("{*}Issuer", "text", "https://other.example.org"), {"library_refused"}),
    "version": (_set(".", "Version", "1.1"), {"library_refused", "version"}),
    "sender vouches": (
        _set(".//{*}SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
        {"library_refused"},
    ),
    "issuer of another format": (_set("{*}Issuer", "Format", f"{_FORMAT}emailAddress"), {"issuer"}),
    "issuer of no format": (_set("{*}Issuer", "Format", ""), {"issuer"}),
    "name of another format": (_set(".//{*}NameID", "Format", f"{_FORMAT}emailAddress"), {"name_format"}),
    "name of no format": (_set(".//{*}NameID", "Format", ""), {"name_format"}),
    "name qualified by nothing": (_set(".//{*}NameID", "NameQualifier", ""), {"name_format"}),
    "name qualified for nobody": (
        _set(".//{*}NameID", "SPNameQualifier", ""),
        {"name_format", "library_refused"},
    ),
    "made before we asked": (_set(".", "IssueInstant", "2026-11-22T08:59:19Z"), {"issued_before"}),
    "unknown level": (
        _set(".//{*}AuthnContextClassRef", "text", "http://eidas.europa.eu/LoA/highest"),
        {"level_unknown"},
    ),
    "not notified": (
        _set(".//{*}AuthnContextClassRef", "text", "http://eidas.europa.eu/NotNotified/LoA/high"),
        {"level_unknown"},
    ),
    "level too low": (_set(".//{*}AuthnContextClassRef", "text", f"{p.LOA}low"), {"level_too_low"}),
    "instant with offset": (_set(".", "IssueInstant", "2026-11-22T10:00:00+01:00"), {"instant_unreadable"}),
    "instant without zone": (_set(".", "IssueInstant", "2026-11-22T09:00:00"), {"instant_unreadable"}),
    "thirtieth of february": (_set(".", "IssueInstant", "2026-02-30T09:00:00Z"), {"instant_unreadable"}),
    "session ended": (
        _set(".//{*}AuthnStatement", "SessionNotOnOrAfter", "2026-11-22T09:00:00Z"),
        {"library_refused"},
    ),
    "years long": (_set(".//{*}Conditions", "NotOnOrAfter", "2036-11-22T09:00:00Z"), {"valid_too_long"}),
    "value of another type": (
        _set(".//{*}Attribute[@FriendlyName='DateOfBirth']/{*}AttributeValue", "text", "third of February"),
        {"library_refused"},
    ),
}


@pytest.mark.attack("S09", "S12")
@pytest.mark.parametrize("name", CHANGED)
def test_a_signed_statement_that_is_not_for_this_login_is_refused(name: str) -> None:
    change, codes = CHANGED[name]
    assert p.refusal(p.a_response(change=change)) in codes


@pytest.mark.attack("S09")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"destination": p.OURSELVES.acs + "/"}, "destination"),
        ({"destination": p.OURSELVES.acs + "?x=1"}, "destination"),
        ({"destination": p.OURSELVES.acs.upper()}, "destination"),
        ({"destination": "https://procura.example.org/"}, "destination"),
        ({"destination": ""}, "destination"),
        ({"in_response_to": "_other"}, "in_response_to"),
        ({"issuer": "https://other.example.org/metadata"}, "issuer"),
        ({"issuer": p.PEER.entity + "/"}, "issuer"),
        ({"at": p.NOW + timedelta(seconds=11)}, "message_time"),
        ({"at": p.ASKED.at - timedelta(seconds=11)}, "message_time"),
    ],
)
def test_a_signed_message_that_is_not_the_answer_is_refused_before_decryption(
    changes: dict[str, Any], code: str, watch: Watch
) -> None:
    message = p.octets(p.a_response(replace(p.TOLD, **changes)))
    watch.reached.clear()
    assert p.refusal(message) == code
    assert watch.reached == ["xmlsec"]


@pytest.mark.attack("S09")
@pytest.mark.parametrize("name", ["Destination", "InResponseTo", "ID", "Version", "IssueInstant"])
def test_a_message_that_leaves_out_what_it_must_say_is_refused(name: str, watch: Watch) -> None:
    message = p.again(p.a_response())
    del message.attrib[name]
    assert p.refusal(message) in {"attribute_missing", "reference_elsewhere"}
    assert "decryption" not in watch.reached


@pytest.mark.attack("S09")
@pytest.mark.parametrize("name", ["InResponseTo", "Recipient", "NotOnOrAfter"])
def test_a_confirmation_that_leaves_out_what_it_must_say_is_refused(name: str) -> None:
    def leave_out(assertion: etree._Element) -> None:
        found = assertion.find(_CONFIRMATION)
        assert found is not None
        del found.attrib[name]

    assert p.refusal(p.a_response(change=leave_out)) == "attribute_missing"


def _late(told: Any, asked: Asked, now: Any) -> str:
    return p.refusal(p.a_response(told), asked=asked, now=now)


@pytest.mark.attack("S09")
def test_a_statement_is_good_until_it_expires_and_not_at_that_instant() -> None:
    end = p.TOLD.at + p.TOLD.life
    assert p.submit(p.a_response(), now=end - SECOND).name.value == "opaque"
    assert _late(p.TOLD, p.ASKED, end) in {"library_refused", "confirmation_expired"}


@pytest.mark.attack("S09")
def test_a_statement_is_refused_once_its_confirmation_has_expired_whatever_its_conditions_say() -> None:
    change = _set(_CONFIRMATION, "NotOnOrAfter", "2026-11-22T08:59:59Z")
    assert p.refusal(p.a_response(change=change)) in {"library_refused", "confirmation_expired"}


@pytest.mark.attack("S09")
@pytest.mark.parametrize(("ahead", "accepted"), [(10, True), (11, False)])
def test_a_statement_may_be_ahead_of_our_clock_by_ten_seconds(ahead: int, accepted: bool) -> None:
    change = _set(".//{*}Conditions", "NotBefore", f"2026-11-22T09:00:{ahead}Z")
    message = p.a_response(change=change)
    if accepted:
        assert p.submit(message).name.value == "opaque"
    else:
        assert p.refusal(message) == "not_yet_valid"


@pytest.mark.attack("S09")
@pytest.mark.parametrize(("before", "accepted"), [(10, True), (11, False)])
def test_where_the_key_was_to_be_shown_anew_an_older_login_is_refused(before: int, accepted: bool) -> None:
    told = replace(p.TOLD, authenticated_at=p.ASKED.at - timedelta(seconds=before))
    if accepted:
        assert p.submit(p.a_response(told)).level == f"{p.LOA}high"
    else:
        assert p.refusal(p.a_response(told)) == "login_too_old"


@pytest.mark.attack("S09")
@pytest.mark.parametrize(("ago", "accepted"), [(timedelta(hours=8), True), (timedelta(hours=8) + SECOND, False)])
def test_single_sign_on_is_accepted_for_eight_hours(ago: timedelta, accepted: bool) -> None:
    message = p.a_response(replace(p.TOLD, authenticated_at=p.NOW - ago))
    asked = replace(p.ASKED, again=False)
    if accepted:
        assert p.submit(message, asked=asked).level == f"{p.LOA}high"
    else:
        assert p.refusal(message, asked=asked) == "login_too_old"


@pytest.mark.attack("S09")
def test_a_login_in_the_future_is_refused() -> None:
    told = replace(p.TOLD, authenticated_at=p.NOW + timedelta(seconds=11))
    assert p.refusal(p.a_response(told)) == "login_ahead"


@pytest.mark.attack("S09", "S12")
def test_a_response_to_another_service_provider_is_refused() -> None:
    elsewhere = replace(
        p.PARTIES,
        ourselves=replace(p.OURSELVES, entity="https://other.example.org", acs="https://other.example.org/acs"),
    )
    assert p.refusal(p.a_response(), parties=elsewhere) == "destination"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("RequestDenied", "denied_by_person"),
        ("AuthnFailed", "failed_at_provider"),
        ("NoAuthnContext", "level_not_offered"),
        ("InvalidAttrNameOrValue", "attributes_not_offered"),
        ("SomethingElse", "provider_error"),
    ],
)
def test_why_there_is_no_login_is_told_apart(second: str, code: str) -> None:
    assert p.refusal(signed(p.again(negative(p.TOLD, second, "no")), p.NODE)) == code


@pytest.mark.attack("S01")
def test_an_assertion_beside_a_failure_is_refused() -> None:
    message = negative(p.TOLD, "AuthnFailed", "no")
    message.append(encrypted(p.an_assertion(), p.OURS.certificate_pem))
    assert p.refusal(signed(p.again(message), p.NODE)) == "failed_at_provider"


@pytest.mark.attack("S02")
def test_a_success_without_an_assertion_is_refused() -> None:
    assert p.refusal(signed(p.again(response(p.TOLD)), p.NODE)) == "no_assertion"


@pytest.mark.attack("S11")
def test_an_assertion_that_others_are_to_decrypt_is_refused() -> None:
    assert p.refusal(p.a_response(recipient=p.STRANGER)) == "decryption_failed"
    assert p.refusal(p.a_response(recipient=p.NODE_EC)) == "decryption_failed"


@pytest.mark.attack("S11")
@pytest.mark.parametrize("part", ["key", "content", "tag"])
@pytest.mark.parametrize("recipient", [p.OURS, p.OURS_EC], ids=["rsa-oaep", "key-agreement"])
def test_every_way_in_which_decryption_fails_does_the_same_work_and_says_the_same(
    part: str, recipient: Any, watch: Watch
) -> None:
    inside = encrypted(p.an_assertion(), recipient.certificate_pem)
    values = list(inside.iter("{*}CipherValue"))
    value = values[0] if part == "key" else values[1]
    text = value.text or ""
    value.text = ("AAAA" + text[4:]) if part != "tag" else text[:-8] + "AAAAAAA="
    message = p.octets(signed(p.again(response(p.TOLD, inside)), p.NODE))
    watch.reached.clear()
    assert p.refusal(message) == "decryption_failed"
    assert watch.reached == ["xmlsec", "decryption", "decryption"]


def test_a_low_login_is_accepted_where_low_is_enough() -> None:
    asked = replace(p.ASKED, minimum=Assurance.LOW)
    assert p.submit(p.a_response(replace(p.TOLD, level=f"{p.LOA}low")), asked=asked).level == f"{p.LOA}low"
