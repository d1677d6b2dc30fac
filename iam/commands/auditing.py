"""`procura audit`: walk the audit trail and find any edit, deletion or reordering."""

from __future__ import annotations

import click

from iam.app import archive_only
from iam.commands.printing import as_json, show, speaking
from iam.domain.audit import BrokenChain


@click.group("audit")
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@as_json
@speaking
def verify(as_json: bool) -> None:
    """Verify the whole audit trail; status 1 and the first bad leaf when it was tampered with."""
    with archive_only() as archive:
        try:
            count = archive.verify_audit_trail()
        except BrokenChain as broken:
            show({"intact": False, "first_bad_leaf": broken.sequence, "why": broken.why}, as_json)
            raise SystemExit(1) from None
    show({"intact": True, "leaves": count}, as_json)
