"""What a rerun was made from, as `rerun.json` says it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scaling_utils.files import write_whole
from scaling_utils.report.folder import MANIFEST
from scaling_utils.report.runs import Given

SCHEMA = "scaling-laws-book/rerun"
VERSION = 1


def entry(
    notebook: str, *, serves: bool, why: str, parameters: Mapping[str, object], failure: str | None
) -> dict[str, Any]:
    """One notebook of a rerun.

    Parameters
    ----------
    notebook
        Its name.
    serves, why
        The verdict on the runs (see `fitness`), and why. A notebook that was asked for by name is run
        whatever the verdict.
    parameters
        What it was given.
    failure
        What went wrong in it.
    """
    state = "failed" if failure is not None else "served" if serves else "not served"
    why = why if failure is None else failure
    return {"notebook": notebook, "state": state, "why": why, "parameters": dict(parameters)}


def write_manifest(folder: Path, given: Given, entries: Iterable[Mapping[str, Any]]) -> None:
    """Write `rerun.json` into the folder of a rerun."""
    runs = given.runs
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "source": runs.source,
        "sha256": runs.sha256,
        "conventions": runs.conventions.as_dict(),
        "converted_from": given.converted_from,
        "columns": dict(runs.spelling),
        "units": dict(given.units),
        "excluded": list(given.excluded),
        "notebooks": list(entries),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(folder / MANIFEST, f"{text}\n")
