"""What was done, how did it end, and what did it cost?

The costs sum up to what was spent: each payment is in the row of the run that made it, also where
that run was stopped. What may have been spent has a question mark.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Exchange, Money, Outcome
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import masked_url, shown_url
from l402tui.protocol.text import say, shown
from l402tui.settings import load

__all__ = ["history"]

_Cells = tuple[str, str, str, str, str]
_HEAD: _Cells = ("No", "When", "Outcome", "Cost", "Request")
_LEAST = 30
"""Characters of a request that stand in its row; with less room it gets a line of its own."""
_UNCERTAIN = (None, Outcome.UNSETTLED)
_PAID = {Money.SPENT: "paid", Money.EARLIER: "paid earlier", Money.NONE: "paid later"}
"""By this run, before it, or by the one that followed it."""


def history(options: Options) -> Exit:
    """Print the newest entries, newest last, so that they stand above the next prompt."""
    if options.limit < 1:
        raise Trouble(Exit.USAGE, "-n must be 1 or more.")
    from l402tui.vault import SqliteVault

    settings = load()
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
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


def _table(rows: Sequence[Exchange]) -> Iterator[str]:
    cells = [_HEAD, *map(_row, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    wide = columns - sum(widths) - 8 >= _LEAST
    for number, when, outcome, cost, what in cells:
        first = f"{number:>{widths[0]}}  "
        rest = f"{outcome:<{widths[2]}}  {cost:>{widths[3]}}"
        if wide:
            yield _shortened(f"{first}{when:<{widths[1]}}  {rest}  {what}", columns)
        else:
            yield f"{first}{rest}"
            yield _shortened(f"{' ' * len(first)}{when}  {what}", columns)


def _shortened(line: str, columns: int) -> str:
    return line if len(line) <= columns else f"{line[: columns - 1]}…"


def _row(row: Exchange) -> _Cells:
    when = datetime.fromtimestamp(row.at).astimezone()
    request = say("{} {}", shown(row.request.method), shown_url(row.request.url, 300)).text
    cost = format_msat(row.cost) if row.cost else "-"
    if row.at_stake:
        cost = f"{format_msat(row.at_stake)} ?"
    return str(row.number), f"{when:%Y-%m-%d %H:%M:%S}", _outcome(row), cost, request


def _outcome(row: Exchange) -> str:
    """How it ended; where the run did not see that, also how its payment stands now."""
    outcome = row.outcome.value if row.outcome is not None else "stopped"
    if row.outcome not in _UNCERTAIN or row.payment is None:
        return outcome
    if row.payment.proven:
        return f"{outcome}, {_PAID.get(row.money or Money.NONE, 'paid')}"
    if not row.payment.holds_money:
        return f"{outcome}, not paid"
    return f"{outcome}, {row.payment.value}"


def _as_json(row: Exchange) -> dict[str, object]:
    return {
        "number": row.number,
        "at": row.at,
        "method": row.request.method,
        "url": masked_url(str(row.request.url)),
        "outcome": row.outcome.value if row.outcome is not None else None,
        "money": row.money.name.lower() if row.money is not None else None,
        "what": row.what.text,
        "status": row.status,
        "cost_msat": row.cost,
        "at_stake_msat": row.at_stake,
        "payment_hash": row.payment_hash.hex() if row.payment_hash else None,
        "payment_state": row.payment.value if row.payment is not None else None,
    }
