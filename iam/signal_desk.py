"""The signal desk: how services hear of changes, connected to what it works with."""

from __future__ import annotations

from functools import cached_property

from iam.house import House
from iam.outside.guarded_web import GuardedWeb
from iam.services.scope_judgement import ScopeJudgement
from iam.services.signal_causes import Causes
from iam.services.signal_concerns import Names
from iam.services.signal_delivery import SignalDelivery
from iam.services.signal_fan_out import FanOut
from iam.services.signal_polls import SignalPolls
from iam.services.signal_rights import Rights
from iam.services.signal_sending import SignalSender
from iam.services.signal_streams import SignalStreams
from iam.storage.outbox import Announcements
from oidc.signals.pushing import Pushing
from oidc.signals.receivers import Receivers
from oidc.signals.security_events import SecurityEvents
from oidc.signals.stream_endpoints import SignalParts


class SignalDesk:
    """Everything behind shared signals, made once a process and when first asked for."""

    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def streams(self) -> SignalStreams:
        """What receivers ask for."""
        house = self._house
        issuer, local = house.settings.issuer, house.settings.sandbox
        return SignalStreams(house.archive, house.randomness, house.sealer, issuer, local=local)

    @cached_property
    def delivery(self) -> SignalDelivery:
        """Which receivers are told when."""
        house = self._house
        return SignalDelivery(house.archive, house.clock, house.randomness, house.settings.issuer)

    @cached_property
    def fan_out(self) -> FanOut:
        """What changes become."""
        house, names = self._house, Names(issuer=self._house.settings.issuer, subjects=self._house.subjects)
        rights = Rights(
            archive=house.archive,
            library=house.library,
            clock=house.clock,
            names=names,
            scopes=ScopeJudgement(house.judge, house.library),
        )
        causes = Causes(archive=house.archive, library=house.library, names=names, rights=rights)
        return FanOut(house.archive, Announcements(house.archive.lane), causes, house.randomness, house.settings.issuer)

    @cached_property
    def pushing(self) -> Pushing:
        """How they are told."""
        web = GuardedWeb(public_only=not self._house.settings.sandbox, max_octets=65_536)
        return Pushing(events=self._events, web=web, seal=self._house.sealer)

    @cached_property
    def sender(self) -> SignalSender:
        """Who tells them."""
        return SignalSender(self.fan_out, self.delivery, self.pushing)

    def parts(self) -> SignalParts:
        """What the endpoints work with. Raises UnsafeSettings as `TokenDesk.possession`."""
        house = self._house
        receivers = Receivers(
            archive=house.archive,
            judge=house.judge,
            library=house.library,
            bearer=house.bearer,
            possession=house.token_desk.possession,
        )
        return SignalParts(
            issuer=house.settings.issuer,
            streams=self.streams,
            polls=SignalPolls(house.archive),
            receivers=receivers,
            events=self._events,
        )

    @cached_property
    def _events(self) -> SecurityEvents:
        return SecurityEvents(self._house.settings.issuer, self._house.keys)
