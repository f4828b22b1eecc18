"""Does anything at all make a reader do what it must not?

Each target gives one reader whatever bytes the fuzzer makes up, and holds it to what every reader
here promises: a typed error that can be printed and points into the input, or a result that is
emitted again as it was read; a tree whose texts can be shown anywhere; little time and memory.

``python -m tests.fuzz NAME [--runs N]`` fuzzes one (``all`` for all of them), ``--list`` names
them. That needs ``atheris`` (``pip install '.[fuzz]'``), which learns from the code that each input
reaches. Where it cannot be installed the same targets run on random changes of their seeds, with
``--random`` and in the test suite.
"""
