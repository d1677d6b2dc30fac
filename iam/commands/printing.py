"""What commands print: tables and sentences for people, JSON for programs, one clear line when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from iam.domain.audit import BrokenChain
from iam.domain.errors import Refusal
from iam.settings import UnsafeSettings
from oidc.provider.key_rotation import RotationUnderWay
from policies.pages import BookRefused

F = TypeVar("F", bound=Callable[..., Any])
console = Console(highlight=False)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")


def speaking(command: F) -> F:
    """Turn what a command is refused into a clear line on standard error and status 1."""

    @wraps(command)
    def spoken(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            raise click.ClickException(f"{refusal.detail} ({refusal.code})") from None
        except UnsafeSettings as unsafe:
            lines = "\n".join(f"  {problem}" for problem in unsafe.problems)
            raise click.ClickException(f"the service does not start with these settings:\n{lines}") from None
        except (BookRefused, BrokenChain, RotationUnderWay) as wrong:
            raise click.ClickException(str(wrong)) from None

    return spoken  # type: ignore[return-value]


def show(record: Mapping[str, object], as_json: bool) -> None:
    """Print one record: as JSON, or as lines of name and value."""
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False, indent=2, default=str))
        return
    for name, value in record.items():
        console.print(f"[bold]{name}[/bold]  {escape(str(value))}", soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for people: whole, however narrow the terminal, and as it was recorded."""
    grid = Table(title=title)
    for name in columns:
        grid.add_column(name, overflow="fold")
    for row in rows:
        grid.add_row(*(escape(str(cell)) for cell in row))
    console.print(grid)


def show_all(title: str, columns: Sequence[str], records: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Print records: as JSON with all that they hold, or the columns of each in a table."""
    if as_json:
        click.echo(json.dumps([dict(one) for one in records], ensure_ascii=False, indent=2, default=str))
        return
    table(title, columns, [["" if one[name] is None else one[name] for name in columns] for one in records])
