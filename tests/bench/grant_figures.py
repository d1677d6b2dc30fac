"""The rows about grants, and the bars that they are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.bench.cpu import Spent
from tests.bench.figures import OIDC_PROVIDER, Bar, Range, Verdict, judged, ratio
from tests.bench.stands import Key

CODE = "tokens by code"
ROTATED = "tokens by refresh, rotated"
BOUND = "token by refresh, DPoP"
CREDENTIALS = "token by credentials, DPoP"
INTROSPECTED = "introspection"
INTROSPECTED_PERSON = "introspection, a person's"
ROWS = (CODE, ROTATED, BOUND, CREDENTIALS, INTROSPECTED, INTROSPECTED_PERSON)
MOST_GROWTH = 1.3
LEAST_OF_PEER = 1.0
"""Tokens for each second of CPU, as a part of the peer's."""


def peer_of(row: str) -> Key:
    """What the same row costs at the peer."""
    return Key(row, OIDC_PROVIDER, 0)


def verdicts(live: Sequence[int], engines: Sequence[str], series: Mapping[Key, Sequence[Spent]]) -> list[Verdict]:
    """Every bar on grants with what was found: tokens for each second of CPU, and the cost as grants grow."""
    least, most = min(live), max(live)
    found = [_gain(Key(row, engine, most), peer_of(row), series) for engine in engines for row in ROWS]
    if least < most:
        grown = [Bar(Key(row, one, most), Key(row, one, least), MOST_GROWTH) for one in engines for row in ROWS]
        found += [judged(bar, series) for bar in grown]
    return found


def _gain(ours: Key, peer: Key, series: Mapping[Key, Sequence[Spent]]) -> Verdict:
    text = f"{ours.row}, each second of CPU: {ours.engine} {ours.size:,} / {peer.engine}".replace(",", " ", 0)
    mine, theirs = series.get(ours), series.get(peer)
    if not mine or not theirs:
        return Verdict(text, 0.0, None, None, least=LEAST_OF_PEER)
    found: Range = ratio(theirs, mine)
    return Verdict(text, 0.0, found, found.middle >= LEAST_OF_PEER, least=LEAST_OF_PEER)
