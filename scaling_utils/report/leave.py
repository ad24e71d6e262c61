"""What a rerun leaves beside its pages: executed notebooks, figures, results and fits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scaling_utils.book.normalise import drop_results, scrub_outputs, strip_traces
from scaling_utils.book.pictures import kept_figures
from scaling_utils.book.project import Project
from scaling_utils.book.stage import machine_places
from scaling_utils.exchange import FILES_MIME, FIT_MIME
from scaling_utils.files import write_whole


def leave_notebook(project: Project, name: str, executed: dict[str, Any], out: Path) -> None:
    """Write an executed notebook, its figures and its fit, below `out`.

    Parameters
    ----------
    project
        Where it was executed.
    name
        Of the notebook.
    executed
        As papermill wrote it; one that failed has the cells up to the failure.
    out
        Folder of the report.
    """
    clean = scrub_outputs(strip_traces(executed), machine_places(project))
    for file, content in kept_figures(clean).items():
        write_whole(out / "figures" / name / file, content)
    fit = kept_fit(clean)
    if fit is not None:
        write_whole(out / "fits" / f"{name}.json", json.dumps(fit, ensure_ascii=False) + "\n")
    text = json.dumps(_without_files(drop_results(clean)), indent=1, sort_keys=True, ensure_ascii=False)
    write_whole(out / "notebooks" / f"{name}.ipynb", f"{text}\n")


def kept_fit(notebook: dict[str, Any]) -> dict[str, Any] | None:
    """The fit that a notebook kept, the last if there are several.

    >>> output = {"data": {FIT_MIME: {"method": "approach2"}}}
    >>> kept_fit({"cells": [{"outputs": [output]}]})
    {'method': 'approach2'}
    """
    found: Iterable[Any] = (
        output["data"][FIT_MIME]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if FIT_MIME in output.get("data", {})
    )
    return next(reversed(list(found)), None)


def _without_files(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without the copies of its figures, which lie beside it."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(FILES_MIME, None)
    return notebook
