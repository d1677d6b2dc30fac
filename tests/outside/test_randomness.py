"""Unguessable values: of the promised length and alphabet, and never twice the same."""

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
