"""The service with faults planted into each process, by which an answer to a login would count more than once."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from iam.cli import main
from iam.domain.visits import LoginFlow, Visit
from iam.services.fingerprints import fingerprint
from iam.services.sign_in import PURPOSE
from iam.services.visits import Visits
from iam.storage.unit_of_work import SqlUnitOfWork


def keep_flows() -> None:
    """A login that began is found again by every answer to it."""

    def found(visits: Visits, visit: Visit | None, provider: str, returned: str) -> Mapping[str, str] | None:
        archive: Any = visits._archive
        with archive.reading() as reading:
            flow = reading.get(LoginFlow, fingerprint(provider, returned))
        return json.loads(flow.details) if visit is not None and flow is not None else None

    Visits.take_flow = found  # type: ignore[method-assign]


def claim_nothing() -> None:
    """The identifiers of testimonies are not used up."""
    claim = SqlUnitOfWork.claim

    def granted(uow: SqlUnitOfWork, purpose: str, reference: str, until: datetime) -> bool:
        return purpose == PURPOSE or claim(uow, purpose, reference, until)

    SqlUnitOfWork.claim = granted  # type: ignore[method-assign]


FAULTS = {"flows": keep_flows, "claims": claim_nothing}

if __name__ == "__main__":
    for fault in sys.argv[1:]:
        FAULTS[fault]()
    main(["serve"], prog_name="procura")
