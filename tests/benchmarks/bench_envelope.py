"""Approach 1 against plain loops, side by side: `python tests/benchmarks/bench_envelope.py`.

400 curves of 5,000 points at 1,500 budgets, then 4,000 resamples over the runs. Times are the best of
several interleaved rounds; the ratios are what to look at. Loops over resamples are timed on a few and
scaled up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from scaling_utils.fitting.envelope import Curves, Frontier, fit_envelope
from scaling_utils.laws import HoffmannLaw
from scaling_utils.runs.table import RunTable

SIZES, LENGTHS, POINTS, BUDGETS, RESAMPLES, LOOPED = 100, 4, 5000, 1500, 4000, 20


def planted() -> tuple[Curves, np.ndarray]:
    """Curves of Hoffmann's law with noise: each size trained for four lengths spanning a factor of 16."""
    law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    params = np.repeat(np.geomspace(7e7, 1.6e10, SIZES), LENGTHS)
    tokens = 5 * params * np.tile(np.geomspace(1, 16, LENGTHS), SIZES)
    tokens = tokens[:, None] * np.arange(1, POINTS + 1) / POINTS
    loss = law.loss(params[:, None], tokens)
    loss *= np.exp(0.01 * np.random.default_rng(0).normal(size=loss.shape))
    names = np.array([f"run {i}" for i in range(len(params))], dtype=object)
    starts = np.arange(len(params) + 1) * POINTS
    flops = 6 * params[:, None] * tokens
    curves = Curves(names, params, 1 / (6 * params), starts, flops.ravel(), np.log(loss.ravel()))
    return curves, np.geomspace(1e18, 1e22, BUDGETS)


def looped_envelope(curves: Curves, budgets: np.ndarray) -> np.ndarray:
    """The envelope as it is usually written: scipy per curve."""
    from scipy.interpolate import interp1d
    from scipy.ndimage import gaussian_filter1d

    rows = []
    for start, end in zip(curves.starts[:-1], curves.starts[1:], strict=True):
        loss = gaussian_filter1d(np.exp(curves.log_loss[start:end]), 2.5)
        curve = interp1d(np.log(curves.flops[start:end]), loss, bounds_error=False, fill_value=np.inf)
        rows.append(curve(np.log(budgets)))
    return np.argmin(rows, axis=0)


def looped_resamples(frontier: Frontier, count: int) -> np.ndarray:
    """The exponent of each resample, one after the other."""
    rng, x = np.random.default_rng(0), np.log(frontier.budgets)
    found = []
    for _ in range(count):
        drawn = np.unique(rng.integers(0, len(frontier.log_params), len(frontier.log_params)))
        log_loss, size = frontier.log_loss[:, drawn], frontier.log_params[drawn]
        covered = np.isfinite(log_loss)
        best = size[log_loss.argmin(axis=1)]
        smallest = np.where(covered, size, np.inf).min(axis=1)
        largest = np.where(covered, size, -np.inf).max(axis=1)
        kept = (smallest < best) & (best < largest)
        found.append(np.polyfit(x[kept], best[kept], 1)[0])
    return np.array(found)


def best_times(rounds: int, **jobs: Callable[[], object]) -> dict[str, float]:
    """Seconds of each job, the best of interleaved rounds."""
    best = dict.fromkeys(jobs, np.inf)
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> None:
    """Print the table."""
    curves, budgets = planted()
    frontier = Frontier.of(curves.smoothed(10), budgets)
    thirds = np.arange(frontier.interior.sum()) * 3 // frontier.interior.sum()
    run = np.repeat(np.arange(len(curves.params)), POINTS)
    frame = pd.DataFrame(
        {
            "run_id": curves.run_id[run],
            "params": curves.params[run],
            "flops": curves.flops,
            "loss": np.exp(curves.log_loss),
        }
    )
    table = RunTable.from_frame(frame, source="planted")
    times = best_times(
        5,
        envelope=lambda: Frontier.of(curves.smoothed(10), budgets),
        loop=lambda: looped_envelope(curves, budgets),
        resamples=lambda: frontier.resampled_lines(thirds, RESAMPLES, np.random.default_rng(0)),
        loop_resamples=lambda: looped_resamples(frontier, LOOPED),
        whole=lambda: fit_envelope(table, flops_range=(1e18, 1e22), resamples=RESAMPLES),
        read=lambda: Curves.from_runs(table),
    )
    scaled = times["loop_resamples"] * RESAMPLES / LOOPED
    ratio, ratio_resamples = times["loop"] / times["envelope"], scaled / times["resamples"]
    sys.stdout.write(
        f"envelope, 400 x 5,000 points {times['envelope'] * 1e3:9.1f} ms\n"
        f"  scipy per curve            {times['loop'] * 1e3:9.1f} ms {ratio:7.1f} x\n"
        f"4,000 resamples over runs    {times['resamples'] * 1e3:9.1f} ms\n"
        f"  one after the other        {scaled * 1e3:9.1f} ms {ratio_resamples:7.1f} x\n"
        f"fit_envelope on 2e6 rows     {times['whole'] * 1e3:9.1f} ms"
        f" (of it grouping the rows {times['read'] * 1e3:.1f} ms)\n"
    )


if __name__ == "__main__":
    main()
