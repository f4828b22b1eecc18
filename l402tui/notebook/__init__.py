"""How does a person use it in Jupyter?

::

    from l402tui import notebook

    lab = await notebook.practice()              # an L402 server and a node, in this kernel
    flow = await notebook.explore(lab.url)       # looks, decodes, checks; pays nothing
    flow                                         # shows steps, tree and the invoice's QR code
    paid = await flow.pay("practice", at_most="20 sat")
    notebook.attenuate(token, expires_in=3600)   # a child, and what a server makes of it

Results show themselves through ``_repr_mimebundle_``: as HTML without scripts and as plain text,
with everything from outside escaped and every secret masked, since a notebook file keeps its
output.
"""

from __future__ import annotations

from l402tui.notebook.explore import Flow, FlowError, explore
from l402tui.notebook.lab import Lab, practice
from l402tui.notebook.narrowing import Narrowed, NarrowingError, attenuate

__all__ = [
    "Flow",
    "FlowError",
    "Lab",
    "Narrowed",
    "NarrowingError",
    "attenuate",
    "explore",
    "practice",
]
