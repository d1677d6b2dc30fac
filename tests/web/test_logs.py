"""One event is one line of plain text, without numbers of persons and without secrets."""

import io
import json
import logging
import sys
import threading
import warnings
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.identifiers import Niss
from iam.web import logs
from iam.web.logs import line_of
from iam.web.masking import masked
from tests.web.tiny_service import CANARY, NISS, TinyService

AT = datetime(2026, 11, 22, 2, 18, tzinfo=UTC)
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI4NTA3MzAwMzMyOCJ9.c2lnbmF0dXJlLXdpdGgtYnl0ZXM"
PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----"

HOSTILE = {
    "CR and LF": 'ok\r\n{"event": "forged"}',
    "ANSI": "\x1b[2J\x1b[31mred\x9b31m",
    "JSON break-out": '"}\n{"event": "forged", "x": "',
    "line separator": "a\u2028{}\u2029b\u0085c",
    "NUL and DEL": "a\x00b\x7fc",
    "right to left": "abc\u202egnp.exe",
    "surrogate": "a\ud800b",
    "a megabyte": "M" * 1_000_000,
}


def told(**event: object) -> dict[str, Any]:
    """One event, through the line and back."""
    line: dict[str, Any] = json.loads(line_of(AT, "info", event))
    return line


@pytest.mark.attack("L01")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_stays_within_one_printable_line(name: str) -> None:
    line = line_of(AT, "info", {"event": HOSTILE[name], HOSTILE[name]: [HOSTILE[name], {"a": HOSTILE[name]}]})
    assert line.isascii() and line.isprintable()
    assert len(line) < 5_000
    assert json.loads(line)["level"] == "info"


@given(st.dictionaries(st.text(), st.recursive(st.text() | st.integers() | st.floats() | st.binary(), st.lists)))
def test_whatever_is_logged_is_one_printable_line_of_json(event: dict[str, object]) -> None:
    line = line_of(AT, "info", event)
    assert line.isascii() and line.isprintable()
    json.loads(line)


@pytest.mark.attack("L01")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_of_a_library_is_one_event(service: TinyService, name: str) -> None:
    logging.getLogger("lib").warning("seen: %s", HOSTILE[name])
    (event,) = service.events()
    assert (event["event"], event["source"], event["level"]) == ("library", "lib", "warning")


