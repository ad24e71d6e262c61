"""Numbers of a sweep in one file: `python -m scaling_utils.book.sweep RESULTS.json NOTEBOOK...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from scaling_utils.book.generated import published_results
from scaling_utils.book.scenarios import read_notebook
from scaling_utils.files import write_whole


def collect(executed: Iterable[Path]) -> str:
    """What executed notebooks published, as JSON by notebook and runs.

    Parameters
    ----------
    executed
        Paths of the form `.../<notebook>/<runs>.ipynb`.
    """
    results = {(path.parent.name, path.stem): published_results(read_notebook(path)) for path in executed}
    pages = {"/".join(page): found for page, found in sorted(results.items())}
    return json.dumps(pages, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_whole(Path(sys.argv[1]), collect(map(Path, sys.argv[2:])))
