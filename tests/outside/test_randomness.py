"""Unguessable values: of the promised length and alphabet, and never twice the same."""

import os
import re

from iam.outside.randomness import SystemRandomness

RANDOMNESS = SystemRandomness()


def test_an_identifier_has_22_url_safe_characters() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", RANDOMNESS.identifier()) for _ in range(100))


def test_a_secret_has_43_url_safe_characters() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", RANDOMNESS.secret()) for _ in range(100))


def test_no_value_comes_twice() -> None:
    drawn = [RANDOMNESS.identifier() for _ in range(5000)] + [RANDOMNESS.secret() for _ in range(5000)]
    assert len(set(drawn)) == len(drawn)


def test_a_forked_process_draws_nothing_that_its_parent_draws() -> None:
    randomness = SystemRandomness()
    randomness.identifier()  # others were drawn with it
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, "\n".join(randomness.identifier() for _ in range(400)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        theirs = set(told.read().split("\n"))
    os.waitpid(child, 0)
    assert len(theirs) == 400
    assert theirs.isdisjoint(randomness.identifier() for _ in range(400))
