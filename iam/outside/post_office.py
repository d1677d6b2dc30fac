"""The post office: e-mail and short messages along the ways that are configured."""

from __future__ import annotations

from iam.domain.errors import Unavailable
from iam.outside.mail import SmtpMail
from iam.outside.sms import SmsGateway


class PostOffice:
    """Implements `iam.ports.Messages`; what has no way to go waits until it has one, or expires."""

    def __init__(self, mail: SmtpMail | None, sms: SmsGateway | None) -> None:
        self._mail = mail
        self._sms = sms

    def email(self, address: str, subject: str, text: str) -> None:
        """Send an e-mail. Unavailable (`mail_unavailable`)."""
        if self._mail is None:
            raise Unavailable("mail_unavailable", "No mail server is configured (PROCURA_SMTP_URL).")
        self._mail.send(address, subject, text)

    def sms(self, number: str, text: str) -> None:
        """Send a short message. Unavailable (`sms_unavailable`)."""
        if self._sms is None:
            raise Unavailable("sms_unavailable", "No gateway of messages is configured (PROCURA_SMS_GATEWAY).")
        self._sms.send(number, text)
