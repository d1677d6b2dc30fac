"""The enterprise register over HTTP: one live question an enterprise, and a valid answer or none."""

# GET <address>/enterprises/<ten digits> is answered 200 with
#
#   {"enterprise": "1999000017", "exists": true, "ceased_at": null, "required_signatures": 1,
#    "representatives": [{"niss": "...", "function": "director", "from": "2019-03-01T00:00:00+01:00", "until": null}]}
#
# A number that the register does not know is answered 200, too, with "exists": false: a 404 may come from anybody on
# the road. All members are present and no others; instants are RFC 3339 with their offset.

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iam.domain.enterprises import RegisterExtract, Representative
from iam.domain.errors import Refusal, Unavailable
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import Period, parse_instant
from iam.outside.guarded_http import BadAnswer, GuardedHttp
from iam.ports import Clock

MOST_REPRESENTATIVES = 1000
_SHAPE = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Representative(BaseModel):
    model_config = _SHAPE
    niss: str
    function: str = Field(min_length=1, max_length=100)
    start: str = Field(alias="from")
    until: str | None


class _Extract(BaseModel):
    model_config = _SHAPE
    enterprise: str
    exists: bool
    ceased_at: str | None
    required_signatures: int = Field(ge=1, le=MOST_REPRESENTATIVES)
    representatives: list[_Representative] = Field(max_length=MOST_REPRESENTATIVES)


class HttpEnterpriseRegister:
    """Asks the Crossroads Bank for Enterprises, or who plays it, each time anew: no answer is kept."""

    def __init__(self, server: GuardedHttp, clock: Clock) -> None:
        """Take the register's server, and the clock by which the instant of asking is recorded."""
        self._server = server
        self._clock = clock

    def extract(self, enterprise: str) -> RegisterExtract:
        """What the register says now of the enterprise with this CBE number.

        Raises:
            Unavailable: `register_unavailable` when it does not answer, or not validly, or of another enterprise.
        """
        number = CbeNumber(enterprise)
        asked_at = self._clock.now()
        try:
            answer = _Extract.model_validate(self._server.get_json(f"/enterprises/{number.value}"))
            if answer.enterprise != number.value:
                raise BadAnswer("of another enterprise")
            return RegisterExtract(
                enterprise=number.value,
                asked_at=asked_at,
                exists=answer.exists,
                ceased_at=parse_instant(answer.ceased_at) if answer.ceased_at is not None else None,
                representatives=tuple(_representative(one) for one in answer.representatives),
                required_signatures=answer.required_signatures,
            )
        except (BadAnswer, ValidationError, Refusal):
            raise Unavailable(
                "register_unavailable", "The enterprise register does not answer; nothing was done. Try again later."
            ) from None


def _representative(one: _Representative) -> Representative:
    end = parse_instant(one.until) if one.until is not None else None
    return Representative(
        niss=Niss.parse(one.niss).value, function=one.function, valid=Period(parse_instant(one.start), end)
    )
