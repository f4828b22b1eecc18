"""How is l402tui used from a command line?

One module a command. What is data goes to stdout, words go to stderr, and how it ended is the exit
code (:mod:`~l402tui.cli.exits`). A module imports what its command needs when the command runs, so
that ``--version`` and ``inspect`` start at once.
"""
