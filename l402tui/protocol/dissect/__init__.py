"""What do these bytes say? Each module turns one kind of decoded thing into the tree.

:func:`dissect` takes anything and finds out what it is.
"""

from l402tui.protocol.dissect.anything import dissect
from l402tui.protocol.dissect.challenge import dissect_challenge
from l402tui.protocol.dissect.credential import dissect_credential
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.message import dissect_message

__all__ = [
    "dissect",
    "dissect_challenge",
    "dissect_credential",
    "dissect_invoice",
    "dissect_macaroon",
    "dissect_message",
]
