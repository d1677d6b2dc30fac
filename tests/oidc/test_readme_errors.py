"""The README of the authorization server tells every reason that clients can be told, with cause and cure."""

from __future__ import annotations

import re

import pytest

from iam.services.client_proofs import DPOP_REPLAYED
from oidc.invalid_token import TokenFault
from tests.oidc.conformance_table import between_marks
from tests.oidc.reason_codes import ROOT, reason_codes

ROWS = re.findall(r"^\| `([a-z_*0-9]+)` \| (.+?) \| (.+?) \|$", between_marks("errors"), re.MULTILINE)
PREFIXES = ("assertion_*", "dpop_*", "object_*", "token_*")
"""Reasons that end in a fault of a token."""
BY_LOGIN = {
    "no_session",
    "login_too_old",
    "login_asked_anew",
    "better_key_asked",
    "assurance_too_low",
    "key_not_admitted",
}


def test_every_reason_is_told_once() -> None:
    named = [name for name, _, _ in ROWS]
    assert len(named) == len(set(named)) and set(PREFIXES) <= set(named)
    missing = {code: file for code, file in reason_codes().items() if code not in named}
    assert missing == {}


def test_no_reason_is_told_that_nothing_gives() -> None:
    known = reason_codes().keys() | BY_LOGIN | {DPOP_REPLAYED} | set(PREFIXES)
    assert {name for name, _, _ in ROWS} - known == set()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_reasons_by_prefix_are_given_somewhere(prefix: str) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "oidc" / "provider").glob("*.py"))
    assert f'f"{prefix.removesuffix("*")}{{' in sources and len(TokenFault) > 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_every_reason_has_a_cause_and_a_cure(row: tuple[str, str, str]) -> None:
    assert row[1].endswith(".") and row[2].endswith(".")
