"""Training curves for Approach 1: simulated from a surface of the loss, and chosen by the shape of models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.laws import HoffmannLaw
from scaling_utils.runs.table import RunTable

SIZES = (75e6, 10e9, 40)
"""Smallest and largest simulated model (params), and how many: those of Hoffmann et al. 2022, Figure A5."""

FLOPS = (1e17, 1e22)
"""Budgets that the simulated curves reach: the horizontal axis of the same figure."""

START = 1e7
"""Tokens at the first simulated point, where the loss is about 6 nats."""

BEYOND = 8.0
"""A simulated run ends at so many times the budget for which its size is the best."""

POINTS = 120

WITHIN_RUN = 0.2
"""Noise from point to point of a run, as a share of the noise from run to run."""


def simulate_runs(
    law: HoffmannLaw,
    *,
    noise: float,
    seed: int,
    sizes: tuple[float, float, int] = SIZES,
    flops: tuple[float, float] = FLOPS,
    source: str = "simulated",
) -> RunTable:
    """Training curves that follow a surface of the loss but for noise of a stated size.

    Parameters
    ----------
    law
        The surface. Every point of a curve lies on it, as if the learning rate had been decayed there.
    noise
        Relative standard deviation of the loss from run to run: a whole curve lies above or below the
        surface. Along a curve each point moves by a fifth of it as well.
    seed
        Seed of the noise.
    sizes
        Smallest and largest model (params) and how many, evenly spaced in ln N.
    flops
        First and last budget (FLOPs). A run starts later where it would have seen fewer than 1e7 tokens,
        and ends earlier where it has had eight times the compute for which its size is the best.
    source
        Name for stamps and messages.

    Returns
    -------
    RunTable
        One run of 120 points per size.

    Raises
    ------
    DataError
        If `noise` is negative.

    Examples
    --------
    >>> law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> simulate_runs(law, noise=0.002, seed=0, sizes=(1e8, 1e9, 3))
    RunTable('simulated': 360 points of 3 runs; C by 6ND, N total, loss in nats/token)
    """
    if not noise >= 0:
        raise DataError(f"noise is {noise}, but it is a relative standard deviation, 0 or more")
    params = np.geomspace(*sizes)
    # N_opt = k C^a, so the budget at which N is the best is (N / k)^(1 / a)
    best_at = (params / float(law.params_opt(1.0))) ** (1 / law.a)
    first = np.maximum(flops[0], FLOPS_PER_PARAM_TOKEN * params * START)
    last = np.minimum(flops[1], BEYOND * best_at)
    curves = [
        pd.DataFrame({"run_id": f"{n:.3g}", "params": n, "flops": np.geomspace(low, high, POINTS)})
        for n, low, high in zip(params, first, last, strict=True)
        if low < high
    ]
    frame = pd.concat(curves, ignore_index=True).assign(loss=1.0)
    return on_law(
        RunTable.from_frame(frame, source=source), law, noise=noise, rng=np.random.default_rng(seed)
    )


def on_law(runs: RunTable, law: HoffmannLaw, *, noise: float, rng: np.random.Generator) -> RunTable:
    """The same runs with the losses of a law, but for noise as in `simulate_runs`.

    Parameters
    ----------
    runs
        Training curves with `params` and `tokens`.
    law, noise
        As for `simulate_runs`.
    rng
        Generator of the noise.

    Returns
    -------
    RunTable
    """
    frame = runs.frame
    run = pd.factorize(frame["run_id"])[0]
    moved = rng.standard_normal(run.max() + 1)[run] + WITHIN_RUN * rng.standard_normal(len(frame))
    loss = law.loss(frame["params"].to_numpy(), frame["tokens"].to_numpy()) * np.exp(noise * moved)
    return replace(runs, frame=frame.assign(loss=loss))


def law_frontier(law: HoffmannLaw, flops: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a law says of its own frontier: the best params and tokens, and the loss, at budgets (FLOPs).

    Examples
    --------
    >>> law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> params, tokens, loss = law_frontier(law, np.array([1e21]))
    >>> f"{params[0]:.3g} {tokens[0]:.3g} {loss[0]:.3f}"
    '1.82e+09 9.14e+10 2.329'
    """
    params = law.params_opt(flops)
    tokens = np.asarray(tokens_for(flops, params))
    return params, tokens, law.loss(params, tokens)


def within_shapes(runs: RunTable, *, min_ratio: float = 0.0, max_ratio: float = 0.0) -> RunTable:
    """The runs of models that are neither too thin nor too wide for their depth.

    Parameters
    ----------
    runs
        Runs with columns `width` and `depth`; without a bound the columns are not needed.
    min_ratio, max_ratio
        Least and largest width divided by depth; 0 for no bound.

    Returns
    -------
    RunTable

    Raises
    ------
    DataError
        If there is a bound but no such columns, or no run is left.

    Examples
    --------
    >>> frame = pd.DataFrame({"N": 1e8, "D": 1e9, "loss": 3.0, "width": [256, 512], "depth": [71, 12]})
    >>> len(within_shapes(RunTable.from_frame(frame, source="example"), min_ratio=8))
    1
    """
    if not (min_ratio or max_ratio):
        return runs
    missing = [name for name in ("width", "depth") if name not in runs.frame]
    if missing:
        raise DataError(
            f"models cannot be chosen by their shape: there is no column {' or '.join(missing)}",
            file=runs.source,
            remedy="Add the columns, or set min_ratio and max_ratio to 0.",
        )
    ratio = runs.frame["width"] / runs.frame["depth"]
    kept = runs.subset(ratio.between(min_ratio, max_ratio or np.inf).to_numpy())
    if not len(kept):
        raise DataError(
            f"no model has a width from {min_ratio:g} to {max_ratio or np.inf:g} times its depth; they have "
            f"from {ratio.min():.3g} to {ratio.max():.3g} times",
            file=runs.source,
            remedy="Widen min_ratio and max_ratio.",
        )
    return kept
