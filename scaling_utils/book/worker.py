"""Runs notebooks, each in a fork of itself: `python -m scaling_utils.book.worker MODULE...`.

The modules are imported once, before the first fork. Jobs come as lines of JSON on standard input, one
at a time; for each the exit code of its process is answered on standard output when it has ended. What
became of the notebook is in a file, since kernels write to standard output and standard error.

While a job runs, nothing comes on standard input: if it closes, the builder is gone, and the process of the
job ends (the kernel watches that process in turn).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from scaling_utils.book.cells import as_text
from scaling_utils.book.child import leave_with_the_builder
from scaling_utils.book.environment import KERNEL
from scaling_utils.book.files import is_disk_full
from scaling_utils.book.kernel import KernelInWaiting, manager_of
from scaling_utils.files import write_whole

ADDED = frozenset({"injected-parameters", "papermill-error-cell-tag"})
"""Tags of the cells that papermill adds; they are not counted."""

FORKS_SAFELY = sys.platform == "linux"
"""Elsewhere the libraries of the system may break in a fork, so the kernel is started anew."""

LAST_OUTPUT = 300
"""Seconds that the last output of a cell may take once it has run; on a busy machine four, papermill's
default, are too few."""


def main() -> None:
    """Import, then read jobs and run each in a fork."""
    import_quietly(sys.argv[1:])
    gc.freeze()  # so that collecting garbage in a fork does not copy every page of memory
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if not pid:
            _serve(json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def import_quietly(names: list[str]) -> None:
    """Import modules on behalf of notebooks that will.

    Raises
    ------
    ImportWarning
        If one writes anything: a page must not show it, and it must not be lost either.
    """
    if any(name.partition(".")[0] == "scaling_utils" for name in names):
        # matplotlib reads it once, at its import; a kernel would have set it by then
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in names:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            importlib.import_module(name)
        if said.getvalue():
            raise ImportWarning(f"on importing {name}: {said.getvalue()}")


def _serve(job: dict[str, Any]) -> None:
    """Run one job in this process, and end."""
    code = 1
    try:
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        kernel = KernelInWaiting() if FORKS_SAFELY else None
        leave_with_the_builder()
        write_whole(Path(job["result"]), json.dumps({"failure": run(job, kernel)}))
        code = 0
    except BaseException:  # noqa: BLE001 above this frame is the loop of the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run(job: dict[str, Any], kernel: KernelInWaiting | None = None) -> dict[str, Any] | None:
    """Execute one notebook.

    Parameters
    ----------
    job
        `source`, `output`, `parameters`, `folder` (the working directory).
    kernel
        What to run it in first; None starts a kernel.

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
                executed = _execute(job, kernel if attempt == 1 else None)
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
    """The error that stopped the notebook, else the first cell that wrote to standard error, or nothing.

    Warnings count: a reader must not meet one on a page, and hiding it would hide its cause.
    """
    outputs = [
        (output, {"cell": number, "count": cell.get("execution_count")})
        for number, cell in _numbered(notebook)
        for output in cell.get("outputs", [])
    ]
    for output, place in outputs:
        if output["output_type"] == "error":
            return {"error": output["ename"], "message": output["evalue"], **place}
    for output, place in outputs:
        if output["output_type"] == "stream" and output["name"] == "stderr":
            return {"error": "output on stderr", "message": as_text(output["text"]).strip(), **place}
    return None


def _execute(job: dict[str, Any], kernel: KernelInWaiting | None) -> Any:
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
        iopub_timeout=LAST_OUTPUT,
        # Silences the warning about TCP without encryption.
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        **({"kernel_manager_class": manager_of(kernel)} if kernel else {}),
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
