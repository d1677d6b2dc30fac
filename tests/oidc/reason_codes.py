"""The reason codes that clients can be told by the authorization server, collected from its sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    *sorted((ROOT / "oidc" / "provider").glob("*.py")),
    *(
        ROOT / "iam" / "services" / f"{name}.py"
        for name in (
            "authorization_grants",
            "authorization_requests",
            "client_proofs",
            "device_authorizations",
            "grant_families",
            "grant_redemption",
            "token_descent",
            "token_exchange",
            "token_issue",
            "tokens",
        )
    ),
)
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_RAISING = re.compile(
    r"(?:Invalid|Unauthorized|Unsupported|Insufficient|Access|Authorization|Slow|Expired|Too|Use)[A-Za-z]*|NobodyToTell"
    r"|[A-Za-z]*Refused|_?refused?|_refusal|_invalid[a-z_]*|CallerNotActive"
)


def reason_codes() -> dict[str, str]:
    """Every code with the file in which it is first found."""
    found: dict[str, str] = {}
    for source in SOURCES:
        if source.exists():
            for code in _codes(ast.parse(source.read_text(encoding="utf-8"))):
                found.setdefault(code, source.name)
    return found


def _codes(tree: ast.AST) -> Iterator[str]:
    """The first text among the first arguments of an error, where it has the form of a code."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _RAISING.fullmatch(_name(node.func)):
            continue
        for argument in node.args[:3]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                if _CODE.fullmatch(argument.value):
                    yield argument.value
                break


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
