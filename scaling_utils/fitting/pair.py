"""Two model sizes trained with the same compute, and the gap between their losses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError, clip
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable

SIDES = ("larger", "smaller")
SHORT = 0.99
"""A run that ends within one percent of the budget counts as having reached it."""

LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True, eq=False)
class Pair:
    """Training curves of a larger and a smaller model up to one budget.

    Parameters
    ----------
    flops
        The budget (FLOPs).
    curves
        One row per point up to the budget: `side`, `run_id`, `params`, `tokens`, `flops`, `loss`. The last
        point of a run lies at the budget.
    params, tokens
        Size and tokens at the budget by side.
    losses
        Losses at the budget by side, one per run.
    gap
        Loss of the larger less that of the smaller, with its interval.
    spread
        Standard deviation of the loss between seeds that the interval rests on.
    spread_from
        ``"seeds"`` where each side has two runs or more, else ``"assumed"``.
    loss_unit
        Unit of the losses.
    """

    flops: float
    curves: pd.DataFrame
    params: dict[str, float]
    tokens: dict[str, float]
    losses: dict[str, FloatArray]
    gap: Estimate
    spread: float
    spread_from: str
    loss_unit: str

    def final(self, side: str) -> float:
        """Mean loss of a side at the budget."""
        return float(self.losses[side].mean())

    def points(self, side: str) -> int:
        """Measured points of a side up to the budget, the point at the budget itself not counted."""
        rows = self.curves[self.curves["side"] == side]
        return len(rows) - rows["run_id"].nunique()

    def table(self) -> pd.DataFrame:
        """One row per side, for reading."""
        return pd.DataFrame(
            {
                "params": [self.params[side] for side in SIDES],
                "tokens": [self.tokens[side] for side in SIDES],
                "tokens per param": [self.tokens[side] / self.params[side] for side in SIDES],
                "runs": [len(self.losses[side]) for side in SIDES],
                "points up to the budget": [self.points(side) for side in SIDES],
                f"loss at the budget ({self.loss_unit})": [self.final(side) for side in SIDES],
            },
            index=pd.Index(SIDES, name="model"),
        )


def compare_pair(
    runs: RunTable, *, larger: str = "", smaller: str = "", flops: float = 0.0, seed_spread: float
) -> Pair:
    """Read two models' losses off at one budget.

    Parameters
    ----------
    runs
        Training curves with `tokens`, `flops` and `loss`.
    larger, smaller
        What the names of the runs of each model begin with; several runs of a model are its seeds. Empty:
        the runs of the largest, or of the smallest, size.
    flops
        Budget (FLOPs); 0 for the largest one that all of these runs reach.
    seed_spread
        Standard deviation of the loss between seeds, for the interval where a model has one run only.

    Returns
    -------
    Pair
        The interval of the gap is Welch's where each model has two runs or more.

    Raises
    ------
    DataError
        If a model has no run of two points, a model's runs differ in size, the larger is not the larger,
        or a run does not reach the budget.

    Examples
    --------
    >>> frame = pd.DataFrame({"run": ["a", "a", "b", "b"], "N": [2e9, 2e9, 1e9, 1e9],
    ...                       "D": [1e10, 2e10, 2e10, 4e10], "loss": [3.0, 2.8, 2.9, 2.7]})
    >>> pair = compare_pair(RunTable.from_frame(frame, source="example"), seed_spread=0.02)
    >>> print(pair.gap)
    0.1 [0.0446, 0.155] nats/token
    """
    frame = runs.frame
    if missing := [name for name in ("tokens", "flops") if name not in frame]:
        raise DataError(f"training curves need {' and '.join(missing)}", file=runs.source)
    chosen = {
        "larger": _runs_of(runs, larger, frame["params"].max()),
        "smaller": _runs_of(runs, smaller, frame["params"].min()),
    }
    params = {side: float(rows["params"].iloc[0]) for side, rows in chosen.items()}
    if not params["larger"] > params["smaller"]:
        raise DataError(
            f"the larger model has {params['larger']:.3g} params, the smaller {params['smaller']:.3g}",
            file=runs.source,
            remedy="Exchange them, or name runs of different sizes.",
        )
    reached = min(rows.groupby("run_id")["flops"].max().min() for rows in chosen.values())
    budget = float(flops or reached)
    if reached < SHORT * budget:
        raise DataError(
            f"a run ends at {reached:.3g} FLOPs, before the budget of {budget:.3g}",
            file=runs.source,
            remedy="Choose a smaller budget, or 0 for the largest that all runs reach.",
        )
    parts, tokens, losses = [], {}, {}
    for side, rows in chosen.items():
        cut = [_up_to(run, budget) for _, run in rows.groupby("run_id", sort=False)]
        parts.append(pd.concat(cut).assign(side=side))
        losses[side] = np.array([run["loss"].iloc[-1] for run in cut])
        tokens[side] = float(np.mean([run["tokens"].iloc[-1] for run in cut]))
    gap, spread, told = _gap(losses["larger"], losses["smaller"], seed_spread, runs.conventions.loss_unit)
    return Pair(
        flops=budget,
        curves=pd.concat(parts, ignore_index=True),
        params=params,
        tokens=tokens,
        losses=losses,
        gap=gap,
        spread=spread,
        spread_from=told,
        loss_unit=runs.conventions.loss_unit,
    )


def seeds_needed(gap: float, spread: float) -> float:
    """Runs of each of two models that show a gap at the 5 % level four times out of five.

    Parameters
    ----------
    gap
        The true gap; its sign does not matter.
    spread
        Standard deviation of the loss between seeds, in the unit of the gap.

    Returns
    -------
    float
        A whole number; infinite for no gap.

    Examples
    --------
    >>> seeds_needed(0.0151, 0.02)
    28.0
    """
    from scipy.special import ndtri

    if gap == 0:
        return math.inf
    return float(math.ceil(2 * (ndtri((1 + LEVEL) / 2) + ndtri(POWER)) ** 2 * (spread / gap) ** 2))


def _runs_of(runs: RunTable, beginning: str, size: float) -> pd.DataFrame:
    frame = runs.frame
    mine = frame["run_id"].str.startswith(beginning) if beginning else frame["params"] == size
    rows = frame[mine & (frame.groupby("run_id")["flops"].transform("nunique") >= 2)]
    named = f"whose name begins with '{clip(beginning, 60)}'" if beginning else f"of {size:.3g} params"
    if rows.empty:
        raise DataError(f"no run {named} has two points, so there is no training curve", file=runs.source)
    if rows["params"].min() < rows["params"].max():
        raise DataError(f"the runs {named} differ in size", file=runs.source, remedy="Name one model.")
    return rows[["run_id", "params", "tokens", "flops", "loss"]].sort_values("flops", kind="stable")


def _up_to(run: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The points of a run below the budget, and one at it: ln loss and ln tokens linear in ln C."""
    log_c = np.log(run["flops"].to_numpy())
    at_budget = {
        name: math.exp(float(np.interp(math.log(budget), log_c, np.log(run[name].to_numpy()))))
        for name in ("tokens", "loss")
    }
    last = run.iloc[-1:].assign(flops=budget, **at_budget)
    return pd.concat([run[run["flops"] < budget], last])


def _gap(
    larger: FloatArray, smaller: FloatArray, seed_spread: float, unit: str
) -> tuple[Estimate, float, str]:
    gap = float(larger.mean() - smaller.mean())
    counts = np.array([len(larger), len(smaller)])
    if counts.min() < 2:
        from scipy.special import ndtri

        half = float(ndtri((1 + LEVEL) / 2)) * seed_spread * math.sqrt((1 / counts).sum())
        return Estimate(gap, gap - half, gap + half, unit), seed_spread, "assumed"
    from scipy.stats import ttest_ind

    low, high = ttest_ind(larger, smaller, equal_var=False).confidence_interval(LEVEL)
    variances = [float(side.var(ddof=1)) for side in (larger, smaller)]
    return Estimate(gap, float(low), float(high), unit), math.sqrt(sum(variances) / 2), "seeds"
