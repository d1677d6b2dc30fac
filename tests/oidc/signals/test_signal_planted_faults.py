"""The tests of shared signals can fail: each notices the fault that it is there for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from iam.domain import signal_subjects
from iam.domain.signal_streams import SignalStream
from iam.services import signal_concerns, signal_fan_out, signal_listeners, signal_polls, signal_streams
from iam.services.signal_concerns import Names
from iam.services.signal_fan_out import FanOut
from oidc.signals import pushing, receivers, security_events
from tests.oidc.signals import test_delivery as delivery
from tests.oidc.signals import test_independent_reader as reader
from tests.oidc.signals import test_least_knowledge as knowledge
from tests.oidc.signals import test_mandate_events as mandates
from tests.oidc.signals import test_polling as polling
from tests.oidc.signals import test_session_events as sessions
from tests.oidc.signals import test_signal_attacks as attacks
from tests.oidc.signals import test_signed_out_page as page
from tests.oidc.signals import test_streams as streams
from tests.oidc.signals.signal_scene import SignalScene

Planted = Callable[[pytest.MonkeyPatch], None]


def fails(test: Callable[[], Any]) -> None:
    """A test notices that something is wrong."""
    with pytest.raises((AssertionError, BaseExceptionGroup, StopIteration, KeyError, ValueError)):
        test()


def services_of_all(patch: pytest.MonkeyPatch) -> None:
    every = frozenset(knowledge.SERVICES)
    patch.setattr(signal_concerns, "relied_on", lambda _: every)


def one_name_for_all_sectors(patch: pytest.MonkeyPatch) -> None:
    plain = Names.user
    patch.setattr(Names, "user", lambda own, person, to: plain(own, person, replace(to, enterprise="0403227515")))


def internal_names(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Names, "user", lambda own, person, _: signal_subjects.iss_sub(own.issuer, person))


@pytest.mark.parametrize("plant", [services_of_all, internal_names], ids=lambda one: str(one.__name__))
def test_a_receiver_that_hears_too_much_is_noticed(
    refusing: SignalScene, monkeypatch: pytest.MonkeyPatch, plant: Planted
) -> None:
    plant(monkeypatch)
    fails(lambda: knowledge.test_no_receiver_hears_of_what_it_could_not_ask(refusing))


def test_a_name_of_another_sector_is_noticed(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    one_name_for_all_sectors(monkeypatch)
    fails(lambda: sessions.test_a_log_out_is_pushed_with_the_names_that_the_id_token_has(hearing))


def test_a_stream_that_is_anybodys_is_noticed(refusing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(stream: SignalStream | None, _: object) -> SignalStream:
        assert stream is not None
        return stream

    monkeypatch.setattr(signal_streams, "_own", found)
    monkeypatch.setattr(signal_polls, "_own", found)
    for request in (attacks.REQUESTS[0], attacks.REQUESTS[5], attacks.REQUESTS[8]):
        fails(
            lambda sent=request: attacks.test_the_stream_of_another_service_is_answered_exactly_as_none(refusing, sent)
        )


def test_a_change_that_is_put_twice_into_a_stream_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_fan_out, "_position", lambda _: 0)
    fails(lambda: delivery.test_a_second_process_that_follows_puts_nothing_twice_into_a_stream(hearing))


def test_changes_from_before_a_stream_are_noticed_in_it(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = signal_listeners.listeners

    def from_the_beginning(*asked: Any) -> Any:
        early = hearing.scene.clock.at.replace(year=2020)
        return [replace(one, stream=replace(one.stream, created_at=early)) for one in plain(*asked)]

    monkeypatch.setattr(signal_fan_out, "listeners", from_the_beginning)
    fails(lambda: delivery.test_what_changed_before_a_stream_was_there_is_not_told_in_it(hearing))


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_is_taken_for_202_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(pushing, "ACCEPTED", status)
    case = delivery.test_only_202_counts_as_taken_and_the_same_set_comes_again_later
    fails(lambda: case(hearing, (status, b"")))


def test_an_error_that_drops_what_would_be_taken_later_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "PASSING", frozenset())
    case = delivery.test_a_refusal_that_says_what_is_wrong_with_a_set_is_final_for_that_set
    fails(lambda: case(hearing, b'{"err":"invalid_key"}', False))


def test_a_token_of_any_scope_is_noticed(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "scope:authorization:decision:evaluate"
    monkeypatch.setattr(receivers.Receivers, "scope", property(lambda _: other))
    fails(lambda: streams.test_streams_need_the_scope_of_receiving_and_a_client_that_may_receive(hearing))


def test_a_set_that_could_be_another_token_is_noticed(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security_events, "TYPE", "at+jwt")
    fails(lambda: reader.test_every_kind_of_event_is_read_by_somebody_who_shares_no_code_with_us(hearing))


def test_a_subject_that_takes_everything_away_is_noticed(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_fan_out, "removes", lambda *_: True)
    fails(lambda: streams.test_a_removed_subject_takes_nothing_away_that_it_does_not_name(hearing))


def test_an_acknowledgement_that_changes_nothing_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_polls.SignalPolls, "settle", lambda *_: None)
    fails(lambda: polling.test_what_was_not_acknowledged_comes_again_and_what_was_does_not(hearing))


def test_a_service_that_hears_of_another_ones_groups_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    services_of_all(monkeypatch)
    fails(lambda: mandates.test_each_service_hears_of_its_own_groups_alone(hearing))


def test_a_fan_out_that_forgets_what_it_read_is_noticed(hearing: SignalScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FanOut, "_addressed", lambda *_: [])
    fails(lambda: delivery.test_signals_come_in_the_order_of_commits_and_each_once(hearing))


def test_a_page_that_counts_on_streams_which_tell_nothing_is_noticed(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_listeners, "removes", lambda *_: False)
    fails(lambda: page.test_a_person_who_was_removed_from_the_stream_is_told_so(hearing))
