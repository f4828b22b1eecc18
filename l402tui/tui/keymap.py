"""Which key does what?

One table. It makes the bindings, the key bar at the bottom, the help (``?``), the commands of the
palette and the table in the README (:func:`markdown`). Only keys that every terminal sends as
themselves are used: letters, digits, ``enter esc tab space / : ? \\``, F1 to F10, ``ctrl+p``,
``ctrl+q`` and ``ctrl+c``. Others arrive as something else (``ctrl+m`` is Enter) or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from textual.binding import Binding

__all__ = ["KEYS", "Key", "Where", "bindings", "keys_of", "markdown"]


class Where(Enum):
    """Where a key works."""

    EVERYWHERE = "Everywhere"
    WELCOME = "Welcome"
    FLOW = "Flow"
    INSPECT = "Inspect"
    PAYMENTS = "Payments"
    DELEGATE = "Delegate"
    HEX = "Bytes"
    APPROVAL = "Payment question"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a person can do, and the keys for it."""

    where: Where
    keys: tuple[str, ...]
    """Textual's names, the first is the one that is shown."""
    action: str
    """What is carried out: ``do_<action>`` of the screen or the app."""
    label: str
    """One or two words for the key bar and the palette."""
    help: str
    """One sentence for the help."""
    bar: int = 0
    """Place in the key bar, lowest first; 0: not in the bar."""
    bound: bool = True
    """False where the widget that has the focus handles the key itself."""
    always: bool = False
    """It works also while a question is open or text is typed."""

    @property
    def face(self) -> str:
        """The first key as a person knows it."""
        return _face(self.keys[0])

    @property
    def faces(self) -> str:
        """All of its keys."""
        return " ".join(map(_face, self.keys))


_NAMES: Final = {
    "question_mark": "?",
    "backslash": "\\",
    "slash": "/",
    "colon": ":",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "ctrl+p": "^P",
    "ctrl+q": "^Q",
    "ctrl+c": "^C",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}

_E, _W, _F, _I, _P, _D, _H, _A = Where

