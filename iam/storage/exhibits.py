"""The arms of the one statement of a check: each selects the exhibits of one proof."""

from __future__ import annotations

from iam.domain.authorization import Proof

# In an arm `:name` is a value of the inquiry, `#name` a proof, `@x` says that a row of x is the version that counts,
# `~x` that it is valid at the instant asked, and a word in capitals stands for a text below. CROSS JOIN keeps SQLite
# from beginning with the table on its right. Arms about the employer concerned are also asked for a list q of many at
# once: the words in square brackets count then, and `:concerned` is a column of q.

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

HEAD = "SELECT -1, '', r.recorded_at, CAST(r.revision AS TEXT) FROM head r"
HEAD_KNOWN_AT = """SELECT -1, '', known.recorded_at, CAST(known.revision AS TEXT) FROM (SELECT r.recorded_at, r.revision
FROM revisions r WHERE r.recorded_at <= :known_at ORDER BY r.recorded_at DESC LIMIT 1) known"""
REVISION_KNOWN_AT = (
    "(SELECT r.revision FROM revisions r WHERE r.recorded_at <= :known_at ORDER BY r.recorded_at DESC LIMIT 1)"
)

CALLER = """SELECT #caller, c.key,
CASE WHEN c.profile_until < c.valid_until THEN c.profile_until ELSE c.valid_until END,
c.kind || '|' || c.services || '|' || c.niss_services || '|' || c.enterprise
FROM clients c CROSS JOIN enterprises e
WHERE c.key = :caller AND c.superseded = FOREVER AND c.valid_from <= :now AND c.valid_until > :now
AND (c.profile_until IS NULL OR c.profile_until > :now)
AND e.key = c.enterprise AND e.superseded = FOREVER AND e.valid_from <= :now AND e.valid_until > :now"""
_NOT_REVOKED = """ AND EXISTS (
SELECT 1 FROM issued_tokens t WHERE t.key = :token AND t.client = c.key AND t.revoked_at IS NULL)"""
CALLER_WITH_TOKEN = "".join((CALLER, _NOT_REVOKED))

_TABLES = {"person": "appointments h", "client": "clients h"}
_HOLDERS = {
    "person": """h.person = :subject AND h.enterprise = :enterprise AND @h AND ~h
AND (h.capacity IS NULL OR h.capacity = :capacity)""",
    "client": """h.key = :subject AND h.enterprise = :enterprise AND h.capacity = :capacity AND @h AND ~h
AND (h.profile_until IS NULL OR h.profile_until > :at)""",
}


def _held(arm: str) -> dict[str, str]:
    """An arm for each kind of subject: a person holds by an appointment, a client by itself."""
    return {kind: arm.replace("TABLE", _TABLES[kind]).replace("HOLDER", _HOLDERS[kind]) for kind in _TABLES}


SUBJECT = {
    "person": _held("SELECT #appointment, h.key, h.valid_until, h.role FROM TABLE WHERE HOLDER")["person"],
    "client": _held(
        """SELECT #client, h.key,
CASE WHEN h.profile_until < h.valid_until THEN h.profile_until ELSE h.valid_until END, h.kind
FROM TABLE WHERE HOLDER"""
    )["client"],
}
GRANT = _held("""SELECT #grant, g.key, g.valid_until, g.actions FROM TABLE CROSS JOIN grants g
WHERE HOLDER AND g.holder = h.key AND g.service = :service AND @g
AND g.enterprise = :enterprise AND g.capacity = :capacity AND ~g""")

PORTFOLIO = _held("""SELECT [s.n,] #portfolio, s.key,
CASE WHEN s.kind = 'group' AND s.member_until < s.valid_until THEN s.member_until ELSE s.valid_until END, s.kind
FROM (SELECT [q.n,] p.key, p.kind, p.valid_until, CASE WHEN p.kind <> 'all' THEN (
SELECT max(m.valid_until) FROM group_members m
WHERE m."group" = p."group" AND m.mandator = :concerned AND @m AND ~m) END AS member_until
FROM TABLE CROSS JOIN portfolios p [CROSS JOIN q]
WHERE HOLDER AND p.holder = h.key AND @p AND p.enterprise = :enterprise AND ~p) s
WHERE s.kind = 'all' OR (s.kind = 'group' AND s.member_until IS NOT NULL)
OR (s.kind = 'all_but' AND s.member_until IS NULL)""")

MANDATE = """SELECT [q.n,] #mandate, c.mandate, c.valid_until, CAST(c.mandate_version AS TEXT)
FROM [q CROSS JOIN] covers c
WHERE c.mandator = :concerned AND c.mandatary = :enterprise AND @c
AND c.mandatary_capacity = :capacity AND c."group" IN :groups AND ~c"""

DELEGATION = """SELECT [q.n,] #delegation, d.key,
CASE WHEN c.valid_until < d.valid_until THEN c.valid_until ELSE d.valid_until END, CAST(d.version AS TEXT)
FROM [q CROSS JOIN] delegations d CROSS JOIN covers c
WHERE c.key = d.mandate || '/' || d."group" AND d.mandator = :concerned AND d.receiver = :enterprise AND @d
AND d.receiver_capacity = :capacity AND d.state = 'validated' AND d."group" IN :groups
AND d.first_quarter <= :quarter AND d.last_quarter >= :quarter AND ~d AND @c AND ~c"""

ENTERPRISE = """SELECT CASE WHEN e.valid_until > :at THEN #enterprise ELSE #enterprise_ceased END,
e.key, e.valid_until, '' FROM enterprises e WHERE e.key = :enterprise AND @e AND e.valid_from <= :at"""
CAPACITY = """SELECT #capacity, k.key, k.valid_until, k.capacity
FROM enterprises e CROSS JOIN capacities_held k
WHERE k.enterprise = e.key AND e.key = :enterprise AND @e AND ~e AND @k AND ~k AND k.capacity = :capacity"""

CONCERNED = """SELECT [q.n,] CASE WHEN e.valid_until > :at THEN #concerned ELSE #concerned_ceased END,
e.key, e.valid_until, '' FROM [q CROSS JOIN] enterprises e WHERE e.key = :concerned AND @e AND e.valid_from <= :at"""
CONCERNED_CAPACITY = """SELECT [q.n,] #concerned_capacity, k.key, k.valid_until, k.capacity
FROM [q CROSS JOIN] enterprises e CROSS JOIN capacities_held k
WHERE k.enterprise = e.key AND e.key = :concerned AND @e AND ~e AND @k AND ~k"""
ACTIVATION = """SELECT [q.n,] #activation, v.key, v.valid_until, v.service FROM [q CROSS JOIN] activations v
WHERE v.key = :concerned || '/' || :service AND @v AND v.enterprise = :concerned AND ~v"""
