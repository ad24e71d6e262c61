"""IsoFLOP sweeps to train: budgets, sizes around the best ones of a prior law, tokens and cost."""

from __future__ import annotations

import math
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.allocation.rule import Source, as_rule
from scaling_utils.allocation.shape import ModelShape
from scaling_utils.allocation.sweep_shapes import nearest_transformer
from scaling_utils.conventions import Conventions, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.laws import HoffmannLaw
from scaling_utils.laws.forms import MAX_EXPONENT

MOST_RUNS = 10_000


@dataclass(frozen=True)
class Prior:
    """The law that a sweep is planned by, and that its losses are simulated from.

    Parameters
    ----------
    name
        Id of the published law, or method and source of the fit.
    law
        Its numbers.
    conventions
        How it counts parameters, and its unit of loss; compute is 6 N D in its own count.
    status
        Status of the fit, or of the reading of a published law.
    note
        What a reader should know.
    """

    name: str
    law: HoffmannLaw
    conventions: Conventions
    status: str
    note: str = ""

    @classmethod
    def of(cls, source: Source) -> Prior:
        """The prior of a published law or of a fit.

        Raises
        ------
        DataError
            If it has no loss in params and tokens, or its numbers leave no best size.

        Examples
        --------
        >>> from scaling_utils.laws import published_law
        >>> round(Prior.of(published_law("besiroglu2024")).law.a, 3)
        0.513
        """
        rule = as_rule(source)
        remedy = "Plan by a published law of the loss, such as besiroglu2024, or by a fit of approach3."
        if rule.theta is None:
            raise DataError(f"{rule.name} says nothing about the loss", remedy=remedy)
        law = HoffmannLaw(*map(float, rule.theta[:, 0]))
        usable = all(map(math.isfinite, astuple(law))) and min(law.E, law.A, law.B) > 0
        if not (usable and min(law.alpha, law.beta) > 0 and max(law.alpha, law.beta) < MAX_EXPONENT):
            raise DataError(f"{rule.name} ({rule.status}) leaves no best size to plan by", remedy=remedy)
        return cls(rule.name, law, replace(rule.conventions, flop_rule="6ND"), rule.status, rule.note)


@dataclass(frozen=True)
class PlannedRun:
    """One run to train.

    Parameters
    ----------
    run_id
        Its name.
    budget
        Compute of its slice (FLOPs), which is 6 N D.
    params, tokens
        N and D.
    layers, width
        Of a transformer of that size; None where sizes were not rounded to one.
    """

    run_id: str
    budget: float
    params: float
    tokens: float
    layers: int | None = None
    width: int | None = None


@dataclass(frozen=True)
class Sweep:
    """Runs to train: slices of equal compute, sizes around the best one by a prior law.

    Parameters
    ----------
    prior
        The law.
    runs
        Smallest budget first, in each the smallest size first.
    reach
        Largest ratio of a size to the middle of its slice.
    """

    prior: Prior
    runs: tuple[PlannedRun, ...]
    reach: float

    @property
    def flops(self) -> float:
        """Compute of all runs (FLOPs)."""
        return math.fsum(run.budget for run in self.runs)

    @property
    def budgets(self) -> list[float]:
        """Budgets of the slices (FLOPs), smallest first."""
        return sorted({run.budget for run in self.runs})

    def frame(self) -> pd.DataFrame:
        """One row per run: `run_id`, `budget`, `params`, `tokens`, `flops`, and an empty `loss` to fill in.

        With `layers` and `width` where sizes are those of transformers.
        """
        frame = pd.DataFrame(map(asdict, self.runs))
        frame.insert(4, "flops", frame["budget"])
        frame.insert(5, "loss", "")
        return frame.dropna(axis="columns", how="all")

    def table(self) -> pd.DataFrame:
        """One row per slice: cost, sizes and tokens, for reading."""
        slices = self.frame().groupby("budget")
        return pd.DataFrame(
            {
                "runs": slices.size(),
                "cost (FLOPs)": slices["flops"].sum(),
                "smallest N": slices["params"].min(),
                "best N by the prior": [float(self.prior.law.params_opt(c)) for c in slices.groups],
                "largest N": slices["params"].max(),
                "most tokens": slices["tokens"].max(),
                "fewest tokens": slices["tokens"].min(),
            }
        ).reset_index(names="budget (FLOPs)")

    def as_dict(self) -> dict[str, Any]:
        """The sweep as plain values for JSON."""
        return {**asdict(self), "flops": self.flops}


def plan_sweep(
    prior: Prior,
    *,
    flops: float,
    budgets: int = 4,
    sizes: int = 7,
    span: float = 100.0,
    reach: float = 4.0,
    centre: float = 1.0,
    shape: ModelShape | None = None,
) -> Sweep:
    """Lay out slices whose runs cost so much together.

    Parameters
    ----------
    prior
        The law whose best sizes the slices lie around.
    flops
        Compute of all runs together (FLOPs).
    budgets, sizes
        Slices, and sizes in each, both evenly spaced in logarithms.
    span
        Largest budget over the smallest.
    reach
        Largest ratio of a size to the middle of its slice.
    centre
        The middle of a slice over the best size by the prior.
    shape
        Round sizes to transformers of whole layers, and widths in whole heads, near this shape.

    Returns
    -------
    Sweep
        Every run of a slice costs the same, so all `sizes` runs of budget C cost `sizes` C.

    Raises
    ------
    DataError
        If a number is out of range, or two sizes of a slice round to one transformer.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> sweep = plan_sweep(Prior.of(published_law("besiroglu2024")), flops=1e21)
    >>> len(sweep.runs), f"{sweep.flops:.3g}", [f"{budget:.2g}" for budget in sweep.budgets]
    (28, '1e+21', ['1.1e+18', '5.2e+18', '2.4e+19', '1.1e+20'])
    """
    for name, number in (("flops", flops), ("span", span), ("reach", reach), ("centre", centre)):
        least = 1.0 if name in ("span", "reach") else 0.0
        if not (math.isfinite(number) and number > least):
            raise DataError(f"{name} is {number:g}, but it must be finite and exceed {least:g}")
    if budgets < 1 or sizes < 2 or budgets * sizes > MOST_RUNS:
        raise DataError(f"{budgets} budgets of {sizes} sizes are no sweep of up to {MOST_RUNS:,} runs")
    relative = np.geomspace(1 / span, 1.0, budgets) if budgets > 1 else np.ones(1)
    runs: list[PlannedRun] = []
    for i, budget in enumerate(relative * (flops / (sizes * relative.sum()))):
        middle = centre * float(prior.law.params_opt(budget))
        slice_ = [
            _run(f"budget{i + 1}-size{j + 1}", float(budget), float(middle * ratio), prior, shape)
            for j, ratio in enumerate(np.geomspace(1 / reach, reach, sizes))
        ]
        if len({run.params for run in slice_}) < sizes:
            raise DataError(
                f"at {budget:.3g} FLOPs two sizes round to one transformer",
                remedy="Spend more, ask for fewer sizes, or do without the rounding.",
            )
        runs += slice_
    return Sweep(prior, tuple(runs), reach)


def _run(run_id: str, budget: float, params: float, prior: Prior, shape: ModelShape | None) -> PlannedRun:
    if shape is None:
        return PlannedRun(run_id, budget, params, float(tokens_for(budget, params)))
    built = nearest_transformer(params, count=prior.conventions.param_count, shape=shape)
    tokens = float(tokens_for(budget, built.params))
    return PlannedRun(run_id, budget, built.params, tokens, built.layers, built.width)
