"""Does a flow lose money or a preimage, wherever it is cut off?

Every await and every write of a flow is a named point, and at each of them everything happens that
can happen there: an exception, an I/O error, a full disk, silence, cancellation, ``kill -9``. Then
the same request is run again on the same vault, against the same node, and what is true is read
off the node. The names are found by watching scenarios run, so a new await or write has a point as
soon as a scenario comes past it.

``python -m tests.faults table`` prints the points, ``try`` tries what is in the table, and
``kill --runs 2000`` kills that many processes.
"""
