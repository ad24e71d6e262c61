"""Parameters of notebooks that follow from a table of runs: batch, warm-up, and the sizes of a pair."""

from __future__ import annotations

import itertools
import math

import numpy as np

from scaling_utils.errors import DataError
from scaling_utils.runs.table import RunTable

WARMUP_SHARE = 0.02
"""Share of the median run's steps that counts as warm-up; Kaplan et al. 2020: 1.2 %."""

PAIR_RATIO = 2.0
"""The two sizes of a pair lie about this factor apart, as the sizes of two recipes do."""


def batch_tokens(runs: RunTable) -> float:
    """Tokens a step, as most points have it; 0 where it is not known."""
    if not {"step", "tokens"} <= set(runs.frame):
        return 0.0
    later = runs.frame[runs.frame["step"] > 0]
    return float(f"{(later['tokens'] / later['step']).median():.6g}") if len(later) else 0.0


def warmup_steps(runs: RunTable) -> float:
    """Steps of warm-up, from the length of the median run; 0 where no steps are known."""
    if "step" not in runs.frame:
        return 0.0
    return float(f"{WARMUP_SHARE * runs.frame.groupby('run_id')['step'].max().median():.1g}")


def pair_of_sizes(runs: RunTable) -> tuple[float, float]:
    """The largest size that has training curves, and the one about half as large."""
    if missing := [name for name in ("tokens", "flops") if name not in runs.frame]:
        raise DataError(f"training curves need {' and '.join(missing)}")
    points = runs.frame.groupby("run_id")["flops"].nunique()
    curves = runs.frame[runs.frame["run_id"].map(points) >= 2]
    sizes = np.sort(curves["params"].unique())
    if len(sizes) < 2:
        raise DataError(
            f"training curves of two sizes are compared, and there are curves of {len(sizes)}",
            remedy="Log the loss during training, one row per point, and name the run in 'run_id'.",
        )
    apart = np.abs(np.log(sizes[:-1]) - math.log(sizes[-1] / PAIR_RATIO))
    return float(sizes[-1]), float(sizes[int(apart.argmin())])


def common_beginning(runs: RunTable, size: float) -> str:
    """What the names of the runs of one size, and of no other run, begin with."""
    frame = runs.frame.drop_duplicates("run_id")
    sizes = list(zip(frame["run_id"].astype(str), frame["params"], strict=True))
    mine = [name for name, params in sizes if params == size]
    for beginning in (_shared_beginning(mine), *sorted(mine, key=len, reverse=True)):
        if beginning and all(params == size for name, params in sizes if name.startswith(beginning)):
            return beginning
    raise DataError(
        f"no beginning of a run name tells the runs of {size:.3g} params from the others",
        remedy="Give the runs names of which none begins with another.",
    )


def _shared_beginning(names: list[str]) -> str:
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)
