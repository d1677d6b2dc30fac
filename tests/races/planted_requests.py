"""The service with faults planted into each process, by which a request or a proof would count more than once."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from iam.cli import main
from iam.domain.authorization_grants import AuthorizationRequest
from iam.services.client_proofs import KEY_PURPOSE
from iam.storage.unit_of_work import SqlUnitOfWork


def keep_requests() -> None:
    """A request that was answered stays."""
    remove = SqlUnitOfWork.remove

    def keeping(uow: SqlUnitOfWork, kind: type[Any], key: str) -> None:
        if kind is not AuthorizationRequest:
            remove(uow, kind, key)

    SqlUnitOfWork.remove = keeping  # type: ignore[method-assign]


def claim_no_proofs() -> None:
    """Proofs by DPoP are not used up."""
    claim = SqlUnitOfWork.claim

    def granted(uow: SqlUnitOfWork, purpose: str, reference: str, until: datetime) -> bool:
        return purpose == KEY_PURPOSE or claim(uow, purpose, reference, until)

    SqlUnitOfWork.claim = granted  # type: ignore[method-assign]


FAULTS = {"requests": keep_requests, "proofs": claim_no_proofs}

if __name__ == "__main__":
    for fault in sys.argv[1:]:
        FAULTS[fault]()
    main(["serve"], prog_name="procura")
