"""Which widgets are put before the terminal, and in which scenes?

A widget of :mod:`l402tui.tui` that stands in no row fails the test, so that a new one is not
forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choose
from l402tui.tui.modals.fill import Fill
from l402tui.tui.modals.giveup import GiveUp, _Typed
from l402tui.tui.modals.handedqr import HandedQr
from l402tui.tui.modals.help import Help
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.modals.preimage import BringPreimage
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.inspect import InspectScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.card import Card
from l402tui.tui.widgets.caveats import CaveatTable
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.paymentcard import PaymentCard
from l402tui.tui.widgets.paymentlist import PaymentList
from l402tui.tui.widgets.qrcode import QrCode
from l402tui.tui.widgets.rail import Rail
from l402tui.tui.widgets.templates import TemplateRow
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.tokentree import TokenTree
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.widgets.wire import WireLog

from .flow_scenes import (
    address,
    copy,
    flow,
    hexes,
    keys,
    palette,
    rail,
    refusal,
    title,
    toast,
    tree,
    trouble,
    why,
    wire,
)
from .other_scenes import (
    approve,
    ask,
    choose,
    giving_up,
    inspect,
    invoice,
    pastebox,
    payments,
    preimage,
    still,
)
from .playing import Scene
from .token_scenes import bench, fill, handed, tokens

__all__ = ["BARE", "COVERED", "LEAST", "SCENES"]

SCENES: Final[tuple[Scene, ...]] = (
    title, address, tree, why, hexes, wire, flow, rail, keys, inspect, pastebox, approve, invoice,
    payments, giving_up, preimage, choose, ask, copy, toast, refusal, palette, trouble, still,
    bench, tokens, fill, handed,
)  # fmt: skip

COVERED: Final[dict[type, Sequence[Scene]]] = {
    TitleBar: (title,),
    AddressBar: (address,),
    ExchangeTree: (tree, inspect),
    WhyPane: (why, trouble),
    HexView: (hexes,),
    WireLog: (wire,),
    Rail: (rail, flow),
    KeyBar: (keys,),
    PasteBox: (pastebox,),
    QrCode: (invoice, handed),
    FlowScreen: (flow, title, address, toast, copy, refusal),
    InspectScreen: (inspect, pastebox),
    Welcome: (still,),
    Help: (still,),
    Approve: (approve,),
    InvoiceModal: (invoice,),
    PaymentsScreen: (payments,),
    PaymentList: (payments,),
    PaymentCard: (payments,),
    GiveUp: (giving_up,),
    _Typed: (giving_up,),
    BringPreimage: (preimage,),
    DelegateScreen: (bench, tokens),
    CaveatTable: (bench,),
    TemplateRow: (bench,),
    Card: (bench, tokens),
    TokenTree: (tokens,),
    Fill: (fill,),
    HandedQr: (handed,),
    Choose: (choose, copy),
    Ask: (ask,),
}
"""Every widget and screen of the explorer, and the scenes it is in."""

BARE: Final[tuple[Scene, ...]] = (rail, still, preimage)
"""Scenes in which nothing from outside is drawn, whatever is given: words of our own, and dots."""


LEAST: Final[dict[Scene, float]] = {
    copy: 0.05, inspect: 0.7, hexes: 0.5, toast: 0.4, refusal: 0.6, palette: 0.6, keys: 0.7,
}  # fmt: skip
"""The part of the payloads that must have been read on the screen, where it is less than nearly
all: values are cut to their line, or broken into rows of bytes."""
