"""Forms: each parameter has one value, however it was written, or the whole body is refused for one reason."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc.provider.errors import InvalidRequest
from oidc.provider.strict_form import FORM, MAX_BYTES, MAX_PARAMETERS, read_form

TEXT = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20).filter(lambda one: one != "\x7f"))


def refusal(body: bytes, media_type: str = FORM) -> str:
    with pytest.raises(InvalidRequest) as refused:
        read_form(media_type, body)
    return refused.value.reason


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=MAX_PARAMETERS), st.sampled_from([quote, quote_plus]))
def test_what_was_written_is_read(sent: dict[str, str], written: object) -> None:
    assert callable(written)
    body = "&".join(f"{written(name)}={written(value)}" for name, value in sent.items()).encode()
    assert len(body) > MAX_BYTES or read_form(FORM, body) == {name: value for name, value in sent.items() if value}


@given(TEXT.filter(bool))
def test_however_it_is_written_a_value_is_the_same(value: str) -> None:
    escaped = "".join(f"%{octet:02x}" for octet in value.encode())
    assert (
        read_form(FORM, f"a={escaped}".encode()) == read_form(FORM, f"a={quote_plus(value)}".encode()) == {"a": value}
    )


@pytest.mark.parametrize("octet", range(256))
def test_each_octet_stands_for_itself_or_makes_the_body_malformed(octet: int) -> None:
    sent = bytes([octet])
    if not 0x20 <= octet < 0x7F or sent in b"%&":
        assert refusal(b"a=x" + sent + b"y") == refusal(b"x" + sent + b"y=a") == "malformed_form"
    else:
        meant = " " if sent == b"+" else sent.decode()
        assert read_form(FORM, b"a=x" + sent + b"y") == {"a": f"x{meant}y"}
    if octet < 0x20 or octet >= 0x7F:
        assert refusal(b"a=%%%02x" % octet) == refusal(b"%%%02X=a" % octet) == "malformed_form"


REFUSED: dict[str, tuple[bytes, str]] = {
    "twice": (b"a=1&b=2&a=1", "repeated_parameter"),
    "twice, once escaped": (b"scope=1&%73cope=2", "repeated_parameter"),
    "twice, the first time empty": (b"a=&a=1", "repeated_parameter"),
    "twice, the second time empty": (b"a=1&a=", "repeated_parameter"),
    "no name": (b"=1", "malformed_form"),
    "no value and no sign": (b"a", "malformed_form"),
    "nothing between": (b"a=1&&b=2", "malformed_form"),
    "at the end": (b"a=1&", "malformed_form"),
    "percent sign alone": (b"a=%", "malformed_form"),
    "percent sign with a letter": (b"a=%4g", "malformed_form"),
    "half a character": (b"a=%c3", "malformed_form"),
    "overlong": (b"a=%c0%af", "malformed_form"),
    "a surrogate": (b"a=%ed%a0%80", "malformed_form"),
    "Latin-1": (b"a=\xe9", "malformed_form"),
    "UTF-8 as it is": ("a=é".encode(), "malformed_form"),
    "a line": (b"a=1\n", "malformed_form"),
    "a line, escaped": (b"a=1%0a", "malformed_form"),
    "too many": (b"&".join(b"a%d=1" % one for one in range(MAX_PARAMETERS + 1)), "too_many_parameters"),
    "too large": (b"a=" + b"1" * MAX_BYTES, "body_too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_body_with_a_second_meaning_is_refused(case: str) -> None:
    body, reason = REFUSED[case]
    assert refusal(body) == reason


@pytest.mark.parametrize("kind", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", f'{FORM};charset="UTF-8"'])
def test_forms_are_taken_in_one_encoding(kind: str) -> None:
    assert read_form(kind, b"a=1") == {"a": "1"}


@pytest.mark.parametrize("kind", ["", "text/plain", f"{FORM}\n", f" {FORM}", f"{FORM}; charset=latin-1", "*/*"])
def test_no_other_kind_of_body_is_a_form(kind: str) -> None:
    assert refusal(b"a=1", kind) == "media_type"
