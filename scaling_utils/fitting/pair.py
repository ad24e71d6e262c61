"""Two model sizes trained with the same compute, and the gap between their losses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.pair_gap import SpreadFrom, gap_by_seed, gap_of_means
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable

SIDES = ("larger", "smaller")
SHORT = 0.99
"""A run that ends within one percent of the budget counts as having reached it."""


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
    seed_gaps
        The same for each seed that both sides have exactly one run of, by seed; empty without seeds.
    spread
        Standard deviation of the loss between seeds that the interval rests on; NaN if not known.
    spread_from
        ``"seeds"`` where a side has two runs or more, else ``"assumed"`` or ``"unknown"``.
    loss_unit
        Unit of the losses.
    """

    flops: float
    curves: pd.DataFrame
    params: dict[str, float]
    tokens: dict[str, float]
    losses: dict[str, FloatArray]
    gap: Estimate
    seed_gaps: FloatArray
    spread: float
    spread_from: SpreadFrom
    loss_unit: str

    @property
    def noise(self) -> float:
        """Standard deviation of the difference of two equal runs."""
        return self.spread * math.sqrt(2)

    @property
    def lower(self) -> str:
        """The side that ends lower beyond the interval of the gap; empty where that is open."""
        return "larger" if self.gap.high < 0 else "smaller" if self.gap.low > 0 else ""

    def final(self, side: str) -> float:
        """Mean loss of a side at the budget."""
        return float(self.losses[side].mean())

    def points(self, side: str) -> int:
        """Measured points of a side up to the budget, the point at the budget itself not counted."""
        rows = self.curves[self.curves["side"] == side]
        return len(rows) - rows["run_id"].nunique()

    def table(self) -> pd.DataFrame:
        """One row per side, for reading."""
        spreads = [
            self.losses[side].std(ddof=1) if len(self.losses[side]) > 1 else math.nan for side in SIDES
        ]
        return pd.DataFrame(
            {
                "params": [self.params[side] for side in SIDES],
                "tokens": [self.tokens[side] for side in SIDES],
                "tokens per param": [self.tokens[side] / self.params[side] for side in SIDES],
                "runs": [len(self.losses[side]) for side in SIDES],
                "points up to the budget": [self.points(side) for side in SIDES],
                f"loss at the budget ({self.loss_unit})": [self.final(side) for side in SIDES],
                **({} if np.isnan(spreads).all() else {"standard deviation over runs": spreads}),
            },
            index=pd.Index(SIDES, name="model"),
        )

    def gaps_table(self) -> pd.DataFrame:
        """The gap and its interval, between the means and, where seeds are shared, within seeds."""
        rows = {"between the means": self.gap}
        origin = [self.spread_from]
        if self.seed_gaps.size > 1:
            rows["within seeds"] = gap_by_seed(self.seed_gaps, unit=self.loss_unit)
            origin.append("seeds")
        return pd.DataFrame(
            {name: [getattr(gap, name) for gap in rows.values()] for name in ("value", "low", "high", "unit")}
            | {"spread": origin},
            index=pd.Index(rows, name="gap"),
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
        Standard deviation of the loss between seeds, for the interval where each model has one run only;
        NaN if not known.

    Returns
    -------
    Pair
        The interval of the gap is that of `gap_of_means`.

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
    parts, ends, tokens, losses = [], {}, {}, {}
    for side, rows in chosen.items():
        cut = [_up_to(run, budget) for _, run in rows.groupby("run_id", sort=False)]
        parts.append(pd.concat(cut).assign(side=side))
        ends[side] = pd.concat([run.iloc[-1:] for run in cut])
        losses[side] = ends[side]["loss"].to_numpy()
        tokens[side] = float(ends[side]["tokens"].mean())
    unit = runs.conventions.loss_unit
    gap = gap_of_means(losses["larger"], losses["smaller"], assumed=seed_spread, unit=unit)
    return Pair(
        flops=budget,
        curves=pd.concat(parts, ignore_index=True),
        params=params,
        tokens=tokens,
        losses=losses,
        gap=gap.value,
        seed_gaps=_seed_gaps(ends),
        spread=gap.spread,
        spread_from=gap.spread_from,
        loss_unit=unit,
    )


def _runs_of(runs: RunTable, beginning: str, size: float) -> pd.DataFrame:
    frame = runs.frame
    mine = frame["run_id"].str.startswith(beginning) if beginning else frame["params"] == size
    rows = frame[mine & (frame.groupby("run_id")["flops"].transform("nunique") >= 2)]
    named = f"whose name begins with '{clip(beginning, 60)}'" if beginning else f"of {size:.3g} params"
    if rows.empty:
        raise DataError(f"no run {named} has two points, so there is no training curve", file=runs.source)
    if rows["params"].min() < rows["params"].max():
        raise DataError(f"the runs {named} differ in size", file=runs.source, remedy="Name one model.")
    kept = ["run_id", "params", "tokens", "flops", "loss", *(["seed"] if "seed" in rows else [])]
    return rows[kept].sort_values("flops", kind="stable")


def _up_to(run: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The points of a run below the budget, and one at it: ln loss and ln tokens linear in ln C.

    The end of a run that falls short of the budget (see `SHORT`) is moved there.
    """
    log_c = np.log(run["flops"].to_numpy())
    at_budget = {
        name: math.exp(float(np.interp(math.log(budget), log_c, np.log(run[name].to_numpy()))))
        for name in ("tokens", "loss")
    }
    last = run.iloc[-1:].assign(flops=budget, **at_budget)
    before = run["flops"] < min(budget, float(run["flops"].iloc[-1]))
    return pd.concat([run[before], last])


def _seed_gaps(ends: dict[str, pd.DataFrame]) -> FloatArray:
    """Loss of the larger less that of the smaller, by seed."""
    if not all("seed" in rows for rows in ends.values()):
        return np.empty(0)
    larger, smaller = (
        rows.dropna(subset=["seed"]).drop_duplicates("seed", keep=False).set_index("seed")["loss"]
        for rows in ends.values()
    )
    return (larger - smaller).dropna().to_numpy()
