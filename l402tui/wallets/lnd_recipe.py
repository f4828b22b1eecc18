"""How does a person make the macaroon that is just enough?

The command, what each part of it is for, and what no macaroon of lnd can limit.
"""

from __future__ import annotations

from typing import Final

from l402tui.wallets.lnd_rights import CALLS, LIST_PAYMENTS

__all__ = ["RECIPE", "ROOT_KEY_ID"]

FILE: Final = "l402tui.macaroon"
ROOT_KEY_ID: Final = 402
"""A root key of its own, so that it can be deleted without ending the node's other macaroons."""
_DAYS: Final = 90
LISTING_FILE: Final = "l402tui-list.macaroon"
_HOURS: Final = 1

_UMASK: Final = "umask 077"
_COMMAND: Final = " \\\n      ".join(
    (
        f"lncli bakemacaroon --root_key_id {ROOT_KEY_ID} --timeout {_DAYS * 86_400}",
        f"--ip_address 127.0.0.1 --save_to {FILE}",
        *(f"uri:{call}" for call in CALLS),
    )
)

_LISTING: Final = " \\\n      ".join(
    (
        f"lncli bakemacaroon --root_key_id {ROOT_KEY_ID} --timeout {_HOURS * 3_600}",
        f"--ip_address 127.0.0.1 --save_to {LISTING_FILE}",
        # All but the first: who looks back need not pay.
        *(f"uri:{call}" for call in (*CALLS[1:], LIST_PAYMENTS)),
    )
)

RECIPE: Final = f"""\
A macaroon that can pay, follow payments, and tell which node it is and what it
can send. Nothing else.

Make it where lncli reaches your node:

  ({_UMASK}; {_COMMAND})

Nobody but you may read it; on the machine where l402tui runs:

  chmod 600 {FILE}

Use it:

  export LNCLI_MACAROONPATH="$PWD/{FILE}"

End it, and nothing else, at any time:

  lncli deletemacaroonid {ROOT_KEY_ID}

--timeout is in seconds: after {_DAYS} days the node takes it no more.
--ip_address is where the calls come from: 127.0.0.1 where l402tui runs beside
the node. From another machine write that one's address, or leave it out. It
counts over gRPC only: over REST the node sees its own REST server as the
caller, whoever called that.
Each uri: names one call. Instead of them, "offchain:write" would also let its
holder delete the node's records of payments, which are what keeps a payment
from being made twice.

What it cannot do is to limit how much is paid, and to whom: l402tui's limits
hold in l402tui only. For a limit that the node keeps, run litd, make an account
with `litcli accounts create`, and use the macaroon that comes with it.

Only after restoring a backup of the vault: a second macaroon, good for an hour,
that cannot pay but can list what the node has paid. Whoever has it sees every
payment of the node, preimages included.

  ({_UMASK}; {_LISTING})

  LNCLI_MACAROONPATH="$PWD/{LISTING_FILE}" l402tui payments reconcile
"""
