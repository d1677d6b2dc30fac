"""Change feeds over HTTP: read page by page, in the register's own order, each line that cannot be read by itself."""

# GET <address>/changes?after=<sequence>&limit=<number> is answered 200 with {"changes": [{"sequence": 7, …}, …]}: the
# lines that follow `after`, oldest first, at most `limit`; an empty list says that there are none yet. What else a
# line holds, the register says.

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from pydantic import ValidationError

from iam.domain.errors import Refusal
from iam.domain.feeds import RefusedLine
from iam.outside.guarded_http import BadAnswer, GuardedHttp

_LAST = 2**62
MALFORMED = "malformed_line"
"""The reason code of a line that lacks members, has others, or has them of other types."""

L = TypeVar("L")


def read_page(
    server: GuardedHttp, sequence: int, limit: int, read: Callable[[dict[str, object]], L]
) -> list[L | RefusedLine]:
    """The lines that follow a sequence number, in order, at most `limit`.

    Args:
        read: reads one line, whose sequence number is sound. Raises Refusal or ValidationError: that line alone is
            refused, by the refusal's code or as malformed.

    Raises:
        BadAnswer: when there is no answer, or none in which every line has its place.
    """
    page = server.get_json("/changes", {"after": str(sequence), "limit": str(limit)})
    if not isinstance(page, dict) or page.keys() != {"changes"} or not isinstance(page["changes"], list):
        raise BadAnswer("not a page of a feed")
    places = [_place(line) for line in page["changes"]]
    _check_order([sequence, *places], limit)
    return [_line(line, place, read) for line, place in zip(page["changes"], places, strict=True)]


def _place(line: object) -> int:
    place = line.get("sequence") if isinstance(line, dict) else None
    if type(place) is not int or not 1 <= place < _LAST:
        raise BadAnswer("a line without its place in the feed")
    return place


def _check_order(sequences: Sequence[int], limit: int) -> None:
    if len(sequences) > limit + 1:
        raise BadAnswer("more changes than were asked for")
    if any(later <= earlier for earlier, later in pairwise(sequences)):
        raise BadAnswer("changes out of order")


def _line(line: dict[str, object], place: int, read: Callable[[dict[str, object]], L]) -> L | RefusedLine:
    try:
        return read(line)
    except Refusal as refusal:
        return RefusedLine(sequence=place, reason=refusal.code)
    except ValidationError:
        return RefusedLine(sequence=place, reason=MALFORMED)
