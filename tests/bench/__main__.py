"""`python -m tests.bench`: measures speed against the peers in one run, and prints tables and JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from tests.bench import pauses, printing, signals_printing
from tests.bench.options import read
from tests.bench.run import run
from tests.bench.stands import WrongAnswers

WIDTH = 130
"""Characters of a line where the output goes to a file."""


def main(words: list[str]) -> int:
    """Run the bench; the status is 1 when something answered what it should not, whatever the figures are."""
    options, file = read(words)
    console, began = Console(log_path=False), time.monotonic()
    if not console.is_terminal:
        console.width = WIDTH
    place = nullcontext(options.data) if options.data else tempfile.TemporaryDirectory(prefix="procura-bench-")
    with place as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            outcome = run(options, Path(folder), console.log)
        except WrongAnswers as wrong:
            console.print(f"[red]{wrong}[/red]")
            return 1
    verdicts = outcome.verdicts(options)
    spent = time.monotonic() - began
    printing.show(console, outcome.series.spent, outcome.absent, verdicts)
    if outcome.pauses:
        console.print(pauses.table(outcome.pauses))
    if outcome.waits:
        console.print(signals_printing.table(outcome.waits))
    console.print(f"{spent:.0f} seconds")
    if file is not None:
        told = printing.as_json(outcome.series.spent, outcome.absent, verdicts, spent)
        told["cleaning"] = pauses.as_json(outcome.pauses)
        told["signals"] = signals_printing.as_json(outcome.waits)
        file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
