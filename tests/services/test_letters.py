"""Letters go after their change and never without it, sealed until then, again when nobody took them."""

from __future__ import annotations

import pytest

from iam.domain.messages import MESSAGE_LIFE, WaitingMessage
from iam.services.letters import FIRST_PAUSE
from tests.services.credential_scenes import Keys
from tests.services.worlds import World


@pytest.fixture
def keys(world: World) -> Keys:
    return Keys(world)


def write(keys: Keys, *, commit: bool = True) -> None:
    with keys.world.archive.writing() as uow:
        keys.letters.email(uow, "jan@example.org", "Hello", "secret words")
        keys.letters.sms(uow, "+32470000000", "secret words")
        if commit:
            uow.commit()


def test_a_letter_goes_once_after_its_change(keys: Keys) -> None:
    write(keys)
    assert keys.delivered() == 2
    assert keys.post.emails == [("jan@example.org", "Hello", "secret words")]
    assert keys.post.texts == [("+32470000000", "secret words")]
    assert keys.delivered() == 0 and keys.world.found(WaitingMessage) == []


def test_no_letter_goes_for_a_change_that_was_not_made(keys: Keys) -> None:
    write(keys, commit=False)
    assert keys.delivered() == 0 and keys.post.emails == []


def test_nothing_of_a_letter_stands_in_clear(keys: Keys) -> None:
    write(keys)
    for one in keys.world.found(WaitingMessage):
        assert not any(text in one.sealed or text in repr(one) for text in ("secret", "jan", "+32", "Hello"))


def test_a_letter_that_nobody_takes_waits_longer_each_time_and_goes_later(keys: Keys) -> None:
    write(keys)
    keys.post.away = True
    assert keys.delivered() == 0
    keys.post.away = False
    assert keys.delivered() == 0
    keys.world.clock.advance(seconds=FIRST_PAUSE.total_seconds())
    assert keys.delivered() == 2


def test_a_letter_is_given_up_in_the_end_and_the_trail_tells_so(keys: Keys) -> None:
    write(keys)
    keys.world.clock.advance(days=MESSAGE_LIFE.days)
    assert keys.delivered() == 0 and keys.post.emails == [] and keys.world.found(WaitingMessage) == []
    told = [leaf.leaf.act for leaf in keys.world.archive.leaves()]
    assert told.count("message_given_up") == 2
