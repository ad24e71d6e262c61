"""Training curves simulated from Kaplan's law."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KaplanLaw
from scaling_utils.runs.table import RunTable

SIZES = (1e4, 2e9, 32)
"""Smallest and largest simulated model (params), and how many: the range of Kaplan et al. 2020, figure 11."""

STEPS = (1e3, 2.5e5, 25)
"""First and last simulated point of a run (steps), and how many points; they trained for 250,000 steps."""


def simulate_curves(
    law: KaplanLaw,
    *,
    noise: float,
    seed: int,
    batch: float = KAPLAN_BATCH_TOKENS,
    sizes: tuple[float, float, int] = SIZES,
    steps: tuple[float, float, int] = STEPS,
    source: str = "simulated",
) -> RunTable:
    """Training curves that follow a law but for noise of a stated size.

    Parameters
    ----------
    law
        The law of training curves.
    noise
        Relative standard deviation of the loss between runs, as between seeds: a whole run lies above or
        below the law. Along a run each point moves by a fifth of it as well.
    seed
        Seed of the noise.
    batch
        Batch B (tokens).
    sizes, steps
        First, last and number of model sizes (non-embedding params) and of points along a run (steps),
        both evenly spaced in logarithms.
    source
        Name for stamps and messages.

    Returns
    -------
    RunTable
        One run per size.

    Raises
    ------
    DataError
        If `noise` is negative or `batch` not positive.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> law = KaplanLaw(**published_law("kaplan2020-ns").values)
    >>> simulate_curves(law, noise=0.005, seed=0, sizes=(1e6, 1e9, 4))
    RunTable('simulated': 100 points of 4 runs; C by 6ND, N non-embedding, loss in nats/token)
    """
    if not (noise >= 0 and batch > 0):
        raise DataError(f"noise is {noise} and batch {batch}; noise is 0 or more, a batch more than 0")
    rng = np.random.default_rng(seed)
    taken = np.geomspace(*steps)
    rows = []
    for params in np.geomspace(*sizes):
        moved = noise * rng.standard_normal() + noise / 5 * rng.standard_normal(len(taken))
        loss = law.loss(params, taken, batch=batch) * np.exp(moved)
        rows.append(
            pd.DataFrame(
                {
                    "run_id": f"{params:.3g}",
                    "params": params,
                    "step": taken,
                    "tokens": taken * batch,
                    "loss": loss,
                }
            )
        )
    counted = Conventions(param_count="non-embedding")
    return RunTable.from_frame(pd.concat(rows, ignore_index=True), conventions=counted, source=source)
