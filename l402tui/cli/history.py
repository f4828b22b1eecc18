"""What was done, how did it end, and what did it cost?"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Exchange
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import shown
from l402tui.settings import load

__all__ = ["history"]


def history(options: Options) -> Exit:
    """Print the newest entries, newest last, so that they stand above the next prompt."""
    if options.limit < 1:
        raise Trouble(Exit.USAGE, "-n must be 1 or more.")
    from l402tui.vault import SqliteVault

    with SqliteVault.open(load().home) as vault:
        rows = list(reversed(vault.exchanges(options.limit)))
    if options.json:
        for row in rows:
            print(json.dumps(_as_json(row), ensure_ascii=True))
        return Exit.OK
    if not rows:
        print("Nothing was done yet. Try: l402tui demo", file=sys.stderr)
        return Exit.OK
    for line in _table(rows):
        print(line)
    return Exit.OK


def _table(rows: Sequence[Exchange]) -> list[str]:
    cells = [("No", "When", "Outcome", "Cost", "Request"), *map(_row, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    lines = []
    for number, when, outcome, cost, what in cells:
        lead = (
            f"{number:>{widths[0]}}  {when:<{widths[1]}}  {outcome:<{widths[2]}}  "
            f"{cost:>{widths[3]}}  "
        )
        room = max(20, columns - len(lead))
        lines.append(lead + (what if len(what) <= room else f"{what[: room - 1]}…"))
    return lines


def _row(row: Exchange) -> tuple[str, str, str, str, str]:
    when = datetime.fromtimestamp(row.at).astimezone()
    outcome = row.outcome.value if row.outcome is not None else "stopped"
    request = shown(f"{row.request.method} {row.request.url}", 300).text
    cost = format_msat(row.cost) if row.cost else "-"
    return str(row.number), f"{when:%Y-%m-%d %H:%M:%S}", outcome, cost, request


def _as_json(row: Exchange) -> dict[str, object]:
    return {
        "number": row.number,
        "at": row.at,
        "method": row.request.method,
        "url": str(row.request.url),
        "outcome": row.outcome.value if row.outcome is not None else None,
        "money": row.money.name.lower() if row.money is not None else None,
        "what": row.what.text,
        "status": row.status,
        "cost_msat": row.cost,
        "payment_hash": row.payment_hash.hex() if row.payment_hash else None,
    }
