"""The arms of the one statement of a check: each tells the exhibits of one proof."""

from __future__ import annotations

from typing import NamedTuple

from iam.domain.authorization import Proof

# In an arm `:name` is a value of the inquiry, `#name` a proof, `@x` says that a row of x is the version that counts,
# `~x` that it is valid at the instant asked, and a word in capitals stands for a text below or a word of the engine's.
# CROSS JOIN keeps SQLite from beginning with the table on its right. What is read by the number of an enterprise or
# client is read whether that stands or not: what hangs on something that does not is left out afterwards
# (`iam.domain.outlines.standing`). No end is later than that of what its exhibit hangs on.

PROOFS = (
    Proof.CALLER,
    Proof.CLIENT,
    Proof.APPOINTMENT,
    Proof.GRANT,
    Proof.ENTERPRISE,
    Proof.ENTERPRISE_CEASED,
    Proof.CAPACITY,
    Proof.CONCERNED,
    Proof.CONCERNED_CEASED,
    Proof.CONCERNED_CAPACITY,
    Proof.ACTIVATION,
    Proof.PORTFOLIO,
    Proof.MANDATE,
    Proof.DELEGATION,
)
"""Exhibits stand in this order; a row tells its proof by its place here, and the head comes as place -1."""

HEAD = "FROM head r"
HEAD_KNOWN_AT = "FROM revisions r WHERE r.recorded_at <= :known_at ORDER BY r.recorded_at DESC LIMIT 1"
REVISION_KNOWN_AT = f"(SELECT r.revision {HEAD_KNOWN_AT})"


class Arm(NamedTuple):
    """Where the exhibits of one proof are found, and what is told of each."""

    proof: str
    key: str
    until: str
    detail: str
    found: str
    single: bool = False
    """Whether it finds one row at most."""


_CLIENT_UNTIL = "LEAST(h.valid_until, COALESCE(h.profile_until, FOREVER))"

CALLER = Arm(
    "#caller",
    "h.key",
    _CLIENT_UNTIL,
    "h.kind || '|' || h.services || '|' || h.niss_services || '|' || h.enterprise",
    """FROM clients h CROSS JOIN enterprises e
WHERE h.key = :caller AND h.superseded = FOREVER AND h.valid_from <= :now AND h.valid_until > :now
AND (h.profile_until IS NULL OR h.profile_until > :now)
AND e.key = h.enterprise AND e.superseded = FOREVER AND e.valid_from <= :now AND e.valid_until > :now
AND EXISTS (SELECT 1 FROM capacities_held k WHERE k.enterprise = h.enterprise AND k.superseded = FOREVER
AND k.valid_from <= :now AND k.valid_until > :now AND k.capacity = h.capacity)""",
    single=True,
)
_NOT_REVOKED = """AND EXISTS (
SELECT 1 FROM issued_tokens t WHERE t.key = :token AND t.client = h.key AND t.revoked_at IS NULL)"""
CALLER_WITH_TOKEN = CALLER._replace(found="\n".join((CALLER.found, _NOT_REVOKED)))

_APPOINTED = """h.person = :subject AND h.enterprise = :enterprise AND @h AND ~h
AND (h.capacity IS NULL OR h.capacity = :capacity)"""
_REGISTERED = """h.key = :subject AND h.enterprise = :enterprise AND h.capacity = :capacity AND @h AND ~h
AND (h.profile_until IS NULL OR h.profile_until > :at)"""
SUBJECT = {
    "person": Arm("#appointment", "h.key", "h.valid_until", "h.role", f"FROM appointments h WHERE {_APPOINTED}"),
    "client": Arm("#client", "h.key", _CLIENT_UNTIL, "h.kind", f"FROM clients h WHERE {_REGISTERED}", single=True),
}
_HOLDERS_END = {
    "person": "h.valid_until",
    "client": "COALESCE((SELECT CLIENTS_END FROM clients h WHERE h.key = :subject AND @h), FOREVER)".replace(
        "CLIENTS_END", _CLIENT_UNTIL
    ),
}

_GIVEN = """g.service = :service AND @g
AND g.enterprise = :enterprise AND g.capacity = :capacity AND ~g"""
_GRANTED = {
    "person": f"FROM appointments h CROSS JOIN grants g WHERE {_APPOINTED} AND g.holder = h.key AND {_GIVEN}",
    "client": f"FROM grants g WHERE g.holder = :subject AND {_GIVEN}",
}
GRANT = {
    kind: Arm("#grant", "g.key", f"LEAST(g.valid_until, {_HOLDERS_END[kind]})", "g.actions", found)
    for kind, found in _GRANTED.items()
}

