"""Do two implementations that know nothing of each other read the same thing?

Random invoices are read by this program and by ``bolt11``, random macaroons by this program and by
``pymacaroons``: many that are right, and many that are almost right. Where the two differ, a row of
a table says which rule of ours makes the difference and where that rule comes from; what no row
explains is a failure, and the input is printed.

Run it: ``python -m tests.differential invoices`` or ``macaroons``, with a number for fewer or more
than 100,000. A small run is part of the test suite.
"""
