"""What do these bytes say? Each module turns one kind of decoded thing into the tree.

:func:`dissect` takes anything and finds out what it is; :func:`dissect_pair` takes two things and
says whether they belong together. A module is loaded when its function is first asked for, so that
looking at one invoice does not load what reads all the other things.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from l402tui.protocol.dissect.anything import dissect
    from l402tui.protocol.dissect.challenge import dissect_challenge
    from l402tui.protocol.dissect.credential import dissect_credential, dissect_credential_header
    from l402tui.protocol.dissect.dialect import dissect_dialect
    from l402tui.protocol.dissect.invoice import dissect_invoice
    from l402tui.protocol.dissect.macaroon import dissect_macaroon
    from l402tui.protocol.dissect.message import dissect_message
    from l402tui.protocol.dissect.pair import dissect_pair
    from l402tui.protocol.dissect.token import dissect_token

__all__ = [
    "dissect",
    "dissect_challenge",
    "dissect_credential",
    "dissect_credential_header",
    "dissect_dialect",
    "dissect_invoice",
    "dissect_macaroon",
    "dissect_message",
    "dissect_pair",
    "dissect_token",
]

_MODULES: Final = {
    "dissect": "anything",
    "dissect_challenge": "challenge",
    "dissect_credential": "credential",
    "dissect_credential_header": "credential",
    "dissect_dialect": "dialect",
    "dissect_invoice": "invoice",
    "dissect_macaroon": "macaroon",
    "dissect_message": "message",
    "dissect_pair": "pair",
    "dissect_token": "token",
}


def __getattr__(name: str) -> Any:  # PEP 562; the types are those of the imports above
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
