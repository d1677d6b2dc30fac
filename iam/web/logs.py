"""Logs: one JSON line for each event, encoded, cut, and free of numbers of persons and of secrets."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import date, datetime
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, TextIO

import structlog

from iam.web.headers import request_id_now
from iam.web.masking import mask_for_name, masked, masked_number

MAX_TEXT: Final = 500
MAX_NAME: Final = 64
MAX_ITEMS: Final = 50
MAX_DEPTH: Final = 4
MAX_FRAMES: Final = 20
_MARGIN: Final = 100
_LARGEST_NUMBER: Final = 10**19


def configure(stream: TextIO | None, now: Callable[[], datetime], level: int = logging.INFO) -> None:
    """Send every event, of our own code and of the libraries that use :mod:`logging`, to ``stream``.

    None stands for the standard error stream, whichever that is when an event is written. ``now`` is the clock port's;
    ``level`` the least that is written. Afterwards ``structlog.get_logger()`` gives loggers:
    ``log.warning("refused", code="…")``. May be called again; the last call counts.
    """
    write = _writer(stream)

    def finish(_logger: object, level_name: str, event: MutableMapping[str, Any]) -> str:
        return line_of(now(), level_name, _with_request(event))

    structlog.configure(
        processors=[finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: _Lines(write),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_LibraryEvents(write, now)]
    root.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)


def line_of(at: datetime, level: str, event: Mapping[str, object]) -> str:
    """Return one event as one line of ASCII JSON, without its end of line.

    Every control character, escape sequence and line separator is written as ``\\uXXXX``. An exception,
    ``exc_info`` or any other value, is told by its classes and places only: messages of exceptions quote input.
    """
    told = {name: value for name, value in event.items() if name != "exc_info"}
    if failure := _failure(event.get("exc_info")):
        told["failure"] = failure
    head: dict[str, object] = {"at": at.isoformat(), "level": level}
    return json.dumps(head | _clean_members(told, 0), ensure_ascii=True).replace("\x7f", "\\u007f")


def _failure(exc_info: object) -> BaseException | None:
    """The exception that a logger was given, in any of the forms that they take."""
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    if exc_info is True:
        exc_info = sys.exception()
    return exc_info if isinstance(exc_info, BaseException) else None


def described(failure: BaseException) -> dict[str, object]:
    """Tell an exception without a word of its message: its class, those it came from, and where it was raised."""
    chain: list[str] = []
    link: BaseException | None = failure
    while link is not None and len(chain) < MAX_DEPTH:
        chain.append(f"{type(link).__module__}.{type(link).__qualname__}")
        link = link.__cause__ or link.__context__
    places = [_place(frame.f_code.co_filename, line, frame.f_code.co_name) for frame, line in _frames(failure)]
    return {"classes": chain, "places": places[-MAX_FRAMES:]}


def _frames(failure: BaseException) -> Iterable[tuple[Any, int]]:
    return traceback.walk_tb(failure.__traceback__)


def _place(path: str, line: int, function: str) -> str:
    return f"{'/'.join(PurePath(path).parts[-3:])}:{line} {function}"


def clean_text(text: str, longest: int = MAX_TEXT) -> str:
    """Return a text masked and cut; masked before the cut, so that no half of a number is left at its end."""
    if len(text) <= longest:
        return masked(text)
    head = masked(text[: longest + _MARGIN])
    return f"{head[: max(0, min(longest, len(head) - _MARGIN))]}… ({len(text)} characters)"


def _clean(value: object, depth: int) -> object:
    if isinstance(value, str):  # an enum of texts is told by its value
        return clean_text(value.value if isinstance(value, Enum) else value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return masked_number(value) if abs(value) < _LARGEST_NUMBER else "[number]"
    if isinstance(value, float):
        return value if -1e15 < value < 1e15 else "[number]"
    return _clean_object(value, depth)


def _clean_object(value: object, depth: int) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseException):
        return described(value)
    if isinstance(value, (bytes, bytearray)):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return _clean_members(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)) and depth < MAX_DEPTH:
        return [_clean(item, depth + 1) for item in islice(value, MAX_ITEMS)]
    return f"<{type(value).__name__}>"


def _clean_members(members: Mapping[Any, object], depth: int) -> dict[str, object]:
    clean: dict[str, object] = {}
    for name, value in islice(members.items(), MAX_ITEMS):
        written = clean_text(str(name) if isinstance(name, (str, int)) else type(name).__name__, MAX_NAME)
        clean[written] = mask_for_name(written) or _clean(value, depth + 1)
    return clean


def _with_request(event: Mapping[str, object]) -> Mapping[str, object]:
    """The event with the id of the request in which it happened, where there is one."""
    request_id = request_id_now()
    return {**event, "request_id": request_id} if request_id else event


def _writer(stream: TextIO | None) -> Callable[[str], None]:
    lock = threading.Lock()

    def write(line: str) -> None:
        with lock:
            out = stream or sys.stderr
            out.write(line + "\n")
            out.flush()

    return write


class _Lines:
    """The end of structlog's chain: each level's method writes the finished line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = write


class _LibraryEvents(logging.Handler):
    """Events of libraries, brought into the same form."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._write = write
        self._now = now

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be formatted is told as such, not printed elsewhere."""
        event: dict[str, object] = {"event": "library", "source": record.name}
        try:
            event["message"] = record.getMessage()
        except Exception:  # whatever a library passed: a broken log call must not break the act
            event["event"] = "unreadable_log_record"
        event["exc_info"] = record.exc_info
        self._write(line_of(self._now(), record.levelname.lower(), _with_request(event)))
