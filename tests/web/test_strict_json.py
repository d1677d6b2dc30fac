"""JSON at the doors has one meaning or is refused before it is parsed."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.web import strict_json
from iam.web.strict_json import JsonFault, MalformedJson, loads

REFUSED = {
    "nothing at all": (b"", JsonFault.SYNTAX),
    "only spaces": (b"  \n", JsonFault.SYNTAX),
    "duplicate member": (b'{"a":1,"a":1}', JsonFault.DUPLICATE_MEMBER),
    "duplicate member, one written with escapes": (rb'{"sub":1,"s\u0075b":2}', JsonFault.DUPLICATE_MEMBER),
    "duplicate member deep inside": (b'[{"x":[{"b":null,"c":1,"b":null}]}]', JsonFault.DUPLICATE_MEMBER),
    "NaN": (b'{"a":NaN}', JsonFault.BAD_NUMBER),
    "Infinity": (b"[Infinity]", JsonFault.BAD_NUMBER),
    "minus Infinity": (b"-Infinity", JsonFault.BAD_NUMBER),
    "infinity by exponent": (b'{"exp":1e999}', JsonFault.BAD_NUMBER),
    "minus infinity by exponent": (b"-1e400", JsonFault.BAD_NUMBER),
    "float of 5000 digits": (b"0." + b"3" * 5_000, JsonFault.BAD_NUMBER),
    "integer of 20 digits": (b"12345678901234567890", JsonFault.BAD_NUMBER),
    "integer of 5000 digits": (b'{"a":' + b"9" * 5_000 + b"}", JsonFault.BAD_NUMBER),
    "byte order mark": (b'\xef\xbb\xbf{"a":1}', JsonFault.NOT_UTF8),
    "UTF-16 with mark": ('{"a":1}'.encode("utf-16"), JsonFault.NOT_UTF8),
    "UTF-16 little endian": ('{"a":1}'.encode("utf-16-le"), JsonFault.SYNTAX),
    "UTF-16 big endian": ('{"a":1}'.encode("utf-16-be"), JsonFault.SYNTAX),
    "UTF-32": ('{"a":1}'.encode("utf-32-be"), JsonFault.SYNTAX),
    "Latin-1": ('{"a":"é"}'.encode("latin-1"), JsonFault.NOT_UTF8),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', JsonFault.NOT_UTF8),
    "surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', JsonFault.NOT_UTF8),
    "unpaired high surrogate": (rb'{"a":["\ud800"]}', JsonFault.BAD_CHARACTER),
    "unpaired low surrogate in a name": (rb'{"\uDFFF":1}', JsonFault.BAD_CHARACTER),
    "NUL": (rb'{"a":"x\u0000y"}', JsonFault.BAD_CHARACTER),
    "raw control character": (b'{"a":"x\x01"}', JsonFault.SYNTAX),
    "raw NUL": (b'{"a":"\x00"}', JsonFault.SYNTAX),
    "depth 33": (b"[" * 33 + b"]" * 33, JsonFault.TOO_DEEP),
    "depth 1000, never closed": (b"[" * 1_000, JsonFault.TOO_DEEP),
    "objects at depth 33": (b'{"a":' * 33 + b"1" + b"}" * 33, JsonFault.TOO_DEEP),
    "depth 33 behind strings full of quotes and brackets": (
        rb'["\\","]\"]]]]",' + b"[" * 32 + b"]" * 32 + b"]",
        JsonFault.TOO_DEEP,
    ),
    "crossed brackets": (b'[{"a":1]}', JsonFault.SYNTAX),
    "comment": (b'{"a":1} // note', JsonFault.SYNTAX),
    "two texts": (b'{"a":1}{"a":1}', JsonFault.SYNTAX),
    "two texts with white space between": (b'{"a":1} \r\n{"a":1}', JsonFault.SYNTAX),
    "vertical tab after the text": (b'{"a":1}\x0b', JsonFault.SYNTAX),
    "no-break space after the text": ('{"a":1}\u00a0'.encode(), JsonFault.SYNTAX),
    "no-break space before the text": ('\u00a0{"a":1}'.encode(), JsonFault.SYNTAX),
    "an object that does not end": (b'{"a":1', JsonFault.SYNTAX),
    "negative integer of 20 digits": (b'{"a":-12345678901234567890}', JsonFault.BAD_NUMBER),
    "single quotes": (b"{'a':1}", JsonFault.SYNTAX),
    "trailing comma": (b'{"a":1,}', JsonFault.SYNTAX),
    "leading zero": (b"[01]", JsonFault.SYNTAX),
    "plus sign": (b"[+1]", JsonFault.SYNTAX),
    "full-width digit": ("[１]".encode(), JsonFault.SYNTAX),
    "one byte too many": (b'"' + b"x" * (strict_json.MAX_BYTES - 1) + b'"', JsonFault.TOO_LARGE),
    "100 MB": (b" " * 100_000_000, JsonFault.TOO_LARGE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_text_with_a_second_meaning_is_refused(name: str) -> None:
    raw, reason = REFUSED[name]
    with pytest.raises(MalformedJson) as refusal:
        loads(raw)
    assert refusal.value.reason_code is reason


@pytest.mark.parametrize("depth", [1_000, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'["]]]",'])
def test_depth_is_refused_before_parsing(depth: int, opening: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "_parse", _must_not_run)
    with pytest.raises(MalformedJson) as refusal:
        loads(opening * depth, max_bytes=100_000_000, max_members=100_000_000)
    assert refusal.value.reason_code is JsonFault.TOO_DEEP


def test_where_a_caller_allows_more_depth_than_the_parser_the_refusal_is_the_same() -> None:
    with pytest.raises(MalformedJson) as refusal:
        loads(b"[" * 200_000 + b"]" * 200_000, max_bytes=1_000_000, max_depth=200_000, max_members=1_000_000)
    assert refusal.value.reason_code is JsonFault.TOO_DEEP


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"1," * 1_000_000 + b"1]",
        b"{" + b",".join(b'"%d":0' % number for number in range(1_000_000)) + b"}",
        b"[" + b"[]," * 20_000 + b"[]]",
    ],
    ids=["a million elements", "a million members", "twenty thousand arrays"],
)
def test_too_many_members_are_refused_before_parsing(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "_parse", _must_not_run)
    started = time.monotonic()
    with pytest.raises(MalformedJson) as refusal:
        loads(raw, max_bytes=100_000_000)
    assert refusal.value.reason_code is JsonFault.TOO_MANY_MEMBERS
    assert time.monotonic() - started < 5


def _must_not_run(text: str) -> object:
    raise AssertionError("the parser ran")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b' \t{"a":1}',
        b'{"a":1} \r\n\t',
        b" [1, -2.5, 1e3, true, false, null]\r\n",
        rb'{"a":"\ud83d\ude00 \\u0000 \\ud800"}',
        '{"né":"Ünïcode 😀"}'.encode(),
        b"9223372036854775807",
        b"-9999999999999999999",
        b"[" * 32 + b"]" * 32,
        b'{"a":"' + b"[" * 5_000 + b'"}',
        rb'["\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[","\\",[["]]"]]]',
        b'{"a":"' + b"," * 20_000 + b'"}',
    ],
)
def test_an_acceptable_text_has_the_value_that_json_gives_it(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=1)), inner),
    max_leaves=60,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_whatever_json_writes_is_read_back(value: object, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert loads(raw, max_bytes=1_000_000, max_depth=200) == value


@given(VALUES)
def test_the_depth_counted_is_the_depth_parsed(value: object) -> None:
    raw = json.dumps(value).encode()
    depth = _depth(value)
    assert loads(raw, max_bytes=1_000_000, max_depth=depth) == value
    if depth:
        with pytest.raises(MalformedJson) as refusal:
            loads(raw, max_bytes=1_000_000, max_depth=depth - 1)
        assert refusal.value.reason_code is JsonFault.TOO_DEEP


def _depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 0


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0d8Ee+-.1a ', max_size=80).map(str.encode))
def test_any_bytes_give_a_value_or_one_clear_refusal(raw: bytes) -> None:
    try:
        value = loads(raw)
    except MalformedJson as refusal:
        assert isinstance(refusal.reason_code, JsonFault)
    else:
        assert value == json.loads(raw)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(MalformedJson) as refusal:
        loads(b'{"85073003328":1,"85073003328":2}')
    assert "85073003328" not in str(refusal.value)
