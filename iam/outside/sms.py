"""Short messages by an operator's HTTP gateway."""

from __future__ import annotations

from urllib.parse import urlsplit

from iam.domain.errors import Unavailable
from iam.outside.guarded_http import checked_address
from iam.outward_ports import GuardedWeb


class SmsGateway:
    """Sends by one gateway: a form with `to` and `text` is posted to its address, with a bearer token where it has one.

    Any 2xx answer means that the gateway took the message.
    """

    def __init__(self, web: GuardedWeb, address: str, token: str = "") -> None:
        """Take the gateway's address. Raises UnsafeAddress as `guarded_http.checked_address`."""
        self._web = web
        self._address = checked_address(address)
        parts = urlsplit(self._address)
        self._origins = frozenset({f"{parts.scheme}://{parts.netloc}"})
        self._authorization = f"Bearer {token}" if token else ""

    def send(self, number: str, text: str) -> None:
        """Send one short message. Unavailable (`sms_unavailable`) when the gateway does not take it."""
        try:
            form = {"to": number, "text": text}
            answer = self._web.post_form(self._address, form, origins=self._origins, authorization=self._authorization)
        except Unavailable as unavailable:
            raise Unavailable("sms_unavailable", f"The gateway of messages: {unavailable.detail}") from None
        if not 200 <= answer.status < 300:
            raise Unavailable("sms_unavailable", f"The gateway of messages answered {answer.status}.")
