"""Total: whatever octets come, the filter accepts or refuses with a code, and no library sees what it refuses."""

from __future__ import annotations

import re
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from saml.filter import documents
from saml.refusals import SamlRefused
from tests.saml import premises as p

GENUINE = p.octets(p.a_response())
PLAIN = p.octets(p.a_plain_response())
TOKENS = re.findall(rb"<[^<>]*>|[^<>]+", PLAIN)


def _code(octets: bytes) -> str:
    try:
        documents.response(octets)
    except SamlRefused as refused:
        return refused.code
    return ""


@given(st.binary(max_size=300))
def test_any_octets_are_judged(octets: bytes) -> None:
    assert _code(octets) != ""


@given(st.integers(0, len(GENUINE) - 1), st.integers(0, 255))
def test_a_genuine_message_with_any_octet_changed_is_judged(place: int, octet: int) -> None:
    changed = GENUINE[:place] + bytes([octet]) + GENUINE[place + 1 :]
    assert re.fullmatch(r"[a-z0-9_]*", _code(changed))


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_any_heap_of_pieces_is_judged(pieces: list[bytes]) -> None:
    assert _code(b"".join(pieces)) != "" or b"".join(pieces) == PLAIN


@given(st.integers(0, len(TOKENS) - 1), st.integers(0, len(TOKENS) - 1))
def test_a_genuine_message_with_pieces_exchanged_is_judged_and_never_believed(one: int, other: int) -> None:
    pieces = list(TOKENS)
    pieces[one], pieces[other] = pieces[other], pieces[one]
    changed = b"".join(pieces)
    try:
        said = p.submit(changed, parties=p.PLAIN)
    except SamlRefused as refused:
        assert refused.code
    else:
        assert said.attributes[f"{p.NATURAL}/PersonIdentifier"] == ("NL/BE/12345",)


@given(st.binary(max_size=400))
def test_whatever_decryption_yields_is_judged(octets: bytes) -> None:
    try:
        documents.assertion(octets, {None: "urn:oasis:names:tc:SAML:2.0:assertion"})
    except SamlRefused as refused:
        assert refused.code
    else:
        raise AssertionError(b64encode(octets))
