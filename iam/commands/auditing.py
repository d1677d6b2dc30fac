"""`procura audit`: walk the audit trail and find any edit, deletion or reordering."""

from __future__ import annotations

import re

import click

from iam.app import archive_only
from iam.commands.printing import as_json, show, speaking
from iam.domain.audit import BrokenChain

NOTED = re.compile(r"(0|[1-9][0-9]{0,17}):([0-9a-f]{64})")


@click.group("audit")
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@click.option("--noted", multiple=True, metavar="NUMBER:HASH", help="What an earlier run told as last; repeatable.")
@as_json
@speaking
def verify(noted: tuple[str, ...], as_json: bool) -> None:
    """Verify the whole audit trail; status 1 and the first bad leaf when it was tampered with.

    Note what is told as last outside the database: with it, a trail that was written anew as a whole, or put back to
    an older state, is found as well.
    """
    hashes = dict(_noted(one) for one in noted)
    with archive_only() as archive:
        last, hashed = archive.head()
        try:
            count = archive.verify_audit_trail(hashes)
        except BrokenChain as broken:
            show({"intact": False, "first_bad_leaf": broken.sequence, "why": broken.why}, as_json)
            raise SystemExit(1) from None
    show({"intact": True, "leaves": count, "last": f"{last}:{hashed}"}, as_json)


def _noted(text: str) -> tuple[int, str]:
    """Number and hash of a leaf. Raises ClickException for what is not written as `audit verify` tells it."""
    found = NOTED.fullmatch(text)
    if found is None:
        raise click.ClickException(f"--noted takes a number and a hash, as an earlier run told them, not {text!r}")
    return int(found[1]), found[2]
