"""Assurance levels are ordered, their codes and those of the login keys are closed vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.errors import InvalidInput

NOT_A_CODE = [
    "",
    " ",
    "Low",
    "HIGH",
    "low ",
    " high",
    "1",
    "*",
    ".*",
    "lo",
    "lowest",
    "ｌｏｗ",
    "eid\x00",
    "EID",
    "a" * 100_000,
]


def authentication(**changed: object) -> Authentication:
    given: dict[str, object] = {
        "person_id": "p-1",
        "key": LoginKey.ITSME,
        "assurance": Assurance.HIGH,
        "authenticated_at": datetime(2026, 10, 1, 9, 0, tzinfo=timezone(timedelta(hours=2))),
        "source": "https://portal.example",
        "reference": "jti-1",
    }
    return Authentication(**(given | changed))  # type: ignore[arg-type]


def test_the_levels_are_ordered() -> None:
    assert Assurance.LOW < Assurance.SUBSTANTIAL < Assurance.HIGH


@pytest.mark.parametrize("level", Assurance)
def test_a_level_is_read_back_from_its_label(level: Assurance) -> None:
    assert Assurance.parse(level.label) is level
    assert level.label == level.name.lower()


@pytest.mark.parametrize("text", NOT_A_CODE)
def test_what_is_no_level_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Assurance.parse(text)
    assert refused.value.code == "invalid_assurance"
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize("key", LoginKey)
def test_a_login_key_is_read_back_from_its_code(key: LoginKey) -> None:
    assert LoginKey.parse(key.value) is key


@pytest.mark.parametrize("text", NOT_A_CODE)
def test_what_is_no_login_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        LoginKey.parse(text)
    assert refused.value.code == "invalid_login_key"
    assert len(refused.value.detail) < 200


def test_the_codes_of_login_keys_never_change() -> None:
    assert {key.value for key in LoginKey} == {
        *("eid", "itsme", "mygov", "eidas", "fas", "totp", "sms_code", "email_code"),
        *("token", "password", "passkey", "certificate"),
    }


def test_a_level_that_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not as int"):
        Assurance.parse(3)  # type: ignore[arg-type]


def test_an_authentication_keeps_its_instant_in_utc() -> None:
    assert authentication().authenticated_at.isoformat() == "2026-10-01T07:00:00+00:00"
    assert authentication().authenticated_at.tzinfo is UTC


def test_an_authentication_without_offset_is_refused() -> None:
    with pytest.raises(InvalidInput, match="invalid_instant"):
        authentication(authenticated_at=datetime(2026, 10, 1, 9, 0))


def test_two_authentications_with_the_same_content_are_equal_and_cannot_be_changed() -> None:
    assert authentication() == authentication()
    assert authentication() != authentication(reference="jti-2")
    with pytest.raises(AttributeError):
        authentication().assurance = Assurance.LOW  # type: ignore[misc]
