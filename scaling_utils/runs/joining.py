"""The rows of several tables as one: which columns stay, and what the runs are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.checks import OPTIONAL_CELLS
from scaling_utils.runs.columns import BY_NAME, listed
from scaling_utils.runs.slices import find_slices


def joined(frames: Sequence[pd.DataFrame], sources: Sequence[str]) -> pd.DataFrame:
    """Join the frames of tables that count alike.

    Parameters
    ----------
    frames
        Canonical columns, then own ones.
    sources
        What each table is called.

    Returns
    -------
    pandas.DataFrame
        The rows in the order given, with the column `dataset`. A canonical column whose cells may not be
        empty, such as `step`, is left out unless all tables have it. Where only some tables name their
        IsoFLOP budgets, those of the others are found from their FLOPs.

    Raises
    ------
    DataError
        If some tables lack tokens or flops, or two hold the same runs.
    """
    for name in ("tokens", "flops"):
        having = [name in frame for frame in frames]
        if any(having) and not all(having):
            has, lacks = (clip(sources[having.index(there)], 60) for there in (True, False))
            raise DataError(
                f"{has} has {name}, {lacks} has not", remedy="Add the column or drop it from all."
            )
    frames = [
        frame if "dataset" in frame else frame.assign(dataset=source)
        for frame, source in zip(frames, sources, strict=True)
    ]
    if _sharing(frames):
        frames = [frame.assign(run_id=frame["dataset"] + "/" + frame["run_id"]) for frame in frames]
    if pair := _sharing(frames):
        here, there = (clip(sources[i], 60) for i in pair)
        shared = set.intersection(*(set(frames[i]["run_id"]) for i in pair))
        raise DataError(
            f"{here} and {there} both hold {len(shared)} runs, such as {listed(sorted(shared)[:1])}",
            remedy="Give them different run names or dataset names.",
        )
    frames = _with_budgets(frames)
    left_out = [
        name for name in BY_NAME if name not in OPTIONAL_CELLS and not all(name in frame for frame in frames)
    ]
    return pd.concat([frame.drop(columns=left_out, errors="ignore") for frame in frames], ignore_index=True)


def _with_budgets(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Find budgets where only other tables name them: later on, an empty one says that there is none."""
    known = [frame["budget"].dropna().unique() for frame in frames if "budget" in frame]
    if not known:
        return frames
    budgets = np.unique(np.concatenate(known))
    return [
        frame if "budget" in frame else frame.assign(budget=find_slices(frame, known=budgets.tolist()))
        for frame in frames
    ]


def _sharing(frames: Sequence[pd.DataFrame]) -> tuple[int, int] | None:
    """The first two tables that have a run of the same name."""
    owner: dict[str, int] = {}
    for i, frame in enumerate(frames):
        for name in frame["run_id"].unique():
            if owner.setdefault(name, i) != i:
                return owner[name], i
    return None
