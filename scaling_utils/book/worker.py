"""One notebook run in a process of its own: `python -m scaling_utils.book.worker`.

The job comes as one line of JSON on standard input, which stays open: when it closes, the builder is
gone and the worker ends (the kernel watches the worker in turn). The result goes to a file, since
kernels write to standard output and standard error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from scaling_utils.book.child import leave_with_the_builder
from scaling_utils.book.environment import KERNEL
from scaling_utils.book.files import is_disk_full, write_whole

ADDED = frozenset({"injected-parameters", "papermill-error-cell-tag"})
"""Tags of the cells that papermill adds; they are not counted."""


def main() -> None:
    """Read the job, run it, write `{"failure": null}` or what went wrong."""
    job = json.loads(sys.stdin.readline())
    leave_with_the_builder()
    write_whole(Path(job["result"]), json.dumps({"failure": run(job)}))


def run(job: dict[str, Any]) -> dict[str, Any] | None:
    """Execute one notebook.

    Parameters
    ----------
    job
        `source`, `output`, `parameters`, `folder` (the working directory).

    Returns
    -------
    dict or None
        What went wrong: `error`, `message`, and if a cell is to blame `cell` (counted from 1 among all
        cells of the source) and `count` (its execution count). Nothing if all went well.
    """
    from papermill.exceptions import PapermillExecutionError

    try:
        for attempt in (1, 2):
            try:
                executed = _execute(job)
                break
            except PapermillExecutionError:
                raise
            except Exception:
                # Kernels now and then lose the race for a port; once a cell has begun it is no such case.
                if attempt == 2 or _cell_begun(Path(job["output"])):
                    raise
        return find_trouble(executed)
    except PapermillExecutionError as error:
        saved = _saved(Path(job["output"]))
        return find_trouble(saved) or {"error": error.ename, "message": error.evalue}
    except Exception as error:  # noqa: BLE001 the builder reports it
        if is_disk_full(error):
            return {"error": "disk full", "message": str(error)}
        blame = _last_begun_cell(_saved(Path(job["output"])))
        return {"error": type(error).__name__, "message": str(error), **blame}


def find_trouble(notebook: Any) -> dict[str, Any] | None:
    """The first cell that raised an error or wrote to standard error, or nothing.

    Warnings count: a reader must not meet one on a page, and hiding it would hide its cause.
    """
    for number, cell in _numbered(notebook):
        for output in cell.get("outputs", []):
            place = {"cell": number, "count": cell.get("execution_count")}
            if output["output_type"] == "error":
                return {"error": output["ename"], "message": output["evalue"], **place}
            if output["output_type"] == "stream" and output["name"] == "stderr":
                return {"error": "output on stderr", "message": output["text"].strip(), **place}
    return None


def _execute(job: dict[str, Any]) -> Any:
    import papermill
    from traitlets.config import Config

    return papermill.execute_notebook(
        job["source"],
        job["output"],
        parameters=job["parameters"],
        kernel_name=KERNEL,
        language="python",
        cwd=job["folder"],
        progress_bar=False,
        # Silences the warning about TCP without encryption.
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),
    )


def _saved(path: Path) -> Any:
    return json.loads(path.read_bytes()) if path.is_file() else {"cells": []}


def _numbered(notebook: Any) -> list[tuple[int | None, Any]]:
    numbered: list[tuple[int | None, Any]] = []
    number = 0
    for cell in notebook["cells"]:
        added = ADDED & set(cell["metadata"].get("tags", []))
        number += not added
        numbered.append((None if added else number, cell))
    return numbered


def _cell_begun(path: Path) -> bool:
    states = (cell["metadata"].get("papermill", {}).get("status") for cell in _saved(path)["cells"])
    return any(state not in (None, "pending") for state in states)


def _last_begun_cell(notebook: Any) -> dict[str, Any]:
    begun = [
        {"cell": number, "count": cell.get("execution_count")}
        for number, cell in _numbered(notebook)
        if cell["metadata"].get("papermill", {}).get("start_time")
    ]
    return begun[-1] if begun else {}


if __name__ == "__main__":
    main()