_PORTFOLIO = """FROM (SELECT p.key, p.kind, p."group", p.valid_until, HOLDERS AS holder_until,
CASE WHEN p.kind <> 'all' THEN (SELECT max(m.valid_until) FROM group_members m
WHERE m."group" = p."group" AND m.mandator = :concerned AND @m AND ~m) END AS member_until
FROM HELD AND @p AND p.enterprise = :enterprise AND ~p) s
WHERE s.kind = 'all' OR (s.kind = 'group' AND s.member_until IS NOT NULL)
OR (s.kind = 'all_but' AND s.member_until IS NULL)"""
_HELD = {
    "person": f"appointments h CROSS JOIN portfolios p WHERE {_APPOINTED} AND p.holder = h.key",
    "client": "portfolios p WHERE p.holder = :subject",
}
_PORTFOLIO_UNTIL = """LEAST(s.valid_until, s.holder_until, CASE s.kind WHEN 'group' THEN s.member_until
WHEN 'all_but' THEN COALESCE((SELECT min(m.valid_from) FROM group_members m
WHERE m."group" = s."group" AND m.mandator = :concerned AND @m AND m.valid_from > :at), FOREVER) ELSE FOREVER END)"""
PORTFOLIO = {
    kind: Arm(
        "#portfolio",
        "s.key",
        _PORTFOLIO_UNTIL,
        "s.kind",
        _PORTFOLIO.replace("HELD", held).replace("HOLDERS", _HOLDERS_END[kind]),
    )
    for kind, held in _HELD.items()
}

MANDATE = Arm(
    "#mandate",
    "c.mandate",
    "c.valid_until",
    "CAST(c.mandate_version AS TEXT)",
    """FROM covers c WHERE c.mandator = :concerned AND c.mandatary = :enterprise AND @c
AND c.mandatary_capacity = :capacity AND c."group" IN :groups AND ~c""",
)
DELEGATION = Arm(
    "#delegation",
    "d.key",
    "LEAST(d.valid_until, c.valid_until, e.valid_until, k.valid_until)",
    "CAST(d.version AS TEXT)",
    """FROM delegations d CROSS JOIN covers c CROSS JOIN enterprises e CROSS JOIN capacities_held k
WHERE c.key = d.mandate || '/' || d."group" AND d.mandator = :concerned AND d.receiver = :enterprise AND @d
AND d.receiver_capacity = :capacity AND d.state = 'validated' AND d."group" IN :groups
AND d.first_quarter <= :quarter AND d.last_quarter >= :quarter AND ~d
AND c.mandator = d.mandator AND c.mandatary = d.giver AND @c AND ~c AND e.key = c.mandatary AND @e AND ~e
AND k.enterprise = c.mandatary AND @k AND ~k AND k.capacity = c.mandatary_capacity""",
)
"""A delegation counts while its giver could act itself: by its mandate, and in the capacity in which it holds that."""

ENTERPRISE = Arm(
    "CASE WHEN e.valid_until > :at THEN #enterprise ELSE #enterprise_ceased END",
    "e.key",
    "e.valid_until",
    "''",
    "FROM enterprises e WHERE e.key = :enterprise AND @e AND e.valid_from <= :at",
    single=True,
)
CAPACITY = Arm(
    "#capacity",
    "k.key",
    "k.valid_until",
    "k.capacity",
    "FROM capacities_held k WHERE k.enterprise = :enterprise AND @k AND ~k AND k.capacity = :capacity",
)
CONCERNED = Arm(
    "CASE WHEN e.valid_until > :at THEN #concerned ELSE #concerned_ceased END",
    "e.key",
    "e.valid_until",
    "''",
    "FROM enterprises e WHERE e.key = :concerned AND @e AND e.valid_from <= :at",
    single=True,
)
CONCERNED_CAPACITY = Arm(
    "#concerned_capacity",
    "k.key",
    "k.valid_until",
    "k.capacity",
    "FROM capacities_held k WHERE k.enterprise = :concerned AND @k AND ~k",
)
ACTIVATION = Arm(
    "#activation",
    "v.key",
    "v.valid_until",
    "v.service",
    "FROM activations v WHERE v.key = :concerned || '/' || :service AND @v AND v.enterprise = :concerned AND ~v",
    single=True,
)
