"""The register of persons over HTTP: the change feed of their numbers, read page by page in its own order."""

# A page is as `iam.outside.change_feeds` says, with lines
#
#   {"sequence": 7, "kind": "number_replaced", "former": "98472899765", "present": "85073003328",
#    "at": "2026-03-02T00:00:00+01:00"}
#
# All members are present and no others. In Belgium the Crossroads Bank for Social Security (KSZ/BCSS) tells
# institutions which identification numbers were replaced, such as a BIS number by one of the National Register. The
# form of these lines is ours, for the service that stands before it: how the Crossroads Bank writes its messages, and
# whether it also withdraws a replacement, is unconfirmed; a line of another kind is refused by itself.

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from iam.domain.errors import InvalidInput, Unavailable
from iam.domain.feeds import RefusedLine
from iam.domain.identifiers import Niss
from iam.domain.periods import parse_instant
from iam.domain.persons import NumberReplaced
from iam.outside.change_feeds import read_page
from iam.outside.guarded_http import BadAnswer, GuardedHttp

KIND = "number_replaced"


class _Change(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    sequence: int
    kind: str
    former: str
    present: str
    at: str


class HttpPersonRegister:
    """Reads what the Crossroads Bank for Social Security distributes of numbers, or who plays it."""

    def __init__(self, server: GuardedHttp) -> None:
        """Take the register's server."""
        self._server = server

    def changes_after(self, sequence: int, limit: int) -> Sequence[NumberReplaced | RefusedLine]:
        """The changes that follow a sequence number, in order, at most `limit`; a line that says no change is refused.

        Raises:
            Unavailable: `person_register_unavailable` when it does not answer, or not with a page of its feed.
        """
        try:
            return read_page(self._server, sequence, limit, _change)
        except BadAnswer:
            raise Unavailable(
                "person_register_unavailable", "The register of persons does not answer; nothing was taken in."
            ) from None


def _change(line: dict[str, object]) -> NumberReplaced:
    one = _Change.model_validate(line)
    if one.kind != KIND:
        raise InvalidInput("unknown_kind", "A word that is not among those of the feed.")
    former, present, at = Niss(one.former), Niss(one.present), parse_instant(one.at)
    return NumberReplaced(sequence=one.sequence, former=former, present=present, at=at)
