"""The service with faults planted into each process, by which a code or a refresh token would count more than once."""

from __future__ import annotations

import sys
from typing import Any

from iam.cli import main
from iam.domain.authorization_grants import AuthorizationCode, RefreshToken
from iam.domain.device_authorizations import DeviceAuthorization
from iam.storage.unit_of_work import SqlUnitOfWork

KINDS: dict[str, type[Any]] = {"codes": AuthorizationCode, "refresh": RefreshToken, "devices": DeviceAuthorization}


def forget_uses(kind: type[Any]) -> None:
    """That one of a kind was used is not recorded."""
    put = SqlUnitOfWork.put

    def forgetful(uow: SqlUnitOfWork, record: object) -> None:
        if not (isinstance(record, kind) and record.used_at is not None):
            put(uow, record)

    SqlUnitOfWork.put = forgetful  # type: ignore[method-assign]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        forget_uses(KINDS[name])
    main(["serve"], prog_name="procura")
