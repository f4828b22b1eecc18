"""How does a person use it in Jupyter?

::

    from l402tui import notebook

    lab = await notebook.practice()              # an L402 server and a node, in this kernel
    flow = await notebook.explore(lab.url)       # looks, decodes, checks; pays nothing
    flow                                         # shows steps, tree and the invoice's QR code
    paid = await flow.pay("practice", at_most="20 sat")

Results show themselves through ``_repr_mimebundle_``: as HTML without scripts and as plain text,
with everything from outside escaped and every secret masked, since a notebook file keeps its
output.
"""

from __future__ import annotations

from l402tui.notebook.explore import Flow, FlowError, explore
from l402tui.notebook.lab import Lab, practice

__all__ = ["Flow", "FlowError", "Lab", "explore", "practice"]
