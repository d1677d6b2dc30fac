"""Messages leave by encrypted ways or stay on this machine, and what is not taken says so without its content."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from iam.domain.errors import Unavailable
from iam.outside.guarded_http import UnsafeAddress
from iam.outside.guarded_web import GuardedWeb
from iam.outside.mail import SmtpMail
from iam.outside.post_office import PostOffice
from iam.outside.sms import SmsGateway
from iam.sandbox.inbox import GATEWAY, PATH, TOKEN, Inbox, inbox_door
from iam.sandbox.mail_server import receiving_mail
from iam.sandbox.serving import serving
from tests.storage.clocks import SetClock

SENDER = "procura@example.org"
WORDS = "Your password: geheim-1234\n.\nA dot stood alone; été ß €.\n"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(SetClock())


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    def app(_url: str) -> Flask:
        made = Flask("inbox")
        made.register_blueprint(inbox_door(inbox))
        return made

    with serving(app) as url:
        yield url


def test_an_email_arrives_as_it_was_written(inbox: Inbox) -> None:
    with receiving_mail(inbox) as address:
        post = PostOffice(SmtpMail(address, SENDER), None)
        post.email("jan@example.org", "Uw sleutel – clé", WORDS)
        post.email("an@example.org", "Second", "x")
    (first,) = inbox.messages("jan@example.org")
    assert (first.way, first.subject, first.text) == ("E-mail", "Uw sleutel – clé", WORDS)
    assert len(inbox.messages()) == 2


@pytest.mark.parametrize(
    "address",
    [
        "jan@example.org\nBcc: other@example.org",
        "jan@example.org\r\nDATA",
        "",
        "jan@example.org,an@example.org",
        "Jan <jan@example.org>",
        '"jan\\" an"@example.org',
        "u@[ ",
        "(@example.org",
        ":;@example.org",
        ".jan@example.org",
        "jan@example.org>",
        "jan@-.example.org",
        "\ud800@example.org",
        "\x00.@example.org",
    ],
)
def test_an_address_that_would_say_more_than_one_is_not_sent_to(inbox: Inbox, address: str) -> None:
    with receiving_mail(inbox) as server, pytest.raises(Unavailable) as refused:
        SmtpMail(server, SENDER).send(address, "Subject", "text")
    assert refused.value.code == "mail_unavailable" and inbox.messages() == []


def test_mail_is_not_sent_to_another_machine_without_encryption(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server offers no STARTTLS; named otherwise than as this machine, it gets nothing."""
    with receiving_mail(inbox) as address:
        port = int(address.rsplit(":", 1)[1])
        real = socket.create_connection
        monkeypatch.setattr(socket, "create_connection", lambda _to, *more, **named: real(("127.0.0.1", port)))
        with pytest.raises(Unavailable) as refused:
            SmtpMail(f"smtp://mail.example.org:{port}", SENDER).send("jan@example.org", "Subject", WORDS)
    assert inbox.messages() == [] and "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["http://mail.example.org", "smtp://", "smtp://mail.example.org/path", "smtp://a:x@b:99999", "mail"]
)
def test_what_is_no_mail_server_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(UnsafeAddress) as refused:
        SmtpMail(address, SENDER)
    assert "x@b" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b.org, c@d.org", "a@b.org\nBcc: c@d.org"])
def test_what_is_no_sender_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(UnsafeAddress):
        SmtpMail("smtp://127.0.0.1", sender)


def test_a_short_message_arrives_by_the_gateway_alone(inbox: Inbox, server: str) -> None:
    web = GuardedWeb(public_only=False)
    SmsGateway(web, server + GATEWAY, TOKEN).send("+32470000000", WORDS)
    (found,) = inbox.messages("+32470000000")
    assert (found.way, found.text) == ("SMS", WORDS)
    for address, token in ((server + GATEWAY, "wrong"), (server + "/nowhere", TOKEN)):
        with pytest.raises(Unavailable) as refused:
            SmsGateway(web, address, token).send("+32470000001", WORDS)
        assert refused.value.code == "sms_unavailable" and "geheim" not in str(refused.value)
    assert len(inbox.messages()) == 1


def test_a_gateway_on_this_machine_is_not_asked_in_production(inbox: Inbox, server: str) -> None:
    with pytest.raises(Unavailable):
        SmsGateway(GuardedWeb(public_only=True), server + GATEWAY, TOKEN).send("+32470000000", "x")
    assert inbox.messages() == []


def test_without_a_way_messages_are_not_taken() -> None:
    post = PostOffice(None, None)
    with pytest.raises(Unavailable):
        post.email("a@b.org", "x", "y")
    with pytest.raises(Unavailable):
        post.sms("+32", "x")


def test_the_inbox_shows_text_as_text(inbox: Inbox, server: str) -> None:
    inbox.receive("E-mail", "jan@example.org", "<b>", "<script>alert(1)</script>")
    page = requests.get(server + PATH, timeout=5).text
    assert "<script>" not in page and "&lt;script&gt;" in page
    told = requests.get(f"{server}{PATH}/messages", params={"to": "jan@example.org"}, timeout=5).json()
    assert told["messages"][0]["text"] == "<script>alert(1)</script>"
