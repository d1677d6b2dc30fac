"""Pushing security event tokens to receivers (RFC 8935)."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

import structlog

from iam.domain.clients import Client
from iam.domain.errors import Unavailable
from iam.domain.signal_streams import SignalStream, WaitingSignal
from iam.domain.web_answers import WebAnswer
from iam.outward_ports import PostingWeb
from iam.ports import Seal
from iam.services.signal_delivery import Outcome
from iam.services.signal_streams import header_name
from iam.web import strict_json
from iam.web.pages import origin_of
from oidc.signals.security_events import SecurityEvents

MEDIA_TYPE: Final = "application/secevent+jwt"
ACCEPTED: Final = 202
BAD_REQUEST: Final = 400
PASSING: Final = frozenset({"authentication_failed", "access_denied", "invalid_key"})
"""Errors (RFC 8935 §2.4) that may pass without another SET: our key may be newer than the keys that it holds."""
LONGEST_WORD: Final = 64
_log: Final = structlog.get_logger("oidc.signals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Implements `iam.services.signal_delivery.Pusher`: one SET a request, to the address that its receiver gave."""

    events: SecurityEvents
    web: PostingWeb
    seal: Seal

    def push(self, stream: SignalStream, receiver: Client, signal: WaitingSignal) -> Outcome:
        """Push one SET (§2.1). Unavailable: `signal_not_taken`, and as `PostingWeb.post`."""
        try:
            answer = self._post(stream, self.events.token(signal, receiver))
            outcome = _outcome(answer)
        except Unavailable as fault:
            _log.warning("signal_not_told", client=receiver.id, stream=stream.id, jti=signal.id, code=fault.code)
            raise
        if outcome is Outcome.REFUSED:
            _log.warning("signal_refused", client=receiver.id, stream=stream.id, jti=signal.id, err=_error(answer))
        else:
            _log.info("signal_told", client=receiver.id, stream=stream.id, jti=signal.id)
        return outcome

    def _post(self, stream: SignalStream, token: str) -> WebAnswer:
        header = ""
        if stream.sealed_header:
            header = self.seal.unseal(header_name(stream.id), b64decode(stream.sealed_header)).decode()
        try:
            origins = frozenset({origin_of(stream.endpoint_url).lower()})
        except ValueError:
            raise Unavailable("signal_not_taken", "The receiver's address is none that can be asked.") from None
        return self.web.post(
            stream.endpoint_url, token.encode(), media_type=MEDIA_TYPE, origins=origins, authorization=header
        )


def _outcome(answer: WebAnswer) -> Outcome:
    """What an answer means (§2.2, §2.3). Unavailable (`signal_not_taken`) for one after which the SET is told again."""
    if answer.status == ACCEPTED:
        return Outcome.TAKEN
    error = _error(answer)
    if answer.status == BAD_REQUEST and error and error not in PASSING:
        return Outcome.REFUSED
    raise Unavailable("signal_not_taken", f"The receiver answered with status {answer.status}.")


def _error(answer: WebAnswer) -> str:
    """The error code of an answer as RFC 8935 §2.3 writes it; empty for none."""
    try:
        told = strict_json.loads(answer.body)
    except strict_json.MalformedJson:
        return ""
    error = told.get("err") if isinstance(told, dict) else None
    named = isinstance(error, str) and error.isascii() and error.replace("_", "").isalnum()
    return str(error)[:LONGEST_WORD] if named else ""