KEYS: Final[tuple[Key, ...]] = (
    # The flow, in the order in which a person meets it.
    Key(_F, ("u",), "address", "address", "Edit the address. Enter sends, Esc leaves.", 7),
    Key(_F, ("s",), "send", "send", "Send the request.", 1),
    Key(_F, ("n", "space"), "next", "next step", "Take the next step (step mode).", 2),
    Key(_F, ("a",), "automatic", "automatic", "Switch between step mode and automatic mode.", 8),
    Key(_F, ("p",), "pay", "pay", "Open the payment question again. It asks before it pays.", 3),
    Key(_F, ("i",), "invoice", "invoice QR", "Show the checked invoice as a QR code.", 4),
    Key(_F, ("v",), "preimage", "preimage", "Enter the preimage that another wallet gave you.", 5),
    Key(_F, ("r",), "again", "run again", "Run it again, or follow its payment. Asks first.", 6),
    Key(_F, ("g",), "give_up", "give up", "Give up its payment that has no end. Asks first.", 13),
    Key(_F, ("x",), "hex", "bytes", "Show or hide the bytes (in a narrow terminal).", 9),
    Key(_F, ("w",), "wire", "wire log", "Show or hide the log of what happened.", 10),
    Key(_F, ("m",), "secrets", "mask", "Show or mask preimages and credentials.", 0),
    Key(_F, ("backslash",), "maximise", "maximise", "Let the pane with the focus fill the screen."),
    Key(_F, ("y",), "copy", "copy", "Copy the selected field, its bytes or a curl command.", 11),
    Key(_F, ("d",), "mistakes", "mistakes", "Choose a mistake of the practice server.", 12),
    Key(_F, ("h",), "attenuate", "hand over", "Make a narrower token of what was paid for.", 14),
    # Taking something apart.
    Key(_I, ("p",), "paste", "paste", "Empty the box, and type into it. Pasting works without.", 1),
    Key(_I, ("c",), "compare", "compare", "Put another beside it: do they belong together?", 2),
    Key(_I, ("e",), "examples", "examples", "Take one of the program's own samples.", 3),
    Key(_I, ("x",), "hex", "bytes", "Show or hide the bytes (in a narrow terminal).", 4),
    Key(_I, ("m",), "secrets", "mask", "Show or mask preimages and credentials.", 5),
    Key(_I, ("y",), "copy", "copy", "Copy the selected field or its bytes.", 6),
    Key(_I, ("backslash",), "maximise", "maximise", "Let the pane with the focus fill the screen."),
    # Payments and what can still be done about them. The words are those of the command line.
    Key(_P, ("r",), "resume", "resume", "Follow it to its end, or send it again. Asks first.", 1),
    Key(_P, ("v",), "settle", "settle", "Bring the preimage that your wallet shows: the proof.", 2),
    Key(_P, ("g",), "give_up", "give up", "Free the money of one without an end. Asks first.", 3),
    Key(_P, ("e",), "every", "every one", "List every payment, or only the unfinished ones.", 4),
    Key(_P, ("a", "h"), "attenuate", "attenuate", "Make a narrower token of what it bought.", 6),
    Key(_P, ("y",), "copy", "copy", "Copy the payment hash, the invoice or the address.", 5),
    Key(_P, ("backslash",), "maximise", "maximise", "Let the pane with the focus fill the screen."),
    # The workbench: what to give away, and what it will be good for.
    Key(_D, ("c",), "add", "add caveat", "Go to the row of caveats; Enter asks for the value.", 1),
    Key(_D, ("u",), "undo", "take back", "Take back the caveat that was added last.", 4),
    Key(_D, ("f",), "verifier", "verifier", "Choose whose server is to understand it.", 5),
    Key(_D, ("w",), "question", "would it pass?", "Choose the request that it is held against.", 6),
    Key(_D, ("h",), "hand", "hand over", "Hand the child over. Says first what travels along.", 2),
    Key(
        _D,
        ("t",),
        "rehearse",
        "rehearse",
        "Send one request as the child. Asks first, never pays.",
        3,
    ),
    Key(_D, ("o",), "tokens", "parent", "Go to the tree of tokens, or back to the workbench.", 7),
    Key(
        _D,
        ("slash",),
        "search",
        "search",
        "Look for a token: names, reasons, addresses, caveats.",
        8,
    ),
    Key(_D, ("p",), "paste", "paste", "Empty the box, and type into it. Pasting works without.", 9),
    Key(_D, ("m",), "secrets", "mask", "Show the child's token whole, or shortened."),
    Key(_D, ("backslash",), "maximise", "maximise", "Let the pane with the focus fill the screen."),
    # Walking through the bytes. The hex view handles these itself.
    Key(_H, ("left", "right"), "walk", "byte", "Go to the byte before or after.", bound=False),
    Key(_H, ("up", "down"), "walk_rows", "row", "Go to the row before or after.", bound=False),
    # The welcome.
    Key(_W, ("d",), "demo", "demo", "Watch the whole flow on the practice server.", 1),
    Key(_W, ("u",), "address", "address", "Open an address of your own.", 2),
    # The question.
    Key(_A, ("y",), "yes", "pay", "Pay. Deaf for the first moment, and to pasted text.", 1),
    Key(_A, ("n",), "no", "cancel", "Do not pay.", 2),
    # Everywhere.
    Key(_E, ("1",), "flow", "flow", "Go to the flow: request, 402, pay, retry."),
    Key(_E, ("2",), "inspect", "inspect", "Go to Inspect: paste anything and take it apart."),
    Key(_E, ("3",), "payments", "payments", "Go to Payments: how they stand, what can be done."),
    Key(_E, ("4",), "delegate", "delegate", "Go to Delegate: narrow a token, hand it over."),
    Key(_E, ("question_mark", "f1"), "help", "help", "Show this help.", 20),
    Key(_E, ("ctrl+p", "colon"), "palette", "commands", "Find any command by name.", 21),
    Key(_E, ("tab",), "pane", "next pane", "Go to the next pane.", bound=False),
    Key(_E, ("shift+tab",), "pane_back", "pane before", "Go to the pane before.", bound=False),
    Key(
        _E,
        ("escape", "q"),
        "back",
        "back",
        "Go back; from the first screen, leave. Asks first while a flow is under way.",
        22,
    ),
    Key(
        _E,
        ("ctrl+q",),
        "leave",
        "quit",
        "Leave the program; asks first while a flow is under way.",
        always=True,
    ),
    Key(
        _E,
        ("ctrl+c",),
        "interrupt",
        "copy or quit",
        "Copy the selected text; where none is selected, leave, as with quit.",
        always=True,
    ),
)


def keys_of(*places: Where) -> Iterator[Key]:
    """The keys of these places, in the table's order."""
    return (key for key in KEYS if key.where in places)


def bindings(*places: Where) -> list[Binding]:
    """Textual's bindings for these places. All lead to one action, ``do``, with the name."""
    return [
        Binding(
            ",".join(key.keys),
            f"app.do('{key.action}')",
            key.label,
            id=f"{key.where.name.lower()}.{key.action}",
            show=False,
            priority=key.always,
        )
        for key in keys_of(*places)
        if key.bound
    ]


def markdown() -> str:
    """The table as Markdown, for the README."""
    lines = ["| Where | Key | What it does |", "|---|---|---|"]
    for place in (_F, _I, _P, _D, _H, _W, _A, _E):
        for key in keys_of(place):
            faces = " ".join(f"`{_face(name)}`" for name in key.keys)
            lines.append(f"| {place.value} | {faces} | {key.help} |")
    return "\n".join(lines) + "\n"


def _face(name: str) -> str:
    return _NAMES.get(name) or (name.upper() if name[0] == "f" and len(name) > 1 else name)
