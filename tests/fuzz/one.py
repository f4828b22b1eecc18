"""The process in which one target is fuzzed: ``python -m tests.fuzz.one NAME CORPUS OPTIONS…``.

Everything of ours is loaded through atheris, which notes which branches an input takes. The seeds
are put into the corpus, so that the fuzzer begins with them.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import atheris


def main() -> None:
    """Fuzz until the options say stop. Ends the process."""
    name, corpus = sys.argv[1], Path(sys.argv[2])
    with atheris.instrument_imports(include=["l402tui"], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    for seed in target.seeds():
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
