"""The audit trail: one leaf for each change and each issued token, chained by hash, naming ids only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from iam.domain.periods import format_instant

GENESIS = "0" * 64

NOTHING_NOTED: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What is to be recorded of one act: who did what to what; ids and codes, no NISS, name or secret."""

    act: str
    actor: str
    """Person id, client_id or SERVER_OPERATOR."""
    caller: str
    """The client through which the act came; empty for the command line."""
    objects: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedLeaf:
    """A leaf in its place in the chain."""

    sequence: int
    revision: int
    at: datetime
    leaf: Leaf
    previous: str
    hash: str


class BrokenChain(Exception):
    """The chain does not verify; `sequence` is the first bad leaf."""

    def __init__(self, sequence: int, why: str) -> None:
        super().__init__(f"audit leaf {sequence}: {why}")
        self.sequence = sequence
        self.why = why


def leaf_hash(sequence: int, revision: int, at: datetime, leaf: Leaf, previous: str) -> str:
    """SHA-256 (hexadecimal) over the canonical JSON of a leaf and the hash of the one before it."""
    content = [sequence, revision, format_instant(at), leaf.act, leaf.actor, leaf.caller, dict(leaf.objects), previous]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def chain(sequence: int, revision: int, at: datetime, leaf: Leaf, previous: str) -> ChainedLeaf:
    """Put a leaf in its place."""
    hashed = leaf_hash(sequence, revision, at, leaf, previous)
    return ChainedLeaf(sequence=sequence, revision=revision, at=at, leaf=leaf, previous=previous, hash=hashed)


def verify_chain(leaves: Iterable[ChainedLeaf], head: tuple[int, str], noted: Mapping[int, str] = NOTHING_NOTED) -> int:
    """Walk the whole chain and compare its end with the recorded head; returns the number of leaves.

    Args:
        noted: hashes of leaves by number, as they were noted before outside the database. Whoever may write the whole
            chain anew, or put an older database in its place, cannot change these.

    Raises:
        BrokenChain: at the first leaf that was edited, deleted, reordered, put in, or cut off at the end.
    """
    previous, count = GENESIS, 0
    for one in leaves:
        if one.sequence != count + 1:
            raise BrokenChain(count + 1, "is missing or out of order")
        if one.previous != previous:
            raise BrokenChain(one.sequence, "does not follow the leaf before it")
        if leaf_hash(one.sequence, one.revision, one.at, one.leaf, one.previous) != one.hash:
            raise BrokenChain(one.sequence, "was edited")
        if noted.get(one.sequence, one.hash) != one.hash:
            raise BrokenChain(one.sequence, "is not the one that was noted: the chain was written anew before it")
        previous, count = one.hash, one.sequence
    if noted and max(noted) > count:
        raise BrokenChain(count + 1, "is missing: a later one was noted")
    recorded, last = head
    if recorded > count:
        raise BrokenChain(count + 1, "is missing: the recorded head of the chain stands further on")
    if recorded < count:
        raise BrokenChain(recorded + 1, "stands after the recorded head of the chain")
    if last != previous:
        raise BrokenChain(count, "is not the one that is recorded as the head of the chain")
    return count
