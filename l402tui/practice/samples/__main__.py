"""``python -m l402tui.practice.samples FOLDER`` writes the samples there."""

import sys
from pathlib import Path

from l402tui.practice.samples import write

write(Path(sys.argv[1]))
