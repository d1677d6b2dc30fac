"""The door, afresh for each test."""

import pytest

from tests.oidc.relying_party.premises import Premises


@pytest.fixture
def door() -> Premises:
    return Premises()