NUMBERS = {
    "in a row": NISS,
    "as people write it": "85.07.30-033.28",
    "with blanks": "85 07 30 033 28",
    "six, three, two": "850730-033-28",
    "with slashes": "85/07/30/033/28",
    "with a typographic hyphen": "85.07.30\u2011033.28",
    "full-width digits": "８５０７３００３３２８",
    "Arabic digits": "٨٥٠٧٣٠٠٣٣٢٨",
    "percent-encoded": "%385%30%37%330033%32%38",
    "percent-encoded dots": "85%2E07%2E30-033%2E28",
    "after letters": "niss85073003328x",
    "with wrong check digits": "85073003329",
    "a BIS number": "85273003387",
    "in an address": "https://a.test/x?subject=niss:85073003328&y=1",
    "in JSON": '{"ssin":"85073003328"}',
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("around", ["%s", "before %s after", "a=%s;", "x" * 480 + " %s tail", "x" * 590 + " %s tail"])
def test_a_number_of_a_person_is_masked(name: str, around: str) -> None:
    line = json.dumps(told(event=around.replace("%s", NUMBERS[name])), ensure_ascii=False)
    for trace in (NUMBERS[name], NISS, "85073003329", "85273003387", NISS[:8]):
        assert trace not in line


@pytest.mark.parametrize("padding", range(480, 640))
def test_no_part_of_a_number_is_left_where_a_value_is_cut(padding: int) -> None:
    text = told(event="x" * padding + NISS + "y" * 1_000)["event"]
    assert NISS[:3] not in text


@pytest.mark.parametrize("padding", range(480, 640, 7))
def test_no_part_of_a_token_is_left_where_a_value_is_cut(padding: int) -> None:
    assert "eyJ" not in told(event=" " * padding + JWT * 10)["event"]


def test_a_masked_head_does_not_draw_more_of_the_tail_into_sight() -> None:
    text = told(event=PEM * 3 + " " + "z" * 380 + NISS)["event"]
    assert NISS[:3] not in text and "MIGH" not in text


@pytest.mark.parametrize("number", [int(NISS), 5_073_003_314 * 1, 85_073_003_329])
def test_a_number_of_a_person_sent_as_integer_is_masked(number: int) -> None:
    padded = f"{number:011d}"
    rest, check = int(padded[:9]), int(padded[9:])
    is_niss = len(str(number)) == 11 or check in (97 - rest % 97, 97 - (2_000_000_000 + rest) % 97)
    assert (told(event="x", count=number)["count"] == "[NISS]") is is_niss


@pytest.mark.parametrize("number", [0, 7, 10**6, 10**12, 1_795_313_880_000_000, -5])
def test_an_ordinary_number_is_left_as_it_is(number: int) -> None:
    assert told(event="x", revision=number)["revision"] == number


def test_a_number_that_lost_its_leading_zeros_is_masked_by_its_check_digits() -> None:
    lost = next(n for n in range(5_073_003_301, 5_073_003_398) if n % 100 == 97 - (n // 100) % 97)
    assert told(event="x", count=lost)["count"] == "[NISS]"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T02:25:09.123456Z",
        "2026-11-22T02:25:09+00:00 in 2026Q4",
        "0206731645",
        "BE 0206.731.645",
        "550e8400-e29b-41d4-a716-446655440000",
        "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
        "aa12345678901bb37b435b05321651daefd374cdc681dc06faa65e374e38337b",
        "Zr4_w1Qn8LmP0aXyT5uVkg",
        "iam/services/mandates.py:120 propose",
        "urn:problem-type:belgif:missingPermission",
    ],
)
def test_what_ties_events_together_is_left_as_it_is(text: str) -> None:
    assert told(event="x", what=text)["what"] == text


SECRETS = {
    "JWT": f"failed for {JWT}",
    "unsecured JWT": "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiJjQW5BcnktN2YzYS1TM2NyM3QifQ.",
    "bearer": f"Authorization: Bearer {CANARY}",
    "lower-case basic": f"basic {CANARY}",
    "DPoP": f"DPoP {CANARY}",
    "PEM": PEM,
    "form": f"grant_type=x&client_secret={CANARY}&y=1",
    "JSON": f'{{"password": "{CANARY}"}}',
    "address": f"https://a.test/cb?access_token={CANARY}#x",
    "repr": f"{{'code_verifier': '{CANARY}'}}",
    "percent-encoded": f"client_assertion%3D{CANARY}",
    "opaque token": "key 7Hq2mYt0BvWc4XnZ8sKd1LpR6fGjE3uA9oTiNbVxQyM here",
    "base64": "data MHcCAQEEIIGb/z8+Qq1mV0kYh3xkqkq5r2mJtXo0b1c2d3e4f5gHoAoGCCqGSM49AwEHoUQDQgA= end",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_by_its_form_or_by_the_name_before_it(name: str) -> None:
    line = line_of(AT, "info", {"event": SECRETS[name], "more": [SECRETS[name]]})
    for trace in (CANARY, "eyJ", "MIGH", "7Hq2mYt0", "MHcCAQ"):
        assert trace not in line


@pytest.mark.parametrize(
    "name", ["password", "clientSecret", "Authorization", "set-cookie", "client_assertion", "private_key", "otp", "pin"]
)
def test_a_value_under_the_name_of_a_secret_is_masked_whatever_it_is(name: str) -> None:
    for value in (CANARY, 1234, [CANARY], {"a": CANARY}, CANARY.encode()):
        assert told(event="x", **{name: value})[name] == "[secret]"


@pytest.mark.parametrize("name", ["niss", "subject_ssin", "egovNRN", "INSZ"])
def test_a_value_under_the_name_of_a_persons_number_is_masked_whatever_it_is(name: str) -> None:
    assert told(event="x", **{name: "unreadable"})[name] == "[NISS]"


class Colour(StrEnum):
    """A closed vocabulary."""

    RED = "red"


def test_values_that_are_not_text_are_told_plainly_or_by_their_kind_only() -> None:
    event = told(
        event="x", day=date(2026, 1, 2), colour=Colour.RED, raw=b"abc", who=Niss(NISS), many=range(3), big=10**5_000
    )
    assert (event["day"], event["colour"], event["raw"]) == ("2026-01-02", "red", "[3 bytes]")
    assert (event["who"], event["many"], event["big"]) == ("<Niss>", "<range>", "[number]")


def test_deep_and_long_values_are_cut() -> None:
    deep: list[object] = []
    deep.append(deep)
    line = line_of(
        AT, "info", {"event": "x", "deep": deep, "long": list(range(10_000)), "wide": dict.fromkeys(range(999))}
    )
    assert len(line) < 2_000


def test_the_message_of_an_exception_is_left_out() -> None:
    try:
        raise ValueError(f"{CANARY} {NISS}") from KeyError(CANARY)
    except ValueError as error:
        line = line_of(AT, "error", {"event": "x", "exc_info": error, "nested": [error]})
    assert CANARY not in line and NISS not in line
    assert json.loads(line)["failure"]["classes"] == ["builtins.ValueError", "builtins.KeyError"]


def test_our_own_exception_is_told_without_its_message(service: TinyService) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger().exception("broke")
    (event,) = service.events()
    assert event["failure"]["classes"] == ["builtins.ValueError"]
    assert CANARY not in service.log.getvalue()


def test_a_librarys_exception_is_told_without_its_message(service: TinyService) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("lib").exception("broke")
    (event,) = service.events()
    assert event["failure"]["classes"] == ["builtins.ValueError"]
    assert CANARY not in service.log.getvalue()


def test_a_broken_call_to_the_log_is_told_and_breaks_nothing(
    service: TinyService, capsys: pytest.CaptureFixture[str]
) -> None:
    record = logging.LogRecord("lib", logging.WARNING, "lib.py", 1, "%d of %s", (CANARY,), None)
    (ours,) = (one for one in logging.getLogger().handlers if one.__module__ == "iam.web.logs")
    ours.handle(record)
    (event,) = service.events()
    assert event["event"] == "unreadable_log_record" and CANARY not in service.log.getvalue()
    assert capsys.readouterr().err == ""


def test_warnings_of_libraries_are_events(service: TinyService) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"old\nway {NISS}", stacklevel=1)
    (event,) = service.events()
    assert event["source"] == "py.warnings" and NISS not in service.log.getvalue()


def test_events_of_many_threads_do_not_mix() -> None:
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            return sum(super(Slow, self).write(text[at : at + 7]) for at in range(0, len(text), 7))

    stream, before = Slow(), sys.getswitchinterval()
    logs.configure(stream, lambda: AT)
    log = structlog.get_logger()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=lambda: [log.info("x", n=n) for n in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)
    structlog.reset_defaults()
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["x"] * 400


def test_events_below_the_level_are_not_written(service: TinyService) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("lib").info("quiet")
    assert service.events() == []


@given(st.text(max_size=300))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)
