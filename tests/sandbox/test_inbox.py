"""The sandbox's inbox: what the service sends by its settings arrives there, and production takes none of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from iam.outside.clock import ShiftedClock
from iam.outside.guarded_web import GuardedWeb
from iam.outside.mail import SmtpMail
from iam.outside.post_office import PostOffice
from iam.outside.sms import SmsGateway
from iam.sandbox.country import Country
from iam.sandbox.identity_server import playing_identity_providers
from iam.settings import UnsafeSettings, read_settings


def test_messages_arrive_by_the_settings_that_the_sandbox_gives(
    country: Country, clock: ShiftedClock, tmp_path: Path
) -> None:
    with playing_identity_providers(country, clock, "http://127.0.0.1:8080") as identities:
        told = identities.environment(tmp_path)
        mail = SmtpMail(told["PROCURA_SMTP_URL"], told["PROCURA_MAIL_FROM"])
        sms = SmsGateway(GuardedWeb(public_only=False), told["PROCURA_SMS_GATEWAY"], told["PROCURA_SMS_TOKEN"])
        post = PostOffice(mail, sms)
        post.email("jan@example.org", "Uw sleutel", "a link")
        post.sms("+32470000000", "a code")
        page = requests.get(identities.told()["inbox"], timeout=5).text
    assert all(text in page for text in ("jan@example.org", "Uw sleutel", "a link", "+32470000000", "a code"))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PROCURA_SMTP_URL", "smtp://127.0.0.1:2525"),
        ("PROCURA_SMTP_URL", "smtp://localhost"),
        ("PROCURA_SMS_GATEWAY", "http://127.0.0.1:9000/sms-gateway"),
        ("PROCURA_SMS_GATEWAY", "https://localhost/sms"),
        ("PROCURA_SMS_GATEWAY", "http://sms.example.be"),
    ],
)
def test_production_never_sends_to_the_inbox(setting: str, value: str) -> None:
    with pytest.raises(UnsafeSettings) as refused:
        read_settings({"PROCURA_ENVIRONMENT": "production", setting: value})
    assert any(one.startswith(setting) for one in refused.value.problems)
