"""The register of persons' feed is read in its order; a line that says no change is refused by itself."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from iam.domain.errors import Unavailable
from iam.domain.feeds import RefusedLine
from iam.domain.identifiers import Niss
from iam.domain.persons import NumberReplaced
from iam.outside.guarded_http import GuardedHttp
from iam.outside.person_register import HttpPersonRegister
from tests.outside.scripted_server import answering, send

BIS, NATIONAL = "98472899765", "85073003328"
REPLACED: dict[str, Any] = {
    "sequence": 7,
    "kind": "number_replaced",
    "former": BIS,
    "present": NATIONAL,
    "at": "2026-03-02T00:00:00+01:00",
}


def changes(lines: list[Any], after: int = 0) -> list[Any]:
    """What the house takes from a register that answers with these lines."""
    with answering(send(json.dumps({"changes": lines}).encode())) as address:
        return list(HttpPersonRegister(GuardedHttp(address)).changes_after(after, 10))


def test_a_number_that_gave_way_to_another_is_read() -> None:
    (line,) = changes([REPLACED])
    at = datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert line == NumberReplaced(sequence=7, former=Niss(BIS), present=Niss(NATIONAL), at=at)
    assert BIS not in repr(line) and NATIONAL not in repr(line)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "number_cancelled"}, "unknown_kind"),
        ({"former": "98472899766"}, "invalid_niss"),
        ({"present": None}, "malformed_line"),
        ({"present": "85.07.30-033.28"}, "invalid_niss"),
        ({"at": "yesterday"}, "invalid_instant"),
        ({"name": "X"}, "malformed_line"),
    ],
)
def test_a_line_that_says_no_change_is_refused_by_itself(changed: dict[str, Any], reason: str) -> None:
    refused, line = changes([{**REPLACED, **changed}, {**REPLACED, "sequence": 8}])
    assert refused == RefusedLine(sequence=7, reason=reason)
    assert isinstance(line, NumberReplaced)


@pytest.mark.parametrize("lines", [[REPLACED, REPLACED], [{**REPLACED, "sequence": None}]])
def test_lines_without_their_places_are_taken_for_no_answer(lines: list[Any]) -> None:
    with pytest.raises(Unavailable, match="person_register_unavailable"):
        changes(lines)


def test_a_register_that_refuses_is_no_answer() -> None:
    with answering(send(b'{"changes": []}', status=503)) as address, pytest.raises(Unavailable):
        HttpPersonRegister(GuardedHttp(address)).changes_after(0, 10)
