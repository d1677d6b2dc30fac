"""Telling clients behind the browser's back that a login ended (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from iam.domain.clients import Client
from iam.domain.errors import Unavailable
from iam.domain.logout_notices import LogoutNotice
from iam.outward_ports import GuardedWeb
from iam.ports import Clock
from iam.services.subjects import Subjects
from iam.web.pages import origin_of
from oidc import jose
from oidc.provider.encrypted_answers import for_client
from oidc.provider.errors import InvalidRequest
from oidc.provider.live_keys import SigningKeys
from oidc.provider.registrations import Registration, Registrations

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPE: Final = "logout+jwt"
LIFE: Final = timedelta(minutes=2)
"""How long a logout token is good (§4 recommends at most two minutes); each try is told with a new one."""
TAKEN: Final = frozenset({200, 204})
_log: Final = structlog.get_logger("oidc.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackchannelLogout:
    """Implements `iam.services.logout_notices.Teller`: one signed token, posted where the client registered."""

    issuer: str
    keys: SigningKeys
    clock: Clock
    subjects: Subjects
    registrations: Registrations
    web: GuardedWeb

    def tell(self, notice: LogoutNotice) -> None:
        """Tell a client (§2.5, §2.8); one that ended meanwhile, or wants no notices any more, has nothing to be told.

        Unavailable: `logout_not_taken`, and as `GuardedWeb.post_form`.
        """
        found = self.registrations.find(notice.client)
        address = found.metadata.backchannel_logout_uri if found and found.metadata else ""
        if found is None or not address:
            return
        try:
            self._post(address, self.token(found, notice))
        except Unavailable as fault:
            _log.warning("logout_not_told", client=notice.client, tries=notice.tries, code=fault.code)
            raise
        _log.info("logout_told", client=notice.client, tries=notice.tries)

    def gave_up(self, notice: LogoutNotice) -> None:
        """Tell the log that a client took no notice in time."""
        _log.warning("logout_given_up", client=notice.client, tries=notice.tries, code="notice_expired")

    def token(self, registered: Registration, notice: LogoutNotice) -> str:
        """The logout token (§2.4), signed and perhaps encrypted as the client's ID tokens are.

        Raises Unavailable (`no_encryption_key`).
        """
        client, metadata, now = registered.client, registered.metadata, self.clock.now()
        claims = {
            "iss": self.issuer,
            "aud": client.id,
            "sub": self._subject(client, notice),
            "sid": notice.sid,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
            "jti": f"{notice.sid}.{notice.tries}",
            "events": {EVENT: {}},
        }
        signed = jose.sign(claims, self.keys.current(metadata.id_token_alg if metadata else "ES256"), typ=TYPE)
        try:
            return for_client(signed, metadata.id_token_encryption if metadata else "", client.jwks, self.issuer)
        except InvalidRequest as fault:
            raise Unavailable(fault.reason, "The client has no key to which its answers can be encrypted.") from None

    def _subject(self, client: Client, notice: LogoutNotice) -> str:
        return self.subjects.sub_for(notice.person, client.sector)

    def _post(self, address: str, token: str) -> None:
        try:
            origins = frozenset({origin_of(address).lower()})
        except ValueError:
            raise Unavailable("logout_not_taken", "The client's address is none that can be asked.") from None
        answer = self.web.post_form(address, {"logout_token": token}, origins=origins)
        if answer.status not in TAKEN:
            raise Unavailable("logout_not_taken", f"The client answered with status {answer.status}.")
